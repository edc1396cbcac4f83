/**
 * A store filled with something that every machine has: what lies on its disk. Each step checks what the one before it
 * did, against the disk itself; the last one kills a process in the middle of writing.
 *
 *     npm start                       in a folder that is removed at the end
 *     npm start -- --keep             leaves the store there to be looked at
 *     npm start -- --seed 7           makes the same random choices again
 *     npm start -- --seconds 5        reads files for 5 seconds at most (default 15)
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json, open } from "@hashlog/engine";
import { change } from "./change.ts";
import { checkAgainstDisk, checkEverything } from "./check.ts";
import { crash } from "./crash.ts";
import type { FileFacts } from "./file-facts.ts";
import { fill } from "./fill.ts";
import { readOptions } from "./options.ts";
import { printSummary } from "./print.ts";
import { SeededRandom } from "./random.ts";

const options = readOptions();
const random = new SeededRandom(options.seed);
const directory = await mkdtemp(join(tmpdir(), "hashlog-quickstart-"));
console.log(`Hashlog quickstart: a store in ${directory} (seed ${options.seed})`);

try {
  // What ought to be in the store, kept beside it: every step is held against it.
  const expected = new Map<string, FileFacts>();
  const failures: string[] = [];

  const files = await open(join(directory, "files"), { values: json<FileFacts>() });
  await fill(files, expected, options.seconds * 1000);
  if (expected.size === 0) failures.push("not a single file could be stored");
  failures.push(...(await checkAgainstDisk(files, expected, random)));
  await change(files, expected, random);
  const before = files.stats();

  console.log("\nCompacting: what was overwritten or deleted goes");
  const report = await files.compact();
  console.log(`  ${report.recordsKept} records copied, ${report.recordsDropped} dropped`);
  const after = files.stats();
  await files.close();

  console.log("\nOpening it again and reading everything");
  const reopened = await open(join(directory, "files"), { values: json<FileFacts>() });
  failures.push(...(await checkEverything(reopened, expected)));
  console.log(`  the index came from the ${reopened.stats().open.road}`);
  await reopened.close();

  failures.push(...(await crash(join(directory, "crash"), random)));

  printSummary(before, after);
  for (const failure of failures.slice(0, 20)) console.error(`WRONG: ${failure}`);
  console.log(failures.length === 0 ? "\nEverything was as it should be." : `\nWrong: ${failures.length}.`);
  process.exitCode = failures.length === 0 ? 0 : 1;
} finally {
  if (options.keep) console.log(`The store is kept in ${directory}`);
  else await rm(directory, { recursive: true, force: true });
}
