import ms from "ms";

export const greet = (name: string): string => `hi ${name}, see you in ${ms(60_000)}`;
