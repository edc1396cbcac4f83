/** A value's type in words, for messages: `null`, `a number`, `an object (Array)`. Asks nothing of it that could fail. */
export function describeType(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "undefined";
  if (typeof value === "object") return `an object (${nameOfClass(value)})`;
  return `a ${typeof value}`;
}

/** It need not be one: JSON has objects whose `constructor` is whatever somebody has written there, and a proxy may throw. */
function nameOfClass(value: object): string {
  try {
    const name: unknown = value.constructor?.name;
    if (name === undefined || name === null) return "without a prototype";
    if (typeof name === "string" && NAME.test(name)) return name;
  } catch {
    // No more can be said of it.
  }
  return "without a name";
}

const NAME = /^[\p{ID_Continue}$]{1,60}$/u;
