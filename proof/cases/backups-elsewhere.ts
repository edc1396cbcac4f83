import { HashlogError } from "@hashlog/engine";
import { FsError, type FileSystem } from "@hashlog/fs-io";
import {
  crashPointAt,
  DiskImage,
  sampleFates,
  SeededRandom,
  SimulatedDisk,
  type DiskTraits,
} from "@hashlog/fs-io/testing";
import { openBackup } from "../backups/open-backup.ts";
import type { Obligation } from "../oracle/obligation.ts";
import { mustBeABackup, mustHaveABackup, mustReachAcknowledged } from "../properties/p22-backups.ts";
import { mapKeydir } from "../world/map-keydir.ts";
import type { TextStore } from "../world/text-store.ts";

/** What is to be known of the store that is backed up. */
interface BackedUp {
  readonly acknowledged: () => number;
  /** How many units end with that sequence, or before it. */
  readonly countUpTo: (sequence: number) => number;
  /** The states from `least` commits on to all that are in the log. */
  readonly statesFrom: (least: number) => Obligation;
}

/**
 * The backups of a case, into one directory on a volume of their own. On the store's own volume they would be in each image
 * of a crash: what is pending of a backup would multiply the crashes at each step, and images count as different ones in
 * which the store's directory is the same. There they are proven by themselves (proof/backups), links included, which
 * there are none to another volume. What a backup does to the store, and what merges do beneath it, is the same.
 */
export class BackupsElsewhere {
  readonly #what: BackedUp;
  readonly #disk: SimulatedDisk;
  #isUnderWay = false;
  /** How many commits the last one holds that was made; `undefined`: there is none. */
  #made: number | undefined;
  #wasBegun = false;

  constructor(traits: DiskTraits, what: BackedUp) {
    this.#disk = new SimulatedDisk({ ...traits, image: DiskImage.of({}, [VOLUME]), keepsTrace: false });
    this.#what = what;
  }

  /** The file system of a new process, with that volume in it. */
  mountedIn(fileSystem: FileSystem): FileSystem {
    const volume = this.#disk.boot();
    const link = (): Promise<void> =>
      Promise.reject(new FsError("FS_NOT_SUPPORTED", "link: it is another volume", { operation: "link", path: PLACE }));
    return new Proxy(fileSystem, {
      get: (target, name) => {
        const member = Reflect.get(target, name, target) as unknown;
        if (typeof member !== "function") return member;
        return (...given: readonly unknown[]): unknown => {
          if (name === "link" && isThere(given[1])) return link();
          const [on, call] = isThere(given[0]) ? [volume, Reflect.get(volume, name) as Call] : [target, member as Call];
          return Reflect.apply(call, on, given);
        };
      },
    });
  }

  /** Begins a backup, unless one is under way; resolves when it was made, and judged. */
  backUp(store: TextStore): Promise<void> | undefined {
    if (this.#isUnderWay) return undefined;
    this.#isUnderWay = true;
    this.#wasBegun = true;
    return this.#make(store, this.#what.acknowledged());
  }

  async #make(store: TextStore, acknowledged: number): Promise<void> {
    const { sequence } = await store.backup(PLACE);
    const count = this.#what.countUpTo(sequence);
    mustReachAcknowledged(count, acknowledged);
    this.#isUnderWay = false;
    this.#made = count;
    // It is durable, so that no power cut takes anything of it.
    const image = crashPointAt(this.#disk, this.#disk.position).image([], "drop-all");
    const states = this.#what.statesFrom(count);
    await this.#judge(image, states.narrowed([count], states.time));
  }

  /**
   * The process that made backups is gone; with `seed` the power as well, and what is not synced fares as it says. What was
   * made is there, whatever one that was cut off was doing.
   */
  async crashed(seed?: number): Promise<void> {
    if (!this.#wasBegun) return;
    this.#isUnderWay = false;
    const point = crashPointAt(this.#disk, this.#disk.position);
    if (seed === undefined) this.#disk.kill();
    else this.#disk.powerCut(sampleFates(point, new SeededRandom(seed)));
    await this.#judge(this.#disk.image(), this.#what.statesFrom(this.#made ?? 0));
  }

  async #judge(image: DiskImage, states: Obligation): Promise<void> {
    const { nowMs } = states.time;
    const read = await openBackup(image, PLACE, { nowMs, index: mapKeydir }).catch((error: unknown) => {
      // One that was cut off before its manifest was there says so.
      if (this.#made !== undefined || !isCutOff(error)) mustHaveABackup(error);
    });
    if (read !== undefined) mustBeABackup(read, states);
  }
}

function isCutOff(error: unknown): boolean {
  return HashlogError.is(error) && (error.code === "HASHLOG_CORRUPT" || error.code === "HASHLOG_NOT_FOUND");
}

type Call = (...given: readonly unknown[]) => unknown;

/** Where the volume is mounted, and a directory on it. */
const VOLUME = "/backups";
const PLACE = `${VOLUME}/store`;

function isThere(path: unknown): boolean {
  return typeof path === "string" && path.startsWith(VOLUME);
}
