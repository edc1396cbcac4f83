import { FsError } from "../errors.ts";
import { describeCrash } from "./crash-description.ts";
import type { Fates } from "./crash-fates.ts";
import { CrashImages, hashAsSeen, imageAsSeen } from "./crash-image.ts";
import { rulesOf, type Profile } from "./crash-profiles.ts";
import { unitsOf, type PendingUnit } from "./crash-units.ts";
import type { DiskImage } from "./disk-image.ts";
import type { ImageHash } from "./image-hash.ts";
import { checkFates, SimulatedDisk, type SimulatedDiskOptions } from "./simulated-disk.ts";
import { replay, type Recording } from "./simulated-machine.ts";
import type { Contents, FileContents } from "./simulated-contents.ts";
import { DiskState } from "./simulated-state.ts";

/**
 * One moment of a disk's recorded life: the disk right after its first `ordinal` steps. All crashes that could have
 * happened then are derived from the recording; the program does not run again.
 */
export class CrashPoint {
  readonly ordinal: number;
  /** What no completed sync covers at this moment, in the order in which it was issued. */
  readonly units: readonly PendingUnit[];
  readonly recording: Recording;
  /** How many numbers `Fates` can have here. */
  readonly pendingCount: number;
  readonly #images: Map<Profile, CrashImages> = new Map();
  readonly #known: Map<unknown, Map<string, unknown>> = new Map();

  constructor(recording: Recording, ordinal: number) {
    this.ordinal = ordinal;
    this.recording = recording;
    this.units = unitsOf(this.#state().log);
    this.pendingCount = this.units.filter(({ fateIndex }) => fateIndex >= 0).length;
  }

  /**
   * What is on the disk when a crash comes now. Without fates and a profile nothing is lost: `image([], "drop-all")` is a power
   * cut that takes all that it can.
   * @throws FsError `FS_INVALID_ARGUMENT` if a fate is not a non-negative safe integer
   */
  image(fates: Fates = [], profile: Profile = "free"): DiskImage {
    checkFates("image", fates);
    return profile === "kill" ? imageAsSeen(this.#state()) : this.imagesUnder(profile).image(fates);
  }

  /**
   * What tells that image apart from others, as `hashImage` does, at a fraction of the cost of making it: for telling
   * which of many crashes leave what was seen before.
   * @throws FsError `FS_INVALID_ARGUMENT` if a fate is not a non-negative safe integer
   */
  imageHash(fates: Fates = [], profile: Profile = "free"): ImageHash {
    checkFates("imageHash", fates);
    return profile === "kill" ? hashAsSeen(this.#state()) : this.imagesUnder(profile).hash(fates);
  }

  /** What derives the images of that profile: for the enumeration, which looks into the parts that they are made of. */
  imagesUnder(profile: Exclude<Profile, "kill">): CrashImages {
    let images = this.#images.get(profile);
    if (images === undefined) {
      images = new CrashImages(this.units, rulesOf(profile), () => this.#state());
      this.#images.set(profile, images);
    }
    return images;
  }

  /** What `make` makes of this point, once for each `maker` and `key`: it is kept as long as the point is. */
  once<T>(maker: unknown, key: string, make: () => T): T {
    let known = this.#known.get(maker);
    if (known === undefined) this.#known.set(maker, (known = new Map()));
    if (!known.has(key)) known.set(key, make());
    return known.get(key) as T;
  }

  /** As `SimulatedDisk.durableBytes`, at this moment. */
  durableBytes(path: string): number {
    const node = this.#state().lookupDurable(path);
    return node?.kind === "file" ? node.durableBytes : 0;
  }

  /** As `SimulatedDisk.isEntryDurable`, at this moment. */
  isEntryDurable(path: string): boolean {
    return this.#state().lookupDurable(path) !== undefined;
  }

  /** In words, a line for each unit: what becomes of everything that was in flight. */
  describe(fates: Fates = [], profile: Profile = "free"): string {
    return describeCrash(this.units, fates, profile, this.recording.operations[this.ordinal - 1]);
  }

  #state(): DiskState {
    return cursorOf(this.recording).seek(this.ordinal);
  }
}

/**
 * The disk as it was after its first `ordinal` steps. Going forward from one crash point to the next is cheap; going
 * back replays the recording from its beginning.
 * @throws FsError `FS_INVALID_ARGUMENT` if there were not that many steps
 */
export function crashPointAt(disk: SimulatedDisk, ordinal: number): CrashPoint {
  if (Number.isInteger(ordinal) && ordinal >= 0 && ordinal <= disk.position) {
    return new CrashPoint(disk.recording, ordinal);
  }
  const words = `there is no crash point ${ordinal}: the disk took ${disk.position} steps`;
  throw new FsError("FS_INVALID_ARGUMENT", words, { operation: "crashPointAt", path: "" });
}

/** What was on the disk if the crash came after its first `ordinal` steps: `crashPointAt(disk, ordinal).image(...)`. */
export function imageAt(disk: SimulatedDisk, ordinal: number, fates: Fates = [], profile: Profile = "free"): DiskImage {
  return crashPointAt(disk, ordinal).image(fates, profile);
}

/**
 * A disk of its own that is as `disk` was after its first `ordinal` steps when all processes were killed then: nothing
 * runs, and what was not synced is still in flight. A program can go on on it, and the power be cut later: the chain
 * kill, open again, power cut. Its ordinals go on from `ordinal`. It is a disk of the same kind, unless `options` say
 * otherwise.
 */
export function diskAt(
  disk: SimulatedDisk,
  ordinal: number,
  options: Omit<SimulatedDiskOptions, "image" | "recording"> = {},
): SimulatedDisk {
  const { recording } = crashPointAt(disk, ordinal);
  const contents = contentsOf(cursorOf(recording).seek(ordinal));
  const { image, operations } = recording;
  const forked = { image, operations: operations.slice(0, ordinal), contents };
  return new SimulatedDisk({ ...disk.traits, ...options, recording: forked });
}

/** What every file held then, of its own. What came later is the original's: the fork may write other bytes there. */
function contentsOf(state: DiskState): Contents {
  const sizes = new Map<FileContents, number>();
  for (const node of state.nodes.values()) if (node.kind === "file") sizes.set(node.contents, node.size);
  const forked: Contents = new Map();
  for (const [id, contents] of state.contents) {
    // Of a file that was reverted or evicted, or is gone, earlier moments may read more than there is of it now.
    if (id < state.nextId) forked.set(id, contents.fork(sizes.get(contents) ?? contents.buffer.length));
  }
  return forked;
}

/** Replays a recording up to any step. */
class Cursor {
  readonly #recording: Recording;
  #state: DiskState;

  constructor(recording: Recording) {
    this.#recording = recording;
    this.#state = new DiskState(recording.image, recording.contents);
  }

  seek(ordinal: number): DiskState {
    const { image, operations, contents } = this.#recording;
    if (ordinal < this.#state.position) this.#state = new DiskState(image, contents);
    while (this.#state.position < ordinal) replay(this.#state, operations[this.#state.position]);
    return this.#state;
  }
}

const cursors = new WeakMap<Recording, Cursor>();

function cursorOf(recording: Recording): Cursor {
  let cursor = cursors.get(recording);
  if (cursor === undefined) {
    cursor = new Cursor(recording);
    cursors.set(recording, cursor);
  }
  return cursor;
}
