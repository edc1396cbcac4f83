import { systemClock } from "../clock.ts";
import { FsError } from "../errors.ts";
import { countFates, enumerateFates } from "./crash-enumeration.ts";
import { CrashCheckError, type FailingCrash } from "./crash-error.ts";
import type { Fates } from "./crash-fates.ts";
import { crashPointAt, type CrashPoint } from "./crash-point.ts";
import { INFORMATIONAL_PROFILES, PROFILES, type Profile } from "./crash-profiles.ts";
import { sampleFates } from "./crash-sampling.ts";
import { minimiseFates } from "./crash-shrinking.ts";
import type { DiskImage } from "./disk-image.ts";
import { hashImage } from "./image-hash.ts";
import { SimulatedDisk } from "./simulated-disk.ts";
import type { SimulatedFileSystem } from "./simulated-file-system.ts";
import { SeededRandom } from "./simulated-random.ts";
import { describeStep } from "./step-description.ts";

/** A workload, what has to hold after a crash of it, and which crashes to try. */
export interface CrashExploration {
  /**
   * What is to survive crashes. It runs once, to its end, without one. It notes by itself what was acknowledged, and
   * with `disk.position` when. It may boot, kill and cut the power. It awaits what it calls: what went on after it has
   * resolved would not be crashed. On a disk of its own (without `disk`) it has to change something.
   */
  readonly workload: (fileSystem: SimulatedFileSystem, disk: SimulatedDisk) => Promise<void>;
  /**
   * Looks at what a crash left, and throws if that breaks a promise: start from it with `new SimulatedDisk({ image })`.
   * `ordinal` is the number of steps before the crash: what was acknowledged at a `disk.position` up to it must be
   * there. `point` tells what the disk knows to be durable, and more.
   */
  readonly check: (image: DiskImage, ordinal: number, point: CrashPoint) => Promise<void>;
  /**
   * The disk to run on: an empty one by default; one with an image that a crash left (`new SimulatedDisk({ image })`),
   * for crashes during a recovery; one on which processes were killed (`diskAt`), for power cuts after a restart.
   */
  readonly disk?: SimulatedDisk;
  /**
   * After which steps to crash: before and after each that the workload takes (the default), after so many of them
   * spread evenly, or after these.
   */
  readonly points?: "all" | number | readonly number[];
  /** Default: all of `PROFILES`. Those of `INFORMATIONAL_PROFILES` are taken as well. */
  readonly profiles?: readonly Profile[];
  /** How many crashes of each profile at each point, where there are too many to go through all. Default 8. */
  readonly fatesPerPoint?: number;
  /** Up to how many crashes of one profile at one point are all gone through. Default 64. */
  readonly exhaustiveUpTo?: number;
  /**
   * What has to hold at a crash point, as a value that is the same as long as the same has to hold (the number of
   * writes acknowledged until then, say). An image that was right once is checked again only under another value.
   * Default: the crash point itself.
   */
  readonly obligation?: (ordinal: number) => number | string;
  /** Decides which crashes are chosen. Default 1. */
  readonly seed?: number;
}

/** What was explored: for a test to assert that it is not less than it was. */
export interface CrashReport {
  readonly points: number;
  /** Crashes derived, and how many of the images that they left were checked. */
  readonly crashes: number;
  readonly images: number;
}

/**
 * Runs a workload once, and checks what crashes at its steps would have left: at each point and for each profile all
 * crashes where they are few, and a choice where they are many.
 * @throws CrashCheckError for the first crash that `check` refuses, made as harmless as it can be
 * @throws FsError `FS_INVALID_ARGUMENT` for a profile that there is not, for a workload that was not over when it
 * resolved, or did nothing to a new disk, and where no crash was tried: a success would say nothing
 */
export async function exploreCrashes(exploration: CrashExploration): Promise<CrashReport> {
  checkProfiles(exploration.profiles ?? PROFILES);
  const disk = exploration.disk ?? new SimulatedDisk();
  const first = disk.position;
  await exploration.workload(disk.boot(), disk);
  await mustBeOver(disk);
  // A recovery may find nothing to do on the disk that it is given; on a new one there is nothing to find.
  if (exploration.disk === undefined && disk.position === first) refuse("the workload did nothing to the disk");
  const explorer = new Explorer(exploration, disk);
  for (const ordinal of ordinalsOf(exploration.points ?? "all", first, disk.position)) await explorer.crashAt(ordinal);
  if (explorer.report.crashes === 0) refuse("no crash was tried: there are no points, or no profiles");
  return explorer.report;
}

