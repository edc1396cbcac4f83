import { describeType } from "./describe-type.ts";
import { invalidArgument, type HashlogError } from "./errors.ts";

/** What an option must be, in words, if the value is not that. */
export type Check = (value: unknown) => string | undefined;

/**
 * Refuses what is not an options object, unknown names, and values of the wrong kind; `undefined` counts as left out.
 * @throws HashlogError `HASHLOG_INVALID_ARGUMENT`
 */
export function checkOptions(given: unknown, checks: Readonly<Record<string, Check>>, of: string): void {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw invalidArgument(`the options of ${of} are ${describeType(given)}, not an object`);
  }
  // Of every write: by name and without arrays of pairs, which would take longer than the write.
  for (const name in given) {
    if (Object.hasOwn(given, name) && !Object.hasOwn(checks, name)) throw unknownOption(name, checks, of);
  }
  // What is inherited, or given by an accessor, is used as well.
  for (const name in checks) checkOption(name, (given as Record<string, unknown>)[name], checks, of);
}

function checkOption(name: string, value: unknown, checks: Readonly<Record<string, Check>>, of: string): void {
  const expected = value === undefined ? undefined : checks[name]!(value);
  if (expected === undefined) return;
  throw invalidArgument(`the option "${name}" of ${of} must be ${expected}`, { expected, actual: value });
}

/** To be thrown for an option that there is not. */
export function unknownOption(name: string, checks: Readonly<Record<string, Check>>, of: string): HashlogError {
  return invalidArgument(`${of} has no option "${name}"; it has ${Object.keys(checks).join(", ")}`);
}

/** A check that the value is of a type, by `typeof`. */
export function ofType(name: "boolean" | "function"): Check {
  return (value) => (typeof value === name ? undefined : `a ${name}`);
}

/** A check that the value is a signal that cancels something. */
export const abortSignal: Check = (value) => (value instanceof AbortSignal ? undefined : "an AbortSignal");

/** A check that the value has methods of these names. */
export function methods(...names: string[]): Check {
  return (value) =>
    typeof value === "object" &&
    value !== null &&
    names.every((name) => typeof (value as Record<string, unknown>)[name] === "function")
      ? undefined
      : `an object with ${names.join(", ")}`;
}

/**
 * Refuses what is no path of a directory.
 * @throws HashlogError `HASHLOG_INVALID_ARGUMENT`
 */
export function checkDirectory(directory: unknown): void {
  if (typeof directory === "string" && directory !== "") return;
  throw invalidArgument(
    `the directory is ${directory === "" ? "an empty string" : describeType(directory)}, not a path: give it as a string`,
  );
}
