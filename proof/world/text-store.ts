import {
  repair,
  utf8,
  type OpenOptions,
  type ReadOnlyOptions,
  type ReadOnlyStore,
  type RepairReport,
  type Store,
} from "@hashlog/engine";
import type { FileSystem } from "@hashlog/fs-io";
import { SimulatedDisk, type DiskImage } from "@hashlog/fs-io/testing";
import { LIMITS, type Limits } from "../../packages/engine/src/limits.ts";
import { openReadOnly } from "../../packages/engine/src/open-read-only.ts";
import { openWithin } from "../../packages/engine/src/open.ts";
import { breakFileSystem, type Breakage } from "./broken-file-system.ts";
import { eagerStrategy } from "./eager-strategy.ts";
import { mapKeydir } from "./map-keydir.ts";
import { quiet } from "./quiet.ts";
import { randomFrom } from "./random-from.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** The stores of the proof: text to text, on a simulated disk, with time and randomness of their own. */
export type TextStore = Store<string, string>;
export type TextReader = ReadOnlyStore<string, string>;

export const DIRECTORY = "/data/store";

/** Of the sync policy `interval`. */
export const INTERVAL_MS = 40;
/** Small, so that three records fill one. */
export const SEGMENT_BYTES: readonly number[] = [512, 700, 4096];

/**
 * So small that what happens once in a million writes, or in a megabyte, happens in a case of a few operations: an edit
 * that reserves more sequences, a checkpoint as the log grows, a frame that crosses the end of what is read at once.
 */
const SMALL_LIMITS: Limits = {
  sequencesReserved: 3,
  checkpointBytesLeast: 900,
  hintAtOnceBytesMost: 400,
  hintsPutOffBytesMost: 1200,
  quietBytesMost: 100,
  groupBytesMax: 300,
  clearKeysMax: 2,
  extentFramesMax: 2,
  scanBytes: 48,
  sharedReadBytesMax: 100,
  answersPerTurn: 1,
  keysAhead: 2,
  valuesAhead: 2,
  mergeSyncBytes: 300,
  mergeSliceBytes: 100,
  compactionLookBytes: 300,
  pacedBytesPerTurn: 150,
  crumbsMost: 128,
  closingMergeBytesMost: 600,
};

const LIMITS_OF: Readonly<Record<"usual" | "small", Limits>> = { usual: LIMITS, small: SMALL_LIMITS };

/** The limits of a store of that shape. */
export function limitsOf({ limits = "usual" }: Pick<StoreShape, "limits">): Limits {
  return LIMITS_OF[limits];
}

/** So few that what is in the cache of values is written over all the time. */
const CACHE_BYTES = 150;

/** An eager store looks after so many bytes whether there is something to merge: after every other write. */
const EAGER_LOOK_BYTES = 100;

/** What a store is opened with. */
export interface StoreShape {
  readonly sync: "always" | "never" | "interval";
  /** Index into `SEGMENT_BYTES`. */
  readonly segments: number;
  /** The real keydir, or one that opens in no time. Default `"map"`. */
  readonly keydir?: "map" | "real";
  /** The limits of every store, or such as are reached all the time. Default `"usual"`. */
  readonly limits?: "usual" | "small";
  /** Whether the keys are kept in order from the start. Default `false`. */
  readonly ordered?: boolean;
  /** Whether segments are merged all the time, some of them, without anybody asking for it. Default `"usual"`. */
  readonly merging?: "usual" | "eager";
  /** What is wrong with the file system beneath it, to see that it is found. Default: nothing. */
  readonly broken?: Breakage;
}

/**
 * Opens the store on a file system. `opening` tells openings of one store apart: each has random numbers of its own, and
 * the same ones each time.
 */
export function openStore(
  fileSystem: FileSystem,
  { sync, segments, keydir = "map", limits = "usual", ordered = false, merging = "usual", broken }: StoreShape,
  clock: VirtualClock = new VirtualClock(),
  opening: number = 0,
): Promise<TextStore> {
  const options: OpenOptions<string, string> = {
    fileSystem: broken === undefined ? fileSystem : breakFileSystem(fileSystem, broken),
    clock,
    values: utf8,
    sync: sync === "interval" ? { intervalMs: INTERVAL_MS } : sync,
    ordered,
    cacheBytesMax: CACHE_BYTES,
    ...(merging === "eager" ? { compaction: { strategy: eagerStrategy, jitter: 0 } } : {}),
    segmentBytesMax: SEGMENT_BYTES[segments % SEGMENT_BYTES.length]!,
    ...(keydir === "map" ? { index: mapKeydir } : {}),
    random: randomFrom(opening + 1),
  };
  const looked = merging === "eager" ? { compactionLookBytes: EAGER_LOOK_BYTES } : {};
  return openWithin({ ...LIMITS_OF[limits], ...looked }, DIRECTORY, options);
}

/** Ids of the segments whose place among those that can be merged is a bit of the number. */
export function chosenSegments(store: TextStore, bits: number): number[] {
  const mergeable = store.stats().segments.filter(({ state }) => state !== "unsealed");
  return mergeable.filter((_, place) => ((bits >>> place) & 1) === 1).map(({ segmentId }) => segmentId);
}

/** Opens the store on a file system to read it alone. `follows`: it catches up by itself. */
export function openTextReader(
  fileSystem: FileSystem,
  {
    keydir = "map",
    limits = "usual",
    ordered = false,
    broken,
  }: Pick<StoreShape, "keydir" | "limits" | "ordered" | "broken">,
  clock: VirtualClock,
  follows: boolean = false,
): Promise<TextReader> {
  const options: ReadOnlyOptions<string, string> = {
    readOnly: true,
    follow: follows,
    fileSystem: broken === undefined ? fileSystem : breakFileSystem(fileSystem, broken),
    clock,
    values: utf8,
    ordered,
    cacheBytesMax: CACHE_BYTES,
    ...(keydir === "map" ? { index: mapKeydir } : {}),
  };
  return openReadOnly(DIRECTORY, options, LIMITS_OF[limits]);
}

/** Repairs the store, which nobody has open for writing. */
export function repairStore(
  fileSystem: FileSystem,
  { keydir = "map" }: Pick<StoreShape, "keydir">,
  clock: VirtualClock,
): Promise<RepairReport> {
  return repair(DIRECTORY, { fileSystem, clock, ...(keydir === "map" ? { index: mapKeydir } : {}) });
}

/** All entries of an open store, read in two ways. */
export async function readState(store: TextStore | TextReader): Promise<Map<string, string>> {
  const state = new Map<string, string>();
  for await (const [key, value] of store.entries()) state.set(key, value);
  for (const [key, value] of state) {
    if (store.getSync(key) !== value) throw new Error(`entries() says ${key}=${value}, getSync says otherwise`);
  }
  return state;
}

let empty: Promise<DiskImage> | undefined;

/** A disk with a store that holds nothing, for cases that are not about its making. */
export function emptyStore(): Promise<DiskImage> {
  empty ??= makeEmptyStore();
  return empty;
}

async function makeEmptyStore(): Promise<DiskImage> {
  const disk = new SimulatedDisk();
  const store = await openStore(disk.boot(), { sync: "always", segments: 0 });
  await store.close();
  await quiet();
  disk.kill();
  return disk.powerCut();
}
