export const up = (): string => "altered";
