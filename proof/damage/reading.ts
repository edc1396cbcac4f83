import { HashlogError, open, utf8, type OpenOptions, type StoreStats } from "@hashlog/engine";
import { decodeManifest, MANIFEST_NAME, type Manifest } from "@hashlog/format";
import type { FileSystem } from "@hashlog/fs-io";
import { hashImage, SeededRandom, SimulatedDisk, type DiskImage } from "@hashlog/fs-io/testing";
import { DIRECTORY, type TextStore } from "../world/text-store.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import { packedKeydir } from "./packed-keydir.ts";

/** Every key that is ever written, and one that never is. */
export const EVERY_KEY: readonly string[] = ["a", "b", "c", "d", "e", "f", "g", "h", "", "never"];

/** With what a small store is opened, besides its file system. */
export interface StoreShape {
  readonly sync: "always" | "never";
  readonly seed: number;
}

/** Opens a store of small segments, with time and randomness of its own. */
export function openSmall(fileSystem: FileSystem, { sync, seed }: StoreShape): Promise<TextStore> {
  const random = new SeededRandom(seed);
  const options: OpenOptions<string, string> = {
    fileSystem,
    clock: new VirtualClock(),
    values: utf8,
    index: packedKeydir,
    sync,
    segmentBytesMax: 512,
    random: {
      fill: (target) => {
        for (let index = 0; index < target.length; index += 1) target[index] = random.below(256);
      },
    },
  };
  return open(DIRECTORY, options);
}

/** The manifest of a disk. */
export function manifestOf(image: DiskImage): Manifest {
  const decoded = decodeManifest(image.bytes(`${DIRECTORY}/${MANIFEST_NAME}`)!);
  if (decoded.kind !== "ok") throw new Error("the manifest does not parse");
  return decoded.value;
}

/** What became of an opening. */
export type Opened =
  | { readonly kind: "failed"; readonly code: HashlogError["code"]; readonly path: string | undefined }
  | { readonly kind: "open"; readonly store: TextStore; readonly disk: SimulatedDisk; readonly stats: StoreStats };

/** Opens the store that lies on a disk. A failure is a HashlogError and has changed nothing; anything else is thrown. */
export async function openImage(image: DiskImage, shape: StoreShape): Promise<Opened> {
  const disk = new SimulatedDisk({ image });
  try {
    const store = await openSmall(disk.boot(), shape);
    return { kind: "open", store, disk, stats: store.stats() };
  } catch (error) {
    if (!HashlogError.is(error)) throw error;
    disk.kill();
    if (hashImage(disk.image()) !== hashImage(image)) throw new Error("refused, but touched", { cause: error });
    return { kind: "failed", code: error.code, path: error.path };
  }
}

/** A value, none, or the word of the store that it is damaged. */
export type Outcome = string | undefined | typeof DAMAGED;
export const DAMAGED = Symbol("HASHLOG_CORRUPT");

/** What every road of reading says of every key; throws if two of them do not agree. */
export async function readEverything(store: TextStore): Promise<ReadonlyMap<string, Outcome>> {
  const found = new Map<string, Outcome>();
  for (const key of EVERY_KEY) {
    const value = await outcomeOf(async () => store.getSync(key));
    agree(key, "get", await outcomeOf(() => store.get(key)), value);
    if (value !== DAMAGED) agree(key, "has", store.has(key), value !== undefined);
    found.set(key, value);
  }
  const damaged = [...found.values()].includes(DAMAGED);
  const many = await outcomeOf(() => store.getMany(EVERY_KEY));
  if (many === DAMAGED) agree("every key", "getMany", true, damaged);
  else
    for (const [index, value] of many.entries())
      agree(EVERY_KEY[index]!, "getMany", value, found.get(EVERY_KEY[index]!));
  await iterate(store, found, damaged);
  return found;
}

async function iterate(store: TextStore, found: ReadonlyMap<string, Outcome>, damaged: boolean): Promise<void> {
  let seen = 0;
  const ended = await outcomeOf(async () => {
    for await (const [key, value] of store.entries()) {
      agree(key, "entries", value, found.get(key));
      seen += 1;
    }
  });
  agree("every key", "the end of entries", ended === DAMAGED, damaged);
  const present = [...found.values()].filter((value) => value !== undefined).length;
  if (!damaged) agree("every key", "the number of entries", seen, present);
}

async function outcomeOf<T>(read: () => Promise<T>): Promise<T | typeof DAMAGED> {
  try {
    return await read();
  } catch (error) {
    if (HashlogError.is(error) && error.code === "HASHLOG_CORRUPT") return DAMAGED;
    throw error;
  }
}

function agree(key: string, road: string, found: unknown, expected: unknown): void {
  if (found === expected) return;
  throw new Error(`${road} says ${String(found)} of ${JSON.stringify(key)}, where getSync says ${String(expected)}`);
}

/** What must not depend on the road by which the keydir was filled. */
export function lastingStats(stats: StoreStats): string {
  const { keydirBytes: _bytes, open, failures: _failures, ...rest } = stats;
  const { road: _road, ...report } = open;
  return JSON.stringify({ ...rest, open: report });
}
