/**
 * Prints the hash of the trace of each case that a seed leads to, for another process to compare with its own:
 *
 *     node --conditions=@hashlog/source proof/determinism/hash-cases.ts 7 20       the first 20 cases of seed 7
 */
import process from "node:process";
import { SeededRandom } from "@hashlog/fs-io/testing";
import { drawCase } from "../cases/draw-case.ts";
import { runCase } from "../cases/run-case.ts";
import { hashTrace } from "../properties/p19-determinism.ts";

const [seed, count] = process.argv.slice(2).map(Number) as [number, number];
const random = new SeededRandom(seed);
for (let index = 0; index < count; index += 1) {
  const { disk } = await runCase(drawCase(random));
  process.stdout.write(`${hashTrace(disk)}\n`);
}
