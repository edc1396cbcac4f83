/** Reading what may be a case: each function says what is wrong with a value that is not as it should be. */

/** An object. @throws TypeError */
export function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new TypeError(`${what} is an object, not ${JSON.stringify(value)}`);
}

/** None but these fields. @throws TypeError */
export function known(given: Record<string, unknown>, names: readonly string[]): void {
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new TypeError(`there is no field ${unknown}, but ${names.join(", ")}`);
}

/** A list. @throws TypeError */
export function list(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  throw new TypeError(`${what}: a list is needed, not ${JSON.stringify(value)}`);
}

/** An integer. @throws TypeError */
export function integer(value: unknown, what: string): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw new TypeError(`${what} is an integer, not ${JSON.stringify(value)}`);
}

/** An integer that is not negative. @throws TypeError */
export function natural(value: unknown, what: string): number {
  if (integer(value, what) >= 0) return value as number;
  throw new TypeError(`${what} is not negative, as ${JSON.stringify(value)} is`);
}

/** One of the choices. @throws TypeError */
export function oneOf<T>(value: unknown, what: string, choices: readonly T[]): T {
  if (choices.includes(value as T)) return value as T;
  throw new TypeError(`${what} is one of ${JSON.stringify(choices)}, not ${JSON.stringify(value)}`);
}

/** A field that need not be there. @throws TypeError */
export function optional<K extends string, T>(
  given: Record<string, unknown>,
  name: K,
  read: (value: unknown) => T,
): { readonly [name in K]?: T } {
  return given[name] === undefined ? {} : ({ [name]: read(given[name]) } as { readonly [name in K]?: T });
}
