import { open, utf8, type OpenOptions, type Store } from "@hashlog/engine";
import type { FileSystem } from "@hashlog/fs-io";
import { SeededRandom, SimulatedDisk, type DiskImage } from "@hashlog/fs-io/testing";
import { INTERVAL_MS, SEGMENT_BYTES, type CrashCase } from "../cases/case.ts";
import { mapKeydir } from "./map-keydir.ts";
import { quiet } from "./quiet.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** The stores of the crash tests: text to text, on a simulated disk, with time and randomness of their own. */
export type TextStore = Store<string, string>;

export const DIRECTORY = "/data/store";

/** What a store is opened with. */
export type StoreShape = Pick<CrashCase, "sync" | "segments" | "seed">;

/** Opens the store on a file system. */
export function openStore(
  fileSystem: FileSystem,
  { sync, segments, seed }: StoreShape,
  clock: VirtualClock = new VirtualClock(),
): Promise<TextStore> {
  const random = new SeededRandom(seed + 1);
  const options: OpenOptions<string, string> = {
    fileSystem,
    clock,
    values: utf8,
    sync: sync === "interval" ? { intervalMs: INTERVAL_MS } : sync,
    segmentBytesMax: SEGMENT_BYTES[segments]!,
    // The real keydir with two seeds of eight, and with the others one that opens in no time.
    ...(seed % 8 > 5 ? {} : { index: mapKeydir }),
    random: {
      fill: (target) => {
        for (let index = 0; index < target.length; index += 1) target[index] = random.below(256);
      },
    },
  };
  return open(DIRECTORY, options);
}

/** All entries of an open store, read in two ways. */
export async function readState(store: TextStore): Promise<Map<string, string>> {
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
  const store = await openStore(disk.boot(), { sync: "always", segments: 0, seed: 0 });
  await store.close();
  await quiet();
  disk.kill();
  return disk.powerCut();
}
