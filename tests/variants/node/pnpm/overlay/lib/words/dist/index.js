import ms from "ms";

export const words = `copied, ${ms(1000)}`;
