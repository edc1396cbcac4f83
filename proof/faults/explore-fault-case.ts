import * as fc from "fast-check";
import { mustBePossible } from "../properties/p14-forward-progress.ts";
import { PropertyViolation } from "../properties/property.ts";
import type { Narrator } from "../world/teller.ts";
import { shorten } from "../crashing/shorten.ts";
import { faultCase, type FaultCase } from "./fault-case.ts";
import { CALLS_OF_A_CASE, runFaultCase } from "./run-fault-case.ts";

/** A life with failures in which a property does not hold. */
export class FaultCounterexample extends Error {
  override readonly name = "FaultCounterexample";
  readonly case: FaultCase;
  readonly violation: PropertyViolation;

  constructor(given: FaultCase, violation: PropertyViolation) {
    super(`${violation.message}\nin the case ${JSON.stringify(given)}`, { cause: violation });
    this.case = given;
    this.violation = violation;
  }
}

/** How many crashes are derived of each life. */
const CRASHES = 4;

/** One life with failures, by chance. @throws FaultCounterexample */
export async function exploreFaultsByChance(seed: number): Promise<void> {
  const [given] = fc.sample(faultCase, { seed, numRuns: 1 });
  await judgeFaultCase(given!);
}

/**
 * The life as it is, and then with its first failure at every other call: the code has changed since, and with it the
 * calls, but the one that failed is among these, or one like it.
 * @throws FaultCounterexample
 */
export async function exploreFaultsNear(given: FaultCase): Promise<void> {
  await judgeFaultCase(given);
  const [first, ...rest] = given.faults;
  if (first === undefined) return;
  for (let at = 0; at < CALLS_OF_A_CASE; at += 1) {
    const [, way, kept] = first;
    const cameAbout = await judgeFaultCase({ ...given, faults: [[at, way, kept], ...rest] });
    if (cameAbout === 0) return;
  }
}

/** Returns how many of its failures came about. @throws FaultCounterexample */
export async function judgeFaultCase(given: FaultCase, narrate?: Narrator): Promise<number> {
  try {
    return await runFaultCase(given, CRASHES, narrate);
  } catch (error) {
    if (error instanceof PropertyViolation) throw new FaultCounterexample(given, error);
    throw new FaultCounterexample(given, violationOf(error));
  }
}

/** What went wrong and is no property's violation by name: something was not possible. */
function violationOf(error: unknown): PropertyViolation {
  try {
    return mustBePossible("a life with failures", error);
  } catch (violation) {
    return violation as PropertyViolation;
  }
}

/** As few operations and failures as still break something. */
export async function shrinkFaultCase(
  found: FaultCounterexample,
  { milliseconds }: { readonly milliseconds: number },
): Promise<FaultCounterexample> {
  const deadline = Date.now() + milliseconds;
  let smallest = found;
  const breaks = async (change: Partial<FaultCase>): Promise<boolean> => {
    if (Date.now() > deadline) return false;
    try {
      await judgeFaultCase({ ...smallest.case, ...change });
      return false;
    } catch (error) {
      if (!(error instanceof FaultCounterexample)) throw error;
      smallest = error;
      return true;
    }
  };
  await breaks({ schedule: [] });
  await shorten(smallest.case.operations, (operations) => breaks({ operations }));
  await shorten(smallest.case.faults, (faults) => breaks({ faults }));
  for (let seed = 0; seed < 8; seed += 1)
    await shorten(smallest.case.operations, (operations) => breaks({ operations, seed }));
  return smallest;
}
