import { open, utf8, type HashlogErrorCode, type OpenOptions, type StoreStats } from "@hashlog/engine";
import type { FileSystem } from "@hashlog/fs-io";
import type { KeydirFactory } from "@hashlog/index";
import { SeededRandom, SimulatedDisk, type DiskImage } from "@hashlog/fs-io/testing";
import { DAMAGED, type Outcome } from "../properties/p10-corruption-honesty.ts";
import { mustBeTyped, mustBeUntouched } from "../properties/p17-decoder-safety.ts";
import { DIRECTORY, type TextStore } from "../world/text-store.ts";
import { BEGINNING, VirtualClock } from "../world/virtual-clock.ts";

/** Every key that is ever written, and one that never is. */
const EVERY_KEY: readonly string[] = ["a", "b", "c", "d", "e", "f", "", "never"];

/** The time at which the small stores are opened and read; they were written at `BEGINNING`. */
export const READ_AT: number = BEGINNING + 60_000;

/** With what a small store is opened, besides its file system. */
export interface StoreShape {
  readonly sync: "always" | "never";
  readonly seed: number;
  /** `mapKeydir`, which opens in no time, or `packedKeydir`, the real one. */
  readonly keydir: KeydirFactory;
}

/** Opens a store of small segments, with time and randomness of its own. */
export function openSmall(
  fileSystem: FileSystem,
  { sync, seed, keydir }: StoreShape,
  now: number = READ_AT,
): Promise<TextStore> {
  const random = new SeededRandom(seed);
  const options: OpenOptions<string, string> = {
    fileSystem,
    clock: new VirtualClock(now),
    values: utf8,
    index: keydir,
    sync,
    segmentBytesMax: 512,
    // Small, as what is looked at is how much memory damaged bytes make it ask for.
    cacheBytesMax: 512,
    random: {
      fill: (target) => {
        for (let index = 0; index < target.length; index += 1) target[index] = random.below(256);
      },
    },
  };
  return open(DIRECTORY, options);
}

/** What became of an opening. */
export type Opened =
  | { readonly kind: "failed"; readonly code: HashlogErrorCode; readonly path: string | undefined }
  | { readonly kind: "open"; readonly store: TextStore; readonly disk: SimulatedDisk; readonly stats: StoreStats };

/**
 * Opens the store that lies on a disk.
 * @throws PropertyViolation if it ends in any other way than with a store or with a `HashlogError`, nothing touched (P17)
 */
export async function openImage(image: DiskImage, shape: StoreShape): Promise<Opened> {
  const disk = new SimulatedDisk({ image });
  try {
    const store = await openSmall(disk.boot(), shape);
    return { kind: "open", store, disk, stats: store.stats() };
  } catch (error) {
    const { code, path } = mustBeTyped("opening", error);
    disk.kill();
    mustBeUntouched(disk);
    return { kind: "failed", code, path };
  }
}

/** What `getSync` says of every key, and which keys there are: quick, and lets the store do nothing else meanwhile. */
export async function readQuickly(store: TextStore): Promise<ReadonlyMap<string, Outcome>> {
  const found = new Map<string, Outcome>();
  for (const key of EVERY_KEY)
    found.set(
      key,
      outcomeOfSync(() => store.getSync(key)),
    );
  let present = 0;
  for await (const key of store.keys()) {
    if (found.get(key) === undefined) agree(key, "keys", "that it is there", "that it is not");
    present += 1;
  }
  const expected = [...found.values()].filter((value) => value !== undefined).length;
  agree("every key", "the number of keys", present, expected);
  return found;
}

/** What every road of reading says of every key; throws if two of them do not agree. */
export async function readEverything(store: TextStore): Promise<ReadonlyMap<string, Outcome>> {
  const found = new Map<string, Outcome>();
  for (const key of EVERY_KEY) {
    const value = outcomeOfSync(() => store.getSync(key));
    if (value !== DAMAGED) agree(key, "has", store.has(key), value !== undefined);
    found.set(key, value);
  }
  const damaged = [...found.values()].includes(DAMAGED);
  if (damaged) for (const [key, value] of found) agree(key, "get", await outcomeOf(() => store.get(key)), value);
  const many = await outcomeOf(() => store.getMany(EVERY_KEY));
  if (many === DAMAGED) agree("every key", "getMany", true, damaged);
  else for (const [at, value] of many.entries()) agree(EVERY_KEY[at]!, "getMany", value, found.get(EVERY_KEY[at]!));
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

function outcomeOfSync<T>(read: () => T): T | typeof DAMAGED {
  try {
    return read();
  } catch (error) {
    return damagedOr(error);
  }
}

async function outcomeOf<T>(read: () => Promise<T>): Promise<T | typeof DAMAGED> {
  try {
    return await read();
  } catch (error) {
    return damagedOr(error);
  }
}

function damagedOr(error: unknown): typeof DAMAGED {
  const { code } = mustBeTyped("a read", error);
  if (code !== "HASHLOG_CORRUPT") throw error;
  return DAMAGED;
}

function agree(key: string, road: string, found: unknown, expected: unknown): void {
  if (found === expected) return;
  throw new Error(`${road} says ${String(found)} of ${JSON.stringify(key)}, where getSync says ${String(expected)}`);
}
