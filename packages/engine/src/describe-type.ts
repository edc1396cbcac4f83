/** A value's type in words, for messages: `null`, `a number`, `an object (Array)`. */
export function describeType(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "undefined";
  if (typeof value === "object") return `an object (${value.constructor?.name ?? "without a prototype"})`;
  return `a ${typeof value}`;
}
