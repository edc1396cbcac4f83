import { utf8, type Codec, type StoreStats } from "@hashlog/engine";
import { SimulatedDisk, type DiskImage, type SimulatedFileSystem } from "@hashlog/fs-io/testing";
import { checkInvariants } from "../../packages/engine/test/support/check-invariants.ts";
import { removeCaches } from "../cases/spoil-caches.ts";
import type { Aftermath, CrashCase } from "../cases/case.ts";
import { traitsOf } from "../cases/run-case.ts";
import type { ReadingTime } from "../oracle/model.ts";
import { beforeOpening, isAtRest, mustNotRepair, mustShowTheSame } from "../properties/p07-monotone-recovery.ts";
import { mustBeCompact, mustBeTidy, mustCountTheSame, mustHoldNoLitter } from "../properties/p13-merge-refinement.ts";
import { mustFailInNothing, mustHold } from "../properties/p14-forward-progress.ts";
import { mustHaveClosedAll } from "../properties/p15-error-atomicity.ts";
import { quiet } from "../world/quiet.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import { readState, type StoreShape, type TextStore } from "../world/text-store.ts";
import { openCrashed, possible, type Recovered } from "./recover.ts";

/** Goes on with a store that was recovered, as a case says, and judges it. The store is not usable any more afterwards. */
export async function live(
  aftermath: Aftermath,
  recovered: Recovered,
  shape: RecoveredShape,
  depth: number,
): Promise<void> {
  if (aftermath === "reopen") await killAndReopen(recovered, shape, depth);
  if (aftermath === "go-on") await goOn(recovered, shape, depth);
}

/**
 * The process is killed and another opens the store: it repairs nothing, and shows the same (P7). One that had been closed
 * clean, and opened, comes to rest by the first of these openings.
 */
async function killAndReopen(
  { disk, store, read, time }: Recovered,
  shape: RecoveredShape,
  depth: number,
): Promise<void> {
  await quiet();
  mustFailInNothing(store.stats(), "after a crash");
  mustHoldNoLitter(disk.image());
  let again = store;
  let fileSystem: SimulatedFileSystem | undefined;
  for (let opening = 1; opening <= 2; opening += 1) {
    disk.kill();
    const found = beforeOpening(disk);
    fileSystem = disk.boot();
    const clock = new VirtualClock(time.nowMs);
    again = await openCrashed(disk, shape, { clock, depth: depth + opening, fileSystem });
    mustShowTheSame(await readState(again), read, "after a kill");
    await quiet();
    if (opening === 2 || isAtRest(found)) mustNotRepair(disk, found);
  }
  await possible("closing", again.close());
  mustFailInNothing(again.stats(), "opened again after a kill");
  await quiet();
  mustHaveClosedAll(fileSystem!, "a store that was opened again after a kill");
}

/**
 * The store takes writes again, can be compacted and closed (P14), is tidy then (P13), agrees with its own files, and is
 * the same by every road after a power cut that takes what it can (P9).
 */
async function goOn({ disk, store, read, time }: Recovered, shape: RecoveredShape, depth: number): Promise<void> {
  const expected = new Map(read);
  await quiet();
  mustFailInNothing(store.stats(), "after a crash");
  await possible("a write", write(store, expected));
  await possible("compacting", store.compact());
  await quiet();
  mustBeCompact(store.stats());
  mustHold(await readState(store), expected, "compacted");
  await recount(disk, store);
  await possible("a further write", store.put("x", "2.", { sync: true }));
  expected.set("x", "2.");
  await possible("closing", store.close());
  await quiet();
  mustFailInNothing(store.stats(), "compacted, written to and closed after a crash");
  mustBeTidy(disk.image());
  await openByEveryRoad(disk.powerCut([], "drop-all"), { shape, expected, time, depth });
}

async function openByEveryRoad(image: DiskImage, { shape, expected, time, depth }: Closed): Promise<void> {
  let first: StoreStats | undefined;
  for (const removed of ["nothing", "checkpoint", "both"] as const) {
    const road = new SimulatedDisk({ image, ...traitsOf(shape) });
    if (removed !== "nothing") await removeCaches(road.boot(), removed);
    const found = beforeOpening(road);
    const fileSystem = road.boot();
    const again = await openCrashed(road, shape, { clock: new VirtualClock(time.nowMs), depth: depth + 2, fileSystem });
    const when = `closed, and opened again with ${removed} removed`;
    mustHold(await readState(again), expected, when);
    await quiet();
    mustNotRepair(road, found);
    first ??= again.stats();
    mustCountTheSame(again.stats(), first, when);
    await possible("closing", again.close());
    await quiet();
    mustFailInNothing(again.stats(), when);
    mustHaveClosedAll(fileSystem, `a store that was ${when}`);
    mustBeTidy(road.image());
  }
}

type RecoveredShape = StoreShape & Pick<CrashCase, "disk">;

interface Closed {
  readonly shape: RecoveredShape;
  readonly expected: ReadonlyMap<string, string>;
  readonly time: ReadingTime;
  readonly depth: number;
}

/** Everything that the store says of itself, against its files; but for hints, which are not synced, and may be torn. */
async function recount(disk: SimulatedDisk, store: TextStore): Promise<void> {
  await removeCaches(disk.boot(), "hints");
  const codecs = { keys: utf8 as Codec<never, never>, values: utf8 as Codec<never, never> };
  await checkInvariants(store as never, { fileSystem: disk.boot(), ...codecs });
}

async function write(store: TextStore, expected: Map<string, string>): Promise<void> {
  const value = "after.".padEnd(430, "y");
  const synced = { sync: true };
  await Promise.all([
    store.put("z", value, synced),
    store.delete("b", synced),
    store.batch([
      { type: "put", key: "a", value },
      { type: "put", key: "y", value: "1." },
    ]),
  ]);
  for (const key of ["z", "a"]) expected.set(key, value);
  expected.set("y", "1.");
  expected.delete("b");
}
