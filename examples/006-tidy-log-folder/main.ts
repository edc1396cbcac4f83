/**
 * A fleet of scooters reports where each of them is: one log a day, in a folder that nobody ever tidied. `@hashlog/compactor` says
 * which logs are worth merging, and merges them. Then the same in copies of the folder, where the merge dies before another of its
 * steps each time: whichever it is, the folder opens, tells the same, and can be tidied.
 *
 *     npm run examples -- 006
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import { cp, mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";
import { merge, type MergeDecision, MergeError, type MergeReport, type MergeStore } from "@hashlog/compactor";
import { FolderMerge } from "./folder-merge.ts";
import { planFor } from "./folder-plan.ts";
import { LogFolder } from "./log-folder.ts";

const SCOOTERS = 300;
const DAYS = 14;
const scooter = (number: number): string => `scooter ${String(number).padStart(3, "0")}`;

/** Where those scooters are that were moved on that day, most of them the same every day; one more was scrapped. */
function reportOf(day: number): [string, string | undefined][] {
  const left = Array.from({ length: SCOOTERS }, (_, number) => number).filter(
    (number) => number > day * 3 || number % 3 > 0,
  );
  const moved = left.filter((number) => number % 10 < 6 || number % DAYS === day);
  const entries = moved.map((number): [string, string] => {
    const [lat, lon] = [52.5 + ((number * day) % 97) / 1000, 13.4 + ((number + day) % 89) / 1000];
    return [scooter(number), JSON.stringify({ day, lat, lon })];
  });
  return [...entries, [scooter(day * 3), undefined]];
}

/** Merges the logs of the plan. */
function tidy(
  folder: LogFolder,
  plan: MergeDecision,
  store: MergeStore = new FolderMerge(folder),
): Promise<MergeReport> {
  assert.ok(plan.kind === "merge");
  const inputs = plan.segments.map(({ segmentId }) => folder.logs.find((log) => log.segmentId === segmentId)!);
  return merge(inputs, store, { outputBytesMax: plan.outputBytesMax });
}

/** The folder for a merge that dies before that step. The dead do not clean up, either. */
function dyingBefore(step: keyof MergeStore, folder: LogFolder): MergeStore {
  const die = (): Promise<never> => Promise.reject(new Error("dead"));
  return Object.assign(new FolderMerge(folder), { abandonOutputs: die, [step]: die });
}

async function mustHold(folder: LogFolder, expected: ReadonlyMap<string, string>): Promise<void> {
  assert.deepEqual([...folder.keydir.keys()].sort(), [...expected.keys()].sort());
  for (const [key, value] of expected) assert.equal(await folder.get(key), value);
}

/** As long as `work` runs the volume has so little room: it takes a part of the write that comes to it, and refuses what is left. */
async function withRoom(bytes: number, work: () => Promise<void>): Promise<void> {
  const write = fs.writeSync;
  let room = bytes;
  const full = (fd: number, source: Uint8Array, at: number, length: number, position: number): number => {
    if (room === 0) throw new Error("no space left");
    const taken = Math.min(length, room);
    room -= taken;
    return write(fd, source, at, taken, position);
  };
  const mocked = mock.method(fs, "writeSync", full as typeof write);
  syncBuiltinESMExports();
  try {
    await work();
  } finally {
    mocked.mock.restore();
    syncBuiltinESMExports();
  }
}

async function bytesIn(path: string): Promise<number> {
  const sizes = await Promise.all((await readdir(path)).map(async (name) => (await stat(join(path, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

const root = await mkdtemp(join(tmpdir(), "hashlog-fleet-"));
try {
  const [untidy, path] = [join(root, "untidy"), join(root, "fleet")];
  await mkdir(untidy);
  const expected = new Map<string, string>();
  const writing = await LogFolder.open(untidy);
  for (let day = 0; day < DAYS; day++) {
    await writing.write(reportOf(day));
    for (const [key, value] of reportOf(day)) {
      if (value === undefined) expected.delete(key);
      else expected.set(key, value);
    }
  }
  await writing.close();

  await cp(untidy, path, { recursive: true });
  const folder = await LogFolder.open(path);
  await mustHold(folder, expected);
  console.log(`${folder.logs.length} logs of ${await bytesIn(path)} bytes, ${expected.size} scooters.`);

  // By hand, the last logs alone: the tombstones of scrapped scooters stay, or they were back, from the older logs.
  const some = await tidy(folder, planFor(folder, [10, 11, 12, 13, 14]));
  assert.equal(some.tombstonesKept, 5);
  console.log(
    `The last five merged into one: ${some.recordsKept} records copied, and ${some.tombstonesKept} tombstones.`,
  );
  await folder.close();
  const half = await LogFolder.open(path);
  await mustHold(half, expected);

  // And what is due.
  const due = planFor(half);
  assert.ok(due.kind === "merge");
  console.log(`Due because of ${due.trigger}: logs ${due.segments.map(({ segmentId }) => segmentId).join(", ")}.`);
  const report = await tidy(half, due);
  await mustHold(half, expected);
  assert.equal(planFor(half).kind, "none");
  assert.ok((await bytesIn(path)) < (await bytesIn(untidy)) / 3);
  console.log(`Merged: ${report.recordsKept} records copied, ${report.recordsDropped} dropped.`);
  console.log(`What is left: ${half.logs.length} logs of ${await bytesIn(path)} bytes.`);
  await half.close();

  const crowded = join(root, "crowded");
  await cp(untidy, crowded, { recursive: true });
  const filling = await LogFolder.open(crowded);
  await withRoom(1000, () => assert.rejects(filling.write(reportOf(0)), { message: "no space left" }));
  await filling.close();
  const filled = await LogFolder.open(crowded);
  await mustHold(filled, expected);
  await filled.close();
  console.log("On a full volume: the next log is refused, and nothing is amiss.");

  const steps = ["createOutput", "syncDirectory", "syncLog", "publish", "relocate", "retire", "removeInputs"] as const;
  for (const step of steps) {
    const path = join(root, step);
    await cp(untidy, path, { recursive: true });
    const dying = await LogFolder.open(path);
    await assert.rejects(tidy(dying, planFor(dying), dyingBefore(step, dying)), MergeError);
    await dying.close();
    const found = (await readdir(path)).length;

    const reopened = await LogFolder.open(path);
    await mustHold(reopened, expected);
    console.log(
      `Dead before ${step.padEnd(13)}: ${found} files, ${reopened.logs.length} of them logs that count, and nothing amiss.`,
    );
    const again = planFor(reopened);
    if (again.kind === "merge") await tidy(reopened, again);
    await mustHold(reopened, expected);
    assert.equal(planFor(reopened).kind, "none");
    await reopened.close();
  }
} finally {
  await rm(root, { recursive: true, force: true });
}
