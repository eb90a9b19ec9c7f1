export const up = (): string => "created";
