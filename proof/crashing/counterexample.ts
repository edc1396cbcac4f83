import type { Crash, CrashCase } from "../cases/case.ts";
import { PropertyViolation } from "../properties/property.ts";

/** A case in which a property does not hold, and what was seen. */
export class Counterexample extends Error {
  override readonly name = "Counterexample";
  readonly case: CrashCase;
  readonly violation: PropertyViolation;

  constructor(given: CrashCase, violation: PropertyViolation) {
    super(`${violation.message}\nin the case ${JSON.stringify(given)}`, { cause: violation });
    this.case = given;
    this.violation = violation;
  }
}

/** Does the work; a violation in it becomes a counterexample of that case with these crashes. */
export async function accusing<T>(given: CrashCase, crashes: readonly Crash[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PropertyViolation)) throw error;
    throw new Counterexample(crashes.length === 0 ? given : { ...given, crashes }, error);
  }
}
