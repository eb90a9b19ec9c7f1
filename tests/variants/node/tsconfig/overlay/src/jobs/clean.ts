export const job = (): string => "done";
