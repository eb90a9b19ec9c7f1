// Names that a bundler's helpers might have, too.
export function process(value: string): string {
  return `processed ${value}`;
}
export const require = (value: string): string => `required ${value}`;
export const module = "module";
