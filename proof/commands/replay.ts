/**
 * `npm run proof:replay`: tells in words what happens in a case, step by step: which operations, where it crashes, what
 * survives, what may come back, and what does.
 *
 *     npm run proof:replay -- corpus/name.json      a case of the corpus, by its file
 *     npm run proof:replay -- '{"sync": ...}'       a case as a counterexample prints it
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { CrashCase } from "../cases/case.ts";
import { readCase } from "../cases/read-case.ts";
import { judgeCase } from "../crashing/judge-case.ts";
import { WAYS, type FaultCase } from "../faults/fault-case.ts";
import { FaultCounterexample, judgeFaultCase } from "../faults/explore-fault-case.ts";
import { PropertyViolation } from "../properties/property.ts";
import { SEGMENT_BYTES } from "../world/text-store.ts";

const [given] = process.argv.slice(2);
if (given === undefined) {
  console.error("usage: npm run proof:replay -- FILE or JSON");
  process.exitCode = 2;
} else {
  process.exitCode = await replay(given);
}

async function replay(source: string): Promise<number> {
  const one = load(source);
  try {
    await judge(one);
  } catch (error) {
    if (!(error instanceof PropertyViolation)) throw error;
    console.log(
      `\nVIOLATED ${error.message}\n\n${error.property.id}, ${error.property.title}: ${error.property.statement}`,
    );
    return 1;
  }
  console.log("\nEvery property holds.");
  return 0;
}

async function judge(one: CrashCase | FaultCase): Promise<void> {
  if (!("faults" in one)) {
    describeStore(one);
    return judgeCase(one, (line) => console.log(line));
  }
  console.log(`A life with failures; sync policy "${one.sync}". What it does: ${JSON.stringify(one.operations)}`);
  for (const [at, way, kept] of one.faults) {
    const { kind, failedSync } = WAYS[way % WAYS.length]!;
    const how = failedSync === undefined ? kind : `${kind}, the sync ${failedSync}`;
    const bytes = kept > 0 ? `, after ${kept} bytes` : "";
    console.log(
      `Of the calls of the file system that can fail so, number ${at} after the opening fails: ${how}${bytes}.`,
    );
  }
  try {
    await judgeFaultCase(one);
  } catch (error) {
    throw error instanceof FaultCounterexample ? error.violation : error;
  }
}

function load(source: string): CrashCase | FaultCase {
  const text = source.trimStart().startsWith("{") ? source : readFileSync(pathOf(source), "utf8");
  const json = JSON.parse(text) as { story?: string; case?: unknown };
  if (json.story !== undefined) console.log(`${json.story}\n`);
  const given = json.case ?? json;
  return typeof given === "object" && "faults" in given ? (given as FaultCase) : readCase(given);
}

/** As it is, or in the proof's folder. */
function pathOf(path: string): string {
  return path.startsWith("corpus/") ? fileURLToPath(new URL(`../${path}`, import.meta.url)) : path;
}

function describeStore({ sync, segments, keydir = "map", broken, fresh = false, schedule = [] }: CrashCase): void {
  const bytes = SEGMENT_BYTES[segments % SEGMENT_BYTES.length]!;
  const disk = fresh ? "on an empty disk" : "that is there already, and empty";
  console.log(`A store ${disk}; sync policy "${sync}"; segments of ${bytes} bytes; keydir "${keydir}".`);
  if (broken !== undefined) console.log(`The file system beneath it is broken: ${broken}.`);
  if (schedule.length > 0) console.log(`Calls of the file system return in the order that ${schedule.join()} chooses.`);
  console.log(" step  what");
}
