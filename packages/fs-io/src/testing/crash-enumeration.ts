import { FsError } from "../errors.ts";
import { benignFates, type CrashKinds } from "./crash-choices.ts";
import type { Fates } from "./crash-fates.ts";
import { outcomesAt } from "./crash-outcomes.ts";
import type { CrashPoint } from "./crash-point.ts";
import type { DiskImage } from "./disk-image.ts";
import { hashImage } from "./image-hash.ts";

/** Which crashes to go through. */
export interface EnumerationOptions extends CrashKinds {
  /** The most that there may be to go through; more is an error, never a silent selection. Default 100,000. */
  readonly limit?: number;
}

const DEFAULT_LIMIT = 100_000;

/** How many lists of fates `enumerateFates` goes through. */
export function countFates(point: CrashPoint, options: CrashKinds = {}): number {
  return outcomesAt(point, options).count;
}

/**
 * Lists of fates that leave every image that a crash at that point can leave, the one that loses nothing first. Most
 * that make no difference are left out: what becomes of a file without a name, or of bytes beyond a file's end. A unit
 * is torn in its middle, and there is one garbage and one stale content; for others, make fates with a `detail` of your
 * own.
 * @throws FsError `FS_INVALID_ARGUMENT` if there are more than the limit
 */
export function* enumerateFates(point: CrashPoint, options: EnumerationOptions = {}): Generator<Fates> {
  const { limit = DEFAULT_LIMIT } = options;
  const ways = outcomesAt(point, options);
  if (ways.count > limit) throw tooMany(ways.count, limit);
  for (let number = 0; number < ways.count; number++) {
    const fates = benignFates(point);
    ways.choose(number, fates);
    yield fates;
  }
}

/**
 * Every image, each once, that a crash at that point can leave; those of `enumerateFates`, told apart by their hash.
 * @throws FsError `FS_INVALID_ARGUMENT` if there are more fates than the limit
 */
export function* legalImages(point: CrashPoint, options: EnumerationOptions = {}): Generator<DiskImage> {
  const seen = new Set<string>();
  for (const fates of enumerateFates(point, options)) {
    const image = point.image(fates, options.profile);
    const hash = hashImage(image);
    if (!seen.has(hash)) yield image;
    seen.add(hash);
  }
}

function tooMany(count: number, limit: number): FsError {
  const words = `there are ${count} crashes to go through, and ${limit} is the limit`;
  return new FsError("FS_INVALID_ARGUMENT", words, { operation: "enumerateFates", path: "" });
}
