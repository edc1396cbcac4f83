import { SECTOR_BYTES } from "./crash-units.ts";
import { contentOf, fileDamage, type Damage, type SectorOptions } from "./damage.ts";
import type { DiskImage } from "./disk-image.ts";

/**
 * Damage of whole sectors: what a disk loses, forgets to write, or writes in the wrong place. The last sector of a file
 * may be a short one; a longer sector that comes into its place is cut, and of a shorter one the rest stays as it was.
 * `path` must be a file of the image; `FsError` `FS_INVALID_ARGUMENT` otherwise.
 */

/** Each sector that is not zeros already reads as zeros. */
export function* zeroedSectors(image: DiskImage, path: string, options: SectorOptions = {}): Generator<Damage> {
  for (const { at, end, bytes: content } of sectorsOf(image, path, options)) {
    if (content.every((byte) => byte === 0)) continue;
    yield fileDamage(path, end, `the sector at ${at} of ${path} is zeros`, (bytes) => bytes.slice().fill(0, at, end));
  }
}

/** Each sector is gone, and what lies behind it moves up. */
export function* droppedSectors(image: DiskImage, path: string, options: SectorOptions = {}): Generator<Damage> {
  for (const { at, end } of sectorsOf(image, path, options)) {
    yield fileDamage(path, end, `the sector at ${at} of ${path} is gone`, (bytes) => joined(bytes, at, bytes, end));
  }
}

/** Each sector is there twice, and what lies behind it moves down. */
export function* duplicatedSectors(image: DiskImage, path: string, options: SectorOptions = {}): Generator<Damage> {
  for (const { at, end } of sectorsOf(image, path, options)) {
    yield fileDamage(path, end, `the sector at ${at} of ${path} is there twice`, (bytes) =>
      joined(bytes, end, bytes, at),
    );
  }
}

/** Each two sectors, one of the file and one of the same or of another file, have changed places. */
export function* swappedSectors(
  image: DiskImage,
  path: string,
  otherPath: string = path,
  options: SectorOptions = {},
): Generator<Damage> {
  for (const one of sectorsOf(image, path, options)) {
    for (const other of sectorsOf(image, otherPath, options)) {
      if (path === otherPath && other.at <= one.at) continue;
      if (isCovered(one.bytes, other.bytes) && isCovered(other.bytes, one.bytes)) continue;
      yield swap(path, one, otherPath, other);
    }
  }
}

/** A write that went astray: each sector of a file, of this disk or of another, lies over each other one of this file. */
export function* misdirectedSectors(
  image: DiskImage,
  path: string,
  sourcePath: string = path,
  source: DiskImage = image,
  options: SectorOptions = {},
): Generator<Damage> {
  for (const from of sectorsOf(source, sourcePath, options)) {
    for (const to of sectorsOf(image, path, options)) {
      if (isCovered(to.bytes, from.bytes)) continue;
      const description = `over the sector at ${to.at} of ${path} lies that at ${from.at} of ${sourcePath}`;
      yield fileDamage(path, to.end, description, (bytes) => overwritten(bytes, to, from.bytes));
    }
  }
}

/**
 * A write that never came: each sector is as it was in an earlier image of the same disk, alone. Each old content of a
 * sector is tried once; sectors that were the same, or not there, are left out.
 */
export function* staleSectors(
  image: DiskImage,
  path: string,
  earlier: readonly DiskImage[],
  options: SectorOptions = {},
): Generator<Damage> {
  const tried = new Set<string>();
  const versions = earlier.filter((older) => older.bytes(path) !== undefined);
  for (const older of versions) {
    const old = sectorsOf(older, path, options);
    for (const [index, now] of sectorsOf(image, path, options).slice(0, old.length).entries()) {
      const was = old[index].bytes;
      const version = `${now.at} ${was.join()}`;
      if (tried.has(version) || isCovered(now.bytes, was)) continue;
      tried.add(version);
      const description = `the sector at ${now.at} of ${path} is as it was in version ${tried.size}`;
      yield fileDamage(path, now.end, description, (bytes) => overwritten(bytes, now, was));
    }
  }
}

interface Sector {
  readonly at: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

function sectorsOf(image: DiskImage, path: string, { sectorBytes = SECTOR_BYTES }: SectorOptions): readonly Sector[] {
  const bytes = contentOf(image, path, 0);
  return Array.from({ length: Math.ceil(bytes.length / sectorBytes) }, (_, index) => {
    const at = index * sectorBytes;
    const end = Math.min(at + sectorBytes, bytes.length);
    return { at, end, bytes: bytes.subarray(at, end) };
  });
}

function swap(path: string, one: Sector, otherPath: string, other: Sector): Damage {
  return {
    description: `the sectors at ${one.at} of ${path} and at ${other.at} of ${otherPath} have changed places`,
    paths: path === otherPath ? [path] : [path, otherPath],
    apply: (image) => {
      const first = contentOf(image, path, one.end).slice(one.at, one.end);
      const second = contentOf(image, otherPath, other.end).slice(other.at, other.end);
      const half = image.withFile(path, overwritten(contentOf(image, path, 0), one, second));
      return half.withFile(otherPath, overwritten(contentOf(half, otherPath, 0), other, first));
    },
  };
}

function overwritten(bytes: Uint8Array, { at, end }: Sector, content: Uint8Array): Uint8Array {
  const result = bytes.slice();
  result.set(content.subarray(0, end - at), at);
  return result;
}

// The first of the one up to `end`, then the other from `from` on.
function joined(first: Uint8Array, end: number, second: Uint8Array, from: number): Uint8Array {
  const result = new Uint8Array(end + second.length - from);
  result.set(first.subarray(0, end));
  result.set(second.subarray(from), end);
  return result;
}

/** Whether `over`, written over `bytes`, changes nothing. */
function isCovered(bytes: Uint8Array, over: Uint8Array): boolean {
  return over.subarray(0, bytes.length).every((byte, index) => byte === bytes[index]);
}
