import { FsError } from "../errors.ts";
import type { DiskImage } from "./disk-image.ts";

/**
 * Damage at rest: what a disk does to bytes that were synced long ago, in no crash and with nobody writing. Cells leak,
 * a sector is not there any more or was never written, a write goes astray and lands on another sector, a copy tool
 * stops early. The disk says nothing of it, so a program that reads has to find out by itself.
 *
 * A `Damage` is one such event, as a function from a disk to a disk. The generators beside this file yield all events of
 * a kind; `everyDamage` yields all kinds. They are lazy, and images share what is not damaged, so that a sweep over
 * every byte of a small disk costs little more than the program under test does.
 *
 *     for (const damage of everyDamage(image, { paths: ["/data/log"] })) {
 *       const seen = await readWith(damage.apply(image));
 *       assert(seen.isRight || seen.isTold, damage.description);
 *     }
 */
export interface Damage {
  /** What happened, for the message of a failing test: `bit 3 of byte 17 of /data/log is flipped`. */
  readonly description: string;
  /** The files that are not what they were. */
  readonly paths: readonly string[];
  /**
   * The disk after it happened. `image` is left as it is; it need not be the one that the damage was made for, so that
   * damages can be combined, or tried on the same disk without some other file.
   * @throws FsError `FS_INVALID_ARGUMENT` if `image` has no such bytes as the damage is about
   */
  apply(image: DiskImage): DiskImage;
}

/** Which of a disk's bytes are to be damaged. */
export interface SectorOptions {
  /** What the disk reads and writes as a whole. Default 512; smaller ones show more in small files. */
  readonly sectorBytes?: number;
}

/**
 * A damage to one file that is at least `least` bytes long; `change` gets the content, which it must not write to, and
 * returns the new one.
 */
export function fileDamage(
  path: string,
  least: number,
  description: string,
  change: (bytes: Uint8Array) => Uint8Array,
): Damage {
  return {
    description,
    paths: [path],
    apply: (image) => image.withFile(path, change(contentOf(image, path, least))),
  };
}

/**
 * The bytes of a file that has to be there and at least `least` bytes long. Shared: not to be changed.
 * @throws FsError `FS_INVALID_ARGUMENT`
 */
export function contentOf(image: DiskImage, path: string, least: number): Uint8Array {
  const bytes = image.bytes(path);
  if (bytes !== undefined && bytes.length >= least) return bytes;
  const words = bytes === undefined ? "there is no such file" : `it has ${bytes.length} bytes of the ${least} needed`;
  throw new FsError("FS_INVALID_ARGUMENT", `${path} cannot be damaged so: ${words}`, { operation: "Damage", path });
}
