import { SECTOR_BYTES } from "./crash-units.ts";
import { contentOf, fileDamage, type Damage } from "./damage.ts";
import type { DiskImage } from "./disk-image.ts";
import { scramble } from "./simulated-random.ts";

/**
 * Damage that knows nothing of sectors: single bits and bytes, and lengths. In all of these `path` must be a file of
 * the image; `FsError` `FS_INVALID_ARGUMENT` otherwise.
 */

/** Each bit of each byte, flipped alone: 8 for every byte of the file. */
export function* bitFlips(image: DiskImage, path: string): Generator<Damage> {
  const { length } = contentOf(image, path, 0);
  for (let at = 0; at < length; at += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      yield fileDamage(path, at + 1, `bit ${bit} of byte ${at} of ${path} is flipped`, (bytes) =>
        withByte(bytes, at, bytes[at] ^ (1 << bit)),
      );
    }
  }
}

/** Each byte that is not `value` already, set to it: 0 is what a block reads that was unmapped, 255 an erased cell. */
export function* byteOverwrites(image: DiskImage, path: string, value: number): Generator<Damage> {
  for (const [at, byte] of contentOf(image, path, 0).entries()) {
    if (byte === value) continue;
    yield fileDamage(path, at + 1, `byte ${at} of ${path} is ${value}`, (bytes) => withByte(bytes, at, value));
  }
}

/** The file ends too early: at each shorter length, 0 included. */
export function* truncations(image: DiskImage, path: string): Generator<Damage> {
  const { length } = contentOf(image, path, 0);
  for (let end = 0; end < length; end += 1) {
    yield fileDamage(path, end, `${path} ends at ${end}`, (bytes) => bytes.subarray(0, end));
  }
}

/**
 * The file is longer than it was: by 1 byte, by 31, by a sector, by that and 1; by zeros, by garbage (always the same),
 * and by its own beginning.
 */
export function* extensions(image: DiskImage, path: string): Generator<Damage> {
  contentOf(image, path, 0);
  for (const count of [1, 31, SECTOR_BYTES, SECTOR_BYTES + 1]) {
    for (const [what, byteAt] of Object.entries(TAILS)) {
      yield fileDamage(path, 0, `${path} is longer by ${count} bytes of ${what}`, (bytes) =>
        Uint8Array.of(...bytes, ...Uint8Array.from({ length: count }, (_, index) => byteAt(index, bytes))),
      );
    }
  }
}

const TAILS: Readonly<Record<string, (index: number, bytes: Uint8Array) => number>> = {
  zeros: () => 0,
  garbage: (index) => scramble(index + 1),
  "its own beginning": (index, bytes) => (bytes.length === 0 ? 1 : bytes[index % bytes.length]),
};

function withByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const result = bytes.slice();
  result[at] = value;
  return result;
}
