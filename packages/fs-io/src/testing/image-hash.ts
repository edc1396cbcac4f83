import type { DiskImage } from "./disk-image.ts";
import { scramble } from "./simulated-random.ts";

/**
 * 16 hexadecimal digits that tell images apart, for testing each of them once. Equal images have equal hashes; which
 * names share a file does not count.
 */
export function hashImage(image: DiskImage): string {
  const { high, low } = imageHash(image);
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}

/** The same as two numbers, for those who keep millions of them. */
export function imageHash(image: DiskImage): ImageHash {
  const sum = new HashSum();
  for (const path of image.directories) sum.add(hashPath(path), DIRECTORY);
  for (const [path, file] of image.files) sum.add(hashPath(path), file.hash);
  return sum;
}

/** A hash of 64 bits in two unsigned words. */
export interface ImageHash {
  readonly low: number;
  readonly high: number;
}

/** Adds up the hash of an image, entry by entry, in whatever order. */
export class HashSum implements ImageHash {
  low: number;
  high: number;

  constructor(begun: ImageHash = { low: 0, high: 0 }) {
    this.low = begun.low;
    this.high = begun.high;
  }

  /** A path, as `hashPath` has it, and what lies there. */
  add(path: ImageHash, content: ImageHash): void {
    this.low = (this.low + scramble(path.low ^ content.low)) >>> 0;
    this.high = (this.high + scramble(Math.imul(path.high, 31) ^ content.high)) >>> 0;
  }
}

/** What a directory adds, where a file adds its content. */
export const DIRECTORY: ImageHash = { low: 0x64697265, high: 0x63746f72 };

/** Two multiplicative hashes side by side: fast, and 64 bits are plenty to tell a few million images apart. */
export function hashBytes(bytes: Uint8Array): ImageHash {
  const wholeWords = bytes.length >>> 2;
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, wholeWords);
  let low = bytes.length | 0;
  let high = ~bytes.length;
  for (let i = 0; i < wholeWords; i++) {
    low = Math.imul(low ^ words[i], 0x9e3779b1);
    low ^= low >>> 15;
    high = Math.imul(((high << 13) | (high >>> 19)) + words[i], 0x85ebca6b);
  }
  for (let i = wholeWords * 4; i < bytes.length; i++) {
    low = Math.imul(low ^ bytes[i], 0x9e3779b1);
    high = Math.imul(((high << 13) | (high >>> 19)) + bytes[i], 0x85ebca6b);
  }
  return { low: scramble(low), high: scramble(high) };
}

const hashedPaths = new Map<string, ImageHash>();

/** The same paths come by the million: worked out once. */
export function hashPath(path: string): ImageHash {
  let hash = hashedPaths.get(path);
  if (hash === undefined) {
    hash = hashBytes(new TextEncoder().encode(path));
    hashedPaths.set(path, hash);
  }
  return hash;
}
