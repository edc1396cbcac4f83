import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { open, utf8 } from "@hashlog/engine";
import { crashKey, crashNumber, crashValue } from "./crash-records.ts";
import type { SeededRandom } from "./random.ts";

/** Beside this module, and with the same ending: compiled it is another. */
const WRITER = fileURLToPath(import.meta.url.replace(/crash(\.\w+)$/, "crash-writer$1"));

const ROUNDS = 3;
const ACKNOWLEDGED_LEAST = 200;
const ACKNOWLEDGED_MOST = 1500;

/** Kills a writing process again and again. What it was told is stored has to be there, every time. */
export async function crash(directory: string, random: SeededRandom): Promise<string[]> {
  console.log(`\nKilling a process (SIGKILL) while it writes, ${ROUNDS} times`);
  const failures: string[] = [];
  const acknowledged: number[] = [];
  let next = 1;
  for (let round = 1; round <= ROUNDS; round++) {
    const killAfter = ACKNOWLEDGED_LEAST + random.below(ACKNOWLEDGED_MOST - ACKNOWLEDGED_LEAST);
    const told = await writeUntilKilled(directory, next, killAfter);
    acknowledged.push(...told);
    const found = await checkAfterCrash(directory, acknowledged, failures);
    console.log(`  round ${round}: ${told.length} writes acknowledged, then killed; ${found} records are there in all`);
    next = found + 1;
  }
  console.log(`  ${acknowledged.length} acknowledged in all, ${failures.length} wrong`);
  return failures;
}

/** Starts the writer and kills it once it has acknowledged that many. Resolves to the numbers that it acknowledged. */
async function writeUntilKilled(directory: string, first: number, killAfter: number): Promise<number[]> {
  const writer = fork(WRITER, [directory, String(first)]);
  const told: number[] = [];
  writer.on("message", (number) => {
    told.push(Number(number));
    if (told.length === killAfter) writer.kill("SIGKILL");
  });
  await once(writer, "exit");
  if (told.length < killAfter) throw new Error("the writing process ended before it was killed; see its error above");
  return told;
}

/**
 * The writer numbered its records in the order of its puts. So the store holds the first so many of them, without a hole,
 * each with its value, and at least as many as were acknowledged. Returns how many.
 */
async function checkAfterCrash(
  directory: string,
  acknowledged: readonly number[],
  failures: string[],
): Promise<number> {
  const store = await open(directory, { values: utf8 });
  const found = store.stats().keys;
  for await (const [key, value] of store.entries()) {
    const number = crashNumber(key);
    if (!(number >= 1 && number <= found)) failures.push(`${key} is there although one before it is not`);
    if (value !== crashValue(number)) failures.push(`${key} has a value that was never written`);
  }
  for (const number of acknowledged) {
    if (!store.has(crashKey(number))) failures.push(`${crashKey(number)} was acknowledged and is lost`);
  }
  await store.close();
  return found;
}
