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
import { judgeCase } from "../crashing/judge-case.ts";
import { WAYS } from "../faults/failures.ts";
import { isFaultCase, type FaultCase } from "../faults/fault-case.ts";
import { readEitherCase } from "../faults/read-fault-case.ts";
import { FaultCounterexample, judgeFaultCase } from "../faults/explore-fault-case.ts";
import { PropertyViolation } from "../properties/property.ts";
import { SEGMENT_BYTES } from "../world/text-store.ts";

const USAGE = `usage: npm run proof:replay -- FILE or 'JSON'

  FILE    a case of the corpus, such as corpus/tear-in-the-middle.json
  'JSON'  a case as a counterexample prints it; proof/README.md says what one looks like`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const [source] = args;
  if (source === "--help") {
    console.log(USAGE);
    return 0;
  }
  if (source === undefined || args.length > 1 || source.startsWith("--")) {
    console.error(USAGE);
    return 2;
  }
  let one: CrashCase | FaultCase;
  try {
    one = load(source);
  } catch (error) {
    console.error(`${source} is no case: ${(error as Error).message}`);
    return 2;
  }
  return replay(one);
}

async function replay(one: CrashCase | FaultCase): Promise<number> {
  try {
    await judge(one);
  } catch (error) {
    if (!(error instanceof PropertyViolation)) throw error;
    const { id, title, statement } = error.property;
    console.log(`\nVIOLATED ${error.message}\n\n${id}, ${title}: ${statement}`);
    return 1;
  }
  const isWithoutCrash = !isFaultCase(one) && (one.crashes ?? []).length === 0;
  console.log(`\nEvery property holds${isWithoutCrash ? " (no crash was tried)" : ""}.`);
  return 0;
}

async function judge(one: CrashCase | FaultCase): Promise<void> {
  if (!isFaultCase(one)) {
    describeStore(one);
    await judgeCase(one, (line) => console.log(line));
    if (one.crashes === undefined) {
      console.log("\nThe case names no crash. The proof crashes it at every step: npm run proof -- --parts corpus");
    }
    return;
  }
  console.log(`A life with failures; sync policy "${one.sync}"; segments of ${segmentBytesOf(one)} bytes.`);
  console.log('A value is told as "a=3*430": of the key a, what write 3 wrote, 430 characters.');
  for (const [at, way, kept] of one.faults) {
    const { kind, failedSync } = WAYS[way % WAYS.length]!;
    const how = failedSync === undefined ? kind : `${kind}, the sync ${failedSync}`;
    const bytes = kept > 0 ? `, after ${kept} bytes` : "";
    console.log(
      `Of the calls of the file system that can fail so, number ${at} after the opening fails: ${how}${bytes}.`,
    );
  }
  console.log(" step  what");
  try {
    await judgeFaultCase(one, (line) => console.log(line));
  } catch (error) {
    throw error instanceof FaultCounterexample ? error.violation : error;
  }
}

function load(source: string): CrashCase | FaultCase {
  const text = source.trimStart().startsWith("{") ? source : readFileSync(pathOf(source), "utf8");
  const json = JSON.parse(text) as { story?: string; case?: unknown } | null;
  if (json?.story !== undefined) console.log(`${json.story}\n`);
  return readEitherCase(json?.case ?? json);
}

/** As it is, or in the proof's folder. */
function pathOf(path: string): string {
  return path.startsWith("corpus/") ? fileURLToPath(new URL(`../${path}`, import.meta.url)) : path;
}

function segmentBytesOf({ segments }: Pick<CrashCase, "segments">): number {
  return SEGMENT_BYTES[segments % SEGMENT_BYTES.length]!;
}

function describeStore({
  sync,
  segments,
  keydir = "map",
  limits = "usual",
  disk: kind = "posix",
  broken,
  fresh = false,
  schedule = [],
}: CrashCase): void {
  const disk = fresh ? "on an empty disk" : "that is there already, and empty";
  console.log(
    `A store ${disk}; sync policy "${sync}"; segments of ${segmentBytesOf({ segments })} bytes; keydir "${keydir}".`,
  );
  if (kind !== "posix") console.log(`The disk, and the file system on it, have the manners of: ${kind}.`);
  console.log('A value is told as "a=3.*430": of the key a, what write 3 wrote, 430 characters.');
  if (limits === "small")
    console.log("Its limits are small: of sequences reserved, of groups, of what is read at once.");
  if (broken !== undefined) console.log(`The file system beneath it is broken: ${broken}.`);
  if (schedule.length > 0) console.log(`Calls of the file system return in the order that ${schedule.join()} chooses.`);
  console.log(" step  what");
}
