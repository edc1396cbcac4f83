import { open, utf8, type HashlogErrorCode, type OpenOptions, type StoreStats } from "@hashlog/engine";
import type { FileSystem } from "@hashlog/fs-io";
import type { KeydirFactory } from "@hashlog/index";
import { SimulatedDisk, type DiskImage } from "@hashlog/fs-io/testing";
import { mustBeTyped, mustBeUntouched } from "../properties/p17-decoder-safety.ts";
import { randomFrom } from "../world/random-from.ts";
import { DIRECTORY, type TextStore } from "../world/text-store.ts";
import { BEGINNING, VirtualClock } from "../world/virtual-clock.ts";

/** The time at which the small stores are opened and read; they were written at `BEGINNING`. */
export const READ_AT: number = BEGINNING + 60_000;

/** With what a small store is opened, besides its file system. */
export interface SmallShape {
  readonly sync: "always" | "never";
  readonly seed: number;
  /** `mapKeydir`, which opens in no time, or `packedKeydir`, the real one. */
  readonly keydir: KeydirFactory;
}

/** Opens a store of small segments, with time and randomness of its own. */
export function openSmall(
  fileSystem: FileSystem,
  { sync, seed, keydir }: SmallShape,
  now: number = READ_AT,
): Promise<TextStore> {
  const options: OpenOptions<string, string> = {
    fileSystem,
    clock: new VirtualClock(now),
    values: utf8,
    index: keydir,
    sync,
    segmentBytesMax: 512,
    // Small, as what is looked at is how much memory damaged bytes make it ask for.
    cacheBytesMax: 512,
    random: randomFrom(seed),
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
export async function openImage(image: DiskImage, shape: SmallShape): Promise<Opened> {
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
