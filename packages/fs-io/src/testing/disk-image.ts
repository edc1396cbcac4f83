import { FsError } from "../errors.ts";
import { hashBytes, type ImageHash } from "./image-hash.ts";

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
