import { type FormatError, invalidArgument } from "./errors.ts";

/**
 * A field of a structure that breaks a rule, and the rule. The rules of a structure are stated once and checked on both
 * sides: on writing a flaw is the caller's mistake, on reading it is damage.
 */
export interface Flaw {
  readonly field: string;
  readonly rule: string;
}

/** A flaw unless the rule holds. */
export function unless(holds: boolean, field: string, rule: string): Flaw | undefined {
  return holds ? undefined : { field, rule };
}

/** A flaw unless `value` is an integer in `[lowest, highest]`. */
export function unlessInteger(field: string, value: number, lowest: number, highest: number): Flaw | undefined {
  const inside = Number.isInteger(value) && value >= lowest && value <= highest;
  return unless(inside, field, `must be an integer from ${lowest} to ${highest}`);
}

/** A flaw unless `value` is in `[0, 2^bits)`. */
export function unlessBits(field: string, value: bigint, bits: bigint): Flaw | undefined {
  // Shifted, what is negative stays so.
  return unless(value >> bits === 0n, field, `must be in [0, 2^${bits})`);
}

/** The flaw as an error to throw. */
export function flawError(flaw: Flaw): FormatError {
  return invalidArgument(flaw.field, flaw.rule);
}
