/**
 * What the runner starts in a copy of the repository that has a bug planted in it: goes through the cases of the short
 * campaign until one breaks a property, makes that one small, and writes down what it was (`Verdict`).
 *
 *     node --conditions=@hashlog/source proof/mutants/judge.ts VERDICT_FILE SECONDS
 *
 * The time is the processor's, so that a machine that does other things as well gives the same verdict.
 */
import { writeFileSync } from "node:fs";
import { Counterexample } from "../crashing/counterexample.ts";
import { SeenImages } from "../crashing/seen-images.ts";
import { shrink } from "../crashing/shrink.ts";
import { FaultCounterexample, shrinkFaultCase } from "../faults/explore-fault-case.ts";
import { agenda } from "./agenda.ts";
import type { Verdict } from "./verdict.ts";

/** How long a counterexample may be made smaller. */
const SHRINK_MS = 30_000;

const [path, budget] = process.argv.slice(2);
writeFileSync(path!, JSON.stringify(await judge(Number(budget))));

async function judge(seconds: number): Promise<Verdict> {
  const seen = new SeenImages();
  let cases = 0;
  for (const task of agenda()) {
    if (processorSeconds() >= seconds) break;
    cases += 1;
    try {
      await task.run(seen);
    } catch (error) {
      const how = { part: task.part, seconds: processorSeconds(), cases };
      if (error instanceof Counterexample) return caught(error, how);
      if (error instanceof FaultCounterexample) return caughtByFailures(error, how);
      throw error;
    }
  }
  return { caught: false, seconds: processorSeconds(), cases };
}

/** Where a bug was found, and after how long. */
interface Finding {
  readonly part: string;
  readonly seconds: number;
  readonly cases: number;
}

async function caught(found: Counterexample, how: Finding): Promise<Verdict> {
  const { case: given, violation } = await shrink(found, { milliseconds: SHRINK_MS });
  return {
    caught: true,
    ...how,
    property: found.violation.property.id,
    operations: given.operations.length,
    crashes: given.crashes?.length ?? 0,
    message: violation.message,
    counterexample: given,
  };
}

async function caughtByFailures(found: FaultCounterexample, how: Finding): Promise<Verdict> {
  const { case: given, violation } = await shrinkFaultCase(found, { milliseconds: SHRINK_MS });
  return {
    caught: true,
    ...how,
    property: found.violation.property.id,
    operations: given.operations.length,
    crashes: violation.message.includes('after {"ordinal"') ? 1 : 0,
    message: violation.message,
    counterexample: given,
  };
}

function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
