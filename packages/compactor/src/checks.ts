import { invalidArgument } from "./errors.ts";

/** Checks of options. Each throws MergeError `MERGE_INVALID_ARGUMENT`. */

/** No option but the known ones. */
export function checkNames(options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null) throw invalidArgument("options must be an object");
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw invalidArgument(`there is no option ${name}`);
  }
}

/** A number from `lowest` to `highest`, both included; the default where it is `undefined`. */
export function numberIn(name: string, value: unknown, initial: number, lowest: number, highest: number): number {
  if (value === undefined) return initial;
  if (typeof value === "number" && value >= lowest && value <= highest) return value;
  throw invalidArgument(`${name} must be a number from ${lowest} to ${highest}`);
}

/** As `numberIn`, and an integer unless it is `Infinity`, where `highest` allows that. */
export function integerIn(name: string, value: unknown, initial: number, lowest: number, highest: number): number {
  const checked = numberIn(name, value, initial, lowest, highest);
  if (Number.isInteger(checked) || checked === Infinity) return checked;
  throw invalidArgument(`${name} must be an integer from ${lowest} to ${highest}`);
}

/** A number above `bound`, up to `highest`; the default where it is `undefined`. */
export function numberAbove(name: string, value: unknown, initial: number, bound: number, highest: number): number {
  if (value === undefined) return initial;
  if (typeof value === "number" && value > bound && value <= highest) return value;
  throw invalidArgument(`${name} must be a number above ${bound}, up to ${highest}`);
}