class Explorer {
  readonly #exploration: CrashExploration;
  readonly #disk: SimulatedDisk;
  readonly #random: SeededRandom;
  readonly #seen: Set<string> = new Set();
  readonly report = { points: 0, crashes: 0, images: 0 };

  constructor(exploration: CrashExploration, disk: SimulatedDisk) {
    this.#exploration = exploration;
    this.#disk = disk;
    this.#random = new SeededRandom(exploration.seed ?? 1);
  }

  async crashAt(ordinal: number): Promise<void> {
    this.report.points++;
    const point = crashPointAt(this.#disk, ordinal);
    for (const profile of this.#exploration.profiles ?? PROFILES) {
      for (const fates of this.#crashes(point, profile)) await this.#crash(point, fates, profile);
    }
  }

  *#crashes(point: CrashPoint, profile: Profile): Generator<Fates> {
    const { exhaustiveUpTo = 64, fatesPerPoint = 8 } = this.#exploration;
    if (countFates(point, { profile }) <= exhaustiveUpTo) {
      yield* enumerateFates(point, { profile, limit: exhaustiveUpTo });
      return;
    }
    for (let i = 0; i < fatesPerPoint; i++) yield sampleFates(point, this.#random, { profile });
  }

  async #crash(point: CrashPoint, fates: Fates, profile: Profile): Promise<void> {
    this.report.crashes++;
    const image = point.image(fates, profile);
    const key = `${this.#exploration.obligation?.(point.ordinal) ?? point.ordinal} ${hashImage(image)}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.report.images++;
    if ((await this.#complaint(point, fates, profile)) !== undefined) await this.#fail(point, fates, profile);
  }

  /** Why the check refuses what that crash leaves; `undefined` if it does not. */
  async #complaint(
    point: CrashPoint,
    fates: Fates,
    profile: Profile,
  ): Promise<{ readonly reason: unknown } | undefined> {
    try {
      await this.#exploration.check(point.image(fates, profile), point.ordinal, point);
      return undefined;
    } catch (reason) {
      return { reason };
    }
  }

  async #fail(point: CrashPoint, found: Fates, profile: Profile): Promise<never> {
    const isRefused = async (fates: Fates): Promise<boolean> =>
      (await this.#complaint(point, fates, profile)) !== undefined;
    const fates = await minimiseFates(found, isRefused);
    const complaint = await this.#complaint(point, fates, profile);
    const crash: FailingCrash = { ordinal: point.ordinal, fates, profile };
    throw new CrashCheckError(crash, point.describe(fates, profile), complaint?.reason);
  }
}

/** The crash points between two positions of a disk, both included. */
function ordinalsOf(points: "all" | number | readonly number[], first: number, last: number): readonly number[] {
  if (typeof points === "object") return points;
  const all = last - first + 1;
  const count = points === "all" ? all : Math.min(points, all);
  return Array.from({ length: count }, (_, i) => first + Math.floor((i * (last - first)) / Math.max(1, count - 1)));
}

function checkProfiles(profiles: readonly string[]): void {
  const known: readonly string[] = [...PROFILES, ...INFORMATIONAL_PROFILES];
  const unknown = profiles.find((profile) => !known.includes(profile));
  if (unknown === undefined) return;
  refuse(`there is no profile ${JSON.stringify(unknown)}; there are ${known.join(", ")}`);
}

/**
 * Whether calls wait at this moment would not do: between two calls of one chain none does, and those of processes that
 * were killed wait in vain. A turn of the event loop lets whatever was not awaited go on.
 */
async function mustBeOver(disk: SimulatedDisk): Promise<void> {
  const { position, faultableCalls } = disk;
  await systemClock.yield();
  if (disk.position === position && disk.faultableCalls === faultableCalls) return;
  const step = disk.recording.operations.at(position);
  const after = step === undefined ? "" : ` After it came: ${describeStep(step)}`;
  refuse(`the workload resolved before its calls did: is an await missing?${after}`);
}

function refuse(words: string): never {
  throw new FsError("FS_INVALID_ARGUMENT", `exploreCrashes: ${words}`, { operation: "exploreCrashes", path: "" });
}
