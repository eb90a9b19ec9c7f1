export enum Unit { metre = "m" }
export const area = (side: number): string => `${side * side} ${Unit.metre}2`;
