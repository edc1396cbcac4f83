import { FsError } from "../errors.ts";
import { scramble } from "./simulated-random.ts";

/** A file of an image. Two paths with the same `ImageFile` are two names (hard links) of one file. */
export class ImageFile {
  /** The content. Shared with other images: not to be changed. */
  readonly bytes: Uint8Array;
  #hash: ImageHash | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** A 64-bit hash of the bytes, worked out once. */
  get hash(): ImageHash {
    this.#hash ??= hashBytes(this.bytes);
    return this.#hash;
  }
}

/** The JSON form of an image: bytes in hexadecimal; a further name of a file is given as the first of its names. */
export interface DiskImageJson {
  readonly directories: readonly string[];
  readonly files: Readonly<Record<string, string | { readonly sameAs: string }>>;
  /** Left out if there is none. */
  readonly residue?: readonly string[];
}

/**
 * What a machine finds on its disk when it is switched on: directories and files, nothing in flight. Immutable; the
 * root `/` is always there. Most images share the bytes of their files with others and cost no copy.
 */
export class DiskImage {
  /** All directories but the root, each after the one that holds it. */
  readonly directories: readonly string[];
  readonly files: ReadonlyMap<string, ImageFile>;
  readonly #residue: readonly ImageFile[];

  constructor(
    directories: readonly string[] = [],
    files: ReadonlyMap<string, ImageFile> = new Map(),
    residue: readonly ImageFile[] = [],
  ) {
    this.directories = directories;
    this.files = files;
    this.#residue = residue;
  }

  /**
   * What files held before the crashes that led to this image and do not hold now, the newest first: nobody can read
   * it, but blocks that are handed out again may bring it back, in a later crash (`EARLIER_LIVES`). No part of what an
   * image is: images that differ in nothing else have the same hash.
   */
  get residue(): readonly ImageFile[] {
    const there = new Set(this.files.values());
    return this.#residue.filter((file) => !there.has(file));
  }

  /** An image that holds these files, by absolute path, and the directories that lead to them. */
  static of(files: Readonly<Record<string, Uint8Array>>, directories: readonly string[] = []): DiskImage {
    const all = new Set<string>();
    for (const path of directories) addAncestors(all, `${path}/`);
    for (const path of Object.keys(files)) addAncestors(all, path);
    return new DiskImage([...all], new Map(Object.entries(files).map(([path, bytes]) => [path, new ImageFile(bytes)])));
  }

  /** The content of the file at `path`, or `undefined` if there is none. Shared: not to be changed. */
  bytes(path: string): Uint8Array | undefined {
    return this.files.get(path)?.bytes;
  }

  /** This image with one file added or replaced, for a test that damages it. Its directory must be there. */
  withFile(path: string, bytes: Uint8Array): DiskImage {
    return new DiskImage(this.directories, new Map(this.files).set(path, new ImageFile(bytes)), this.residue);
  }

  /** This image without that file. */
  withoutFile(path: string): DiskImage {
    const files = new Map(this.files);
    files.delete(path);
    return new DiskImage(this.directories, files, this.residue);
  }

  toJSON(): DiskImageJson {
    const firstNames = new Map<ImageFile, string>();
    const files: Record<string, string | { sameAs: string }> = {};
    for (const [path, file] of [...this.files].sort(byPath)) {
      const sameAs = firstNames.get(file);
      files[path] = sameAs === undefined ? toHex(file.bytes) : { sameAs };
      if (sameAs === undefined) firstNames.set(file, path);
    }
    const residue = this.residue.map(({ bytes }) => toHex(bytes));
    return { directories: this.directories, files, ...(residue.length > 0 && { residue }) };
  }

  /**
   * The image that `toJSON` wrote.
   * @throws FsError `FS_INVALID_ARGUMENT` for a second name of a file that is not there
   */
  static fromJSON(json: DiskImageJson): DiskImage {
    const files = new Map<string, ImageFile>();
    for (const [path, content] of Object.entries(json.files)) {
      if (typeof content === "string") files.set(path, new ImageFile(fromHex(content)));
    }
    for (const [path, content] of Object.entries(json.files)) {
      if (typeof content !== "string") files.set(path, firstName(files, path, content.sameAs));
    }
    const residue = json.residue?.map((hex) => new ImageFile(fromHex(hex)));
    return new DiskImage(json.directories, files, residue);
  }
}

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
function hashBytes(bytes: Uint8Array): ImageHash {
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

function addAncestors(directories: Set<string>, path: string): void {
  for (let slash = path.indexOf("/", 1); slash !== -1; slash = path.indexOf("/", slash + 1)) {
    directories.add(path.slice(0, slash));
  }
}

function firstName(files: ReadonlyMap<string, ImageFile>, path: string, sameAs: string): ImageFile {
  const file = files.get(sameAs);
  if (file !== undefined) return file;
  const words = `${path} is to be a further name of ${sameAs}, which is no file of the image`;
  throw new FsError("FS_INVALID_ARGUMENT", words, { operation: "DiskImage.fromJSON", path });
}

function byPath(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16));
}
