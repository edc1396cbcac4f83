import { HashlogError } from "@hashlog/engine";
import { crashPointAt, diskAt, SimulatedDisk, type DiskTraits, type SimulatedFileSystem } from "@hashlog/fs-io/testing";
import { KEYS, type Crash } from "../cases/case.ts";
import type { ReadingTime } from "../oracle/model.ts";
import type { Obligation } from "../oracle/obligation.ts";
import { mustHaveNoStore, mustShowToWriter } from "../properties/p07-monotone-recovery.ts";
import { mustBePossible } from "../properties/p14-forward-progress.ts";
import { PropertyViolation } from "../properties/property.ts";
import { settled } from "../world/quiet.ts";
import {
  openStore,
  openTextReader,
  readState,
  type StoreShape,
  type TextReader,
  type TextStore,
} from "../world/text-store.ts";
import { StoppedClock, VirtualClock } from "../world/virtual-clock.ts";

/** A store that was opened after a crash, and was found to hold what it had to. */
export interface Recovered extends Before {
  readonly disk: SimulatedDisk;
  readonly store: TextStore;
  readonly read: ReadonlyMap<string, string>;
  readonly time: ReadingTime;
  /** How many steps the disk had taken when the opening began, and when it had shown its state. */
  readonly begun: number;
  readonly shown: number;
  /** What has to hold for ever, now that this state was shown. */
  readonly after: Obligation;
}

/** What had to hold before a store was opened. */
export interface Before {
  /** If the power is cut before it shows its state. */
  readonly before: Obligation;
  /** If it is killed before: after a kill no less than what that kill had to leave. */
  readonly beforeAfterKill: Obligation;
}

/** The disk as the crash left it, `ordinal` steps into its life. After a kill, what was not synced still is not. */
export function crashedDisk(
  disk: SimulatedDisk,
  ordinal: number,
  { profile, fates }: Crash,
  options: DiskTraits & { readonly keepsTrace?: boolean },
): SimulatedDisk {
  if (profile === "kill") return diskAt(disk, ordinal, options);
  return new SimulatedDisk({ image: crashPointAt(disk, ordinal).image(fates, profile), ...options });
}

/** Openings of recovered stores have random numbers that those of the run before do not have. */
const OPENINGS_OF_RUN = 1000;

/** How a store is recovered. */
export interface Recovering {
  /** What somebody who only reads was shown before, if anybody was asked: that has to be shown again. */
  readonly shownBefore?: ReadonlyMap<string, string> | undefined;
  /** How many crashes came before the one that left it. */
  readonly depth: number;
  /** See `Crash.laterMs`. */
  readonly laterMs?: number | undefined;
  /**
   * Whether it is read and nothing else is done with it. What it would do in the background is not begun then, and keys
   * are looked up rather than listed. Default `false`.
   */
  readonly isAbandoned?: boolean;
}

/** Opens the store that a crash left, and reads everything; the caller judges it, and narrows `after` to what it showed. */
export async function recover(
  disk: SimulatedDisk,
  shape: StoreShape,
  { before, beforeAfterKill }: Before,
  { depth, laterMs, isAbandoned = false, shownBefore }: Recovering,
): Promise<Recovered> {
  const begun = disk.position;
  const { time } = before.later(laterMs);
  // From the moment on at which it is open it shows its state to whoever asks, however long the asking takes.
  let shown = 0;
  const onOpen = (): void => {
    shown = disk.position;
  };
  const stopped = isAbandoned ? new StoppedClock(time.nowMs) : undefined;
  const clock = stopped ?? new VirtualClock(time.nowMs);
  const store = await openCrashed(disk, shape, { clock, depth, onOpen });
  const read = await (stopped ? readQuickly(store, stopped) : possible("reading", readState(store)));
  if (shownBefore !== undefined) mustShowToWriter(read, shownBefore);
  return { disk, store, read, time, begun, shown, before, beforeAfterKill, after: before };
}

/**
 * What the store shows that a crash left, and nothing else: it is abandoned at once. For judging millions of images by P1.
 * `readsFirst`: somebody who only reads is asked before, and has to be told the same (P7).
 * @throws PropertyViolation
 */
export async function readCrashed(
  disk: SimulatedDisk,
  shape: StoreShape,
  { nowMs }: ReadingTime,
  { depth, readsFirst }: { readonly depth: number; readonly readsFirst: boolean },
): Promise<ReadonlyMap<string, string>> {
  const shownBefore = readsFirst ? await readAlone(disk, shape, nowMs) : undefined;
  const clock = new StoppedClock(nowMs);
  const store = await openCrashed(disk, shape, { clock, depth });
  const read = await readQuickly(store, clock);
  disk.kill();
  if (shownBefore !== undefined) mustShowToWriter(read, shownBefore);
  return read;
}

/** What the store that a crash left shows to a process that only reads, which then ends. @throws PropertyViolation */
export async function readAlone(
  disk: SimulatedDisk,
  shape: StoreShape,
  nowMs: number,
): Promise<ReadonlyMap<string, string>> {
  const fileSystem = disk.boot();
  const clock = new StoppedClock(nowMs);
  const opening = openTextReader(fileSystem, shape, clock);
  const reader = await possible("opening to read", opening.catch(orNothing));
  if (reader === undefined) {
    mustHaveNoStore(disk.image());
    return new Map();
  }
  const read = await readQuickly(reader, clock);
  disk.kill(fileSystem);
  return read;
}

function orNothing(error: unknown): undefined {
  if (!HashlogError.is(error) || error.code !== "HASHLOG_NOT_FOUND") throw error;
}

/** One read for each key that there can be; where there are more, or fewer, everything is listed. */
async function readQuickly(store: TextStore | TextReader, clock: StoppedClock): Promise<ReadonlyMap<string, string>> {
  const known = readKnown(store);
  clock.read();
  return known.size === store.stats().keys ? known : possible("reading", readState(store));
}

function readKnown(store: TextStore | TextReader): Map<string, string> {
  const read = new Map<string, string>();
  try {
    for (const key of KEYS) {
      const value = store.getSync(key);
      if (value !== undefined) read.set(key, value);
    }
  } catch (error) {
    return mustBePossible("reading after a crash", error);
  }
  return read;
}

/** Opens a store in a new process. */
export function openCrashed(disk: SimulatedDisk, shape: StoreShape, how: CrashedOpening): Promise<TextStore> {
  // Nothing is merged by itself: what an opening repairs, and what it leaves alone, is to be seen.
  const calm = { ...shape, merging: "usual" } as const;
  const opening = openStore(how.fileSystem ?? disk.boot(), calm, how.clock, OPENINGS_OF_RUN + how.depth);
  if (how.onOpen !== undefined) opening.then(how.onOpen, () => undefined);
  return possible("opening", opening);
}

export interface CrashedOpening {
  readonly clock: VirtualClock;
  readonly depth: number;
  /** The new process. Default: one of which nobody else knows. */
  readonly fileSystem?: SimulatedFileSystem;
  /** Called as soon as the store is open, before anything else can go on. */
  readonly onOpen?: () => void;
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
