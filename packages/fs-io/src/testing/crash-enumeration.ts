import { FsError } from "../errors.ts";
import { choicesAt, fatesOf, type Choice, type CrashKinds } from "./crash-choices.ts";
import type { Fates } from "./crash-fates.ts";
import type { CrashPoint } from "./crash-point.ts";
import { hashImage, type DiskImage } from "./disk-image.ts";

/** Which crashes to go through. */
export interface EnumerationOptions extends CrashKinds {
  /** The most that there may be to go through; more is an error, never a silent selection. Default 100,000. */
  readonly limit?: number;
}

const DEFAULT_LIMIT = 100_000;

/** How many lists of fates `enumerateFates` goes through. */
export function countFates(point: CrashPoint, options: CrashKinds = {}): number {
  return choicesAt(point, options).reduce((product, choices) => product * (1 + choices.length), 1);
}

/**
 * Every list of fates that makes a difference at that crash point, the one that loses nothing first. A unit is torn in
 * its middle, and there is one garbage and one stale content; for others, make fates with a `detail` of your own.
 * @throws FsError `FS_INVALID_ARGUMENT` if there are more than the limit
 */
export function* enumerateFates(point: CrashPoint, options: EnumerationOptions = {}): Generator<Fates> {
  const { limit = DEFAULT_LIMIT } = options;
  const queues = choicesAt(point, options);
  const count = countFates(point, options);
  if (count > limit) throw tooMany(count, limit);
  for (let turn = 0; turn < count; turn++) {
    let rest = turn;
    const chosen: Choice[] = [];
    for (const choices of queues) {
      const which = rest % (1 + choices.length);
      rest = Math.floor(rest / (1 + choices.length));
      if (which > 0) chosen.push(choices[which - 1]);
    }
    yield fatesOf(point, chosen);
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
