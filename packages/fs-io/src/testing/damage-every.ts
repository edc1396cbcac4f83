import { bitFlips, byteOverwrites, extensions, truncations } from "./damage-bytes.ts";
import { missingFile, replacedFile, staleFiles, swappedFiles } from "./damage-files.ts";
import {
  droppedSectors,
  duplicatedSectors,
  misdirectedSectors,
  staleSectors,
  swappedSectors,
  zeroedSectors,
} from "./damage-sectors.ts";
import type { Damage, SectorOptions } from "./damage.ts";
import type { DiskImage } from "./disk-image.ts";

/** What of a disk is to be damaged, and what it may be mixed up with. */
export interface EveryDamageOptions extends SectorOptions {
  /** The files to damage. Default: all. */
  readonly paths?: readonly string[];
  /** The files whose bytes may come into the place of others. Default: all. */
  readonly sources?: readonly string[];
  /** Earlier images of the same disk: a sector, or a file, may be as it was then. Default: none. */
  readonly earlier?: readonly DiskImage[];
}

/**
 * Every damage of every kind, one at a time: of each file each bit and each byte (zeros, ones), each length, each
 * sector. For a file of n bytes about 11 n single bytes and bits and n lengths; what depends on pairs of sectors stays
 * few as long as files are small.
 */
export function* everyDamage(image: DiskImage, options: EveryDamageOptions = {}): Generator<Damage> {
  for (const path of options.paths ?? image.files.keys()) {
    yield* bitFlips(image, path);
    yield* byteOverwrites(image, path, 0);
    yield* byteOverwrites(image, path, 0xff);
    yield* truncations(image, path);
    yield* extensions(image, path);
    yield* everySectorDamage(image, path, options);
    yield* everyFileDamage(image, path, options);
  }
}

/** Every damage of one file that is about its sectors. */
export function* everySectorDamage(
  image: DiskImage,
  path: string,
  options: EveryDamageOptions = {},
): Generator<Damage> {
  yield* zeroedSectors(image, path, options);
  yield* droppedSectors(image, path, options);
  yield* duplicatedSectors(image, path, options);
  for (const other of options.sources ?? image.files.keys()) {
    yield* swappedSectors(image, path, other, options);
    yield* misdirectedSectors(image, path, other, image, options);
  }
  yield* staleSectors(image, path, options.earlier ?? [], options);
}

/** Every damage of one file that is about the whole of it. */
export function* everyFileDamage(image: DiskImage, path: string, options: EveryDamageOptions = {}): Generator<Damage> {
  yield missingFile(path);
  for (const other of options.sources ?? image.files.keys()) {
    if (other === path || image.files.get(other)?.bytes.join() === image.files.get(path)?.bytes.join()) continue;
    yield swappedFiles(path, other);
    yield replacedFile(path, image, other);
  }
  yield* staleFiles(image, path, options.earlier ?? []);
}
