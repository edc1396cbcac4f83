/**
 * A property: what is promised, why that matters, and, in the same file below it, the functions that check it.
 *
 * Each chapter of this folder is one property, and is read in that order. A check that finds it broken throws a
 * `PropertyViolation`, so that whatever ran the check (a random case, an exhaustive one, a replayed one, a damaged
 * byte, a failing call) says which promise fell, not only what was seen.
 */
export interface Property {
  /** Its number in the book: `P1` to `P25`. */
  readonly id: string;
  readonly title: string;
  /** What holds, always, in words that a user of the store understands. */
  readonly statement: string;
  /** What goes wrong for somebody where it does not hold, and who it has gone wrong for before. */
  readonly why: string;
}

/** A promise that was not kept. */
export class PropertyViolation extends Error {
  override readonly name = "PropertyViolation";
  readonly property: Property;

  constructor(property: Property, seen: string, options?: ErrorOptions) {
    super(`${property.id} ${property.title}: ${seen}`, options);
    this.property = property;
  }
}

/** @throws PropertyViolation always: the property does not hold, as `seen` tells */
export function violated(property: Property, seen: string, options?: ErrorOptions): never {
  throw new PropertyViolation(property, seen, options);
}

/** The violation that an error is, or that it was caused by, where the check that threw it was called by the store. */
export function violationIn(error: unknown): PropertyViolation | undefined {
  for (let one = error; one instanceof Error; one = one.cause) if (one instanceof PropertyViolation) return one;
  return undefined;
}
