import { crashPointAt, diskAt, SimulatedDisk, type DiskTraits } from "@hashlog/fs-io/testing";
import { KEYS, type Crash } from "../cases/case.ts";
import type { ReadingTime } from "../oracle/model.ts";
import type { Obligation } from "../oracle/obligation.ts";
import { mustBePossible } from "../properties/p14-forward-progress.ts";
import { PropertyViolation } from "../properties/property.ts";
import { settled } from "../world/quiet.ts";
import { openStore, readState, type StoreShape, type TextStore } from "../world/text-store.ts";
import { VirtualClock } from "../world/virtual-clock.ts";

/** A store that was opened after a crash, and was found to hold what it had to. */
export interface Recovered {
  readonly disk: SimulatedDisk;
  readonly store: TextStore;
  readonly read: ReadonlyMap<string, string>;
  readonly time: ReadingTime;
  /** How many steps the disk had taken when the opening began, and when it had shown its state. */
  readonly begun: number;
  readonly shown: number;
  /** What had to hold before it was opened; and what has to hold for ever, now that this state was shown. */
  readonly before: Obligation;
  readonly after: Obligation;
}

/** The disk as the crash left it, `ordinal` steps into its life. After a kill, what was not synced still is not. */
export function crashedDisk(
  disk: SimulatedDisk,
  ordinal: number,
  { profile, fates }: Crash,
  traits: DiskTraits,
): SimulatedDisk {
  if (profile === "kill") return diskAt(disk, ordinal);
  return new SimulatedDisk({ image: crashPointAt(disk, ordinal).image(fates, profile), ...traits });
}

/** Openings of recovered stores have random numbers that those of the run before do not have. */
const OPENINGS_OF_RUN = 1000;

/** Opens the store that a crash left, and reads everything; the caller judges it, and narrows `after` to what it showed. */
export async function recover(
  disk: SimulatedDisk,
  shape: StoreShape,
  before: Obligation,
  how: { readonly laterMs?: number | undefined; readonly depth: number },
): Promise<Recovered> {
  const begun = disk.position;
  const nowMs = before.time.nowMs + (how.laterMs ?? 0);
  const time = { nowMs, latestMs: Math.max(before.time.latestMs, nowMs) };
  const store = await openCrashed(disk, shape, time, how.depth);
  const read = await possible("reading", readState(store));
  return { disk, store, read, time, begun, shown: disk.position, before, after: before };
}

/**
 * What the store shows that a crash left, and nothing else: it is abandoned at once. For judging millions of images by P1.
 * @throws PropertyViolation
 */
export async function readCrashed(
  disk: SimulatedDisk,
  shape: StoreShape,
  time: ReadingTime,
  depth: number,
): Promise<ReadonlyMap<string, string>> {
  const store = await openCrashed(disk, shape, time, depth);
  // One read for each key that there can be; where there are more, or fewer, everything is listed.
  const known = readKnown(store);
  const read = known.size === store.stats().keys ? known : await possible("reading", readState(store));
  disk.kill();
  return read;
}

function readKnown(store: TextStore): Map<string, string> {
  const read = new Map<string, string>();
  for (const key of KEYS) {
    const value = store.getSync(key);
    if (value !== undefined) read.set(key, value);
  }
  return read;
}

/** Opens a store in a new process, at that time. */
export function openCrashed(
  disk: SimulatedDisk,
  shape: StoreShape,
  time: ReadingTime,
  depth: number,
): Promise<TextStore> {
  const opening = OPENINGS_OF_RUN + depth;
  return possible("opening", openStore(disk.boot(), shape, new VirtualClock(time.nowMs), opening));
}

/** What the promise resolves to; that it rejects, or never settles, breaks P14. */
export async function possible<T>(what: string, promise: Promise<T>): Promise<T> {
  try {
    return await settled(promise, what);
  } catch (error) {
    if (error instanceof PropertyViolation) throw error;
    return mustBePossible(`${what} after a crash`, error);
  }
}
