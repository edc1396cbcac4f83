import { HashlogError, type BackupReport } from "@hashlog/engine";
import { MANIFEST_NAME } from "@hashlog/format";
import { crashPointAt, sampleFates, SeededRandom, SimulatedDisk, type DiskImage } from "@hashlog/fs-io/testing";
import { settled } from "../world/quiet.ts";
import { emptyStore, openStore, type StoreShape, type TextStore } from "../world/text-store.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import { show, Writer, type WriteStep } from "../world/writer.ts";
import { openBackup } from "./open-backup.ts";

/** Something that a program does with its store. */
export type BackupStep =
  | WriteStep
  /** Waits for all that was begun: backups take so many turns that few come after another otherwise. */
  | readonly ["await"]
  /** Begins a backup into the directory of that number, unless one is under way. */
  | readonly ["backup", number]
  /**
   * The process is killed, and another opens the store: once all commits are acknowledged, and the disk has taken so many
   * steps since the last backup was begun, if it is under way for so long.
   */
  | readonly ["kill", number];

export interface BackupCase {
  readonly sync: "always" | "never";
  readonly segments: number;
  readonly steps: readonly BackupStep[];
  /** Which waiting call of the file system returns next; then first come, first served. */
  readonly schedule: readonly number[];
  /** Where the power is cut, as parts of a thousand of the way, and of each later backup's, with a seed of what is lost. */
  readonly crashes: readonly (readonly [number, number])[];
}

/** A backup that was begun. Steps are those of the disk. */
interface Backup {
  readonly directory: string;
  /** What was acknowledged when it was asked for, as a number of commits. */
  readonly least: number;
  readonly begun: number;
  report: BackupReport | undefined;
  /** When it was made, or the process was killed. */
  ended: number | undefined;
}

const DIRECTORIES = ["/data/first", "/data/second"];
const CUT_OFF: readonly string[] = ["HASHLOG_CORRUPT", "HASHLOG_NOT_FOUND"];
const MICROTASKS = 500;
const KEYS = ["a", "b", "c", "d"];

/**
 * Runs the case to its end, and then looks at what a power cut at each of its moments leaves of the backups: what had
 * been done is there, whole, whatever a later one was doing; what opens at all holds the state after some prefix of the
 * commits, no shorter than what was acknowledged when it was asked for; and where nothing opens another can be made.
 * @returns how many backups came after an earlier one into the same directory
 * @throws Error for the first one of which that is not so
 */
export async function runBackups(given: BackupCase): Promise<number> {
  const disk = new SimulatedDisk({ image: await emptyStore(), schedule: given.schedule });
  const run = new Run(await openStore(disk.boot(), given), disk, given);
  for (const step of given.steps) await run.do(step);
  await run.end();
  const later = run.laterBackups();
  for (const [permille, seed] of given.crashes) {
    for (const { begun, ended = disk.position } of [{ begun: 0, ended: undefined }, ...later]) {
      const ordinal = begun + Math.floor(((ended - begun) * permille) / 1000);
      const point = crashPointAt(disk, ordinal);
      const image = point.image(sampleFates(point, new SeededRandom(seed)));
      for (const directory of DIRECTORIES) await run.judge(image, directory, ordinal);
    }
  }
  return later.length;
}

class Run {
  #store: TextStore;
  readonly #disk: SimulatedDisk;
  readonly #shape: StoreShape;
  readonly #writer: Writer;
  readonly #backups: Backup[] = [];
  #kills = 0;

  constructor(store: TextStore, disk: SimulatedDisk, shape: StoreShape) {
    this.#store = store;
    this.#disk = disk;
    this.#shape = shape;
    this.#writer = new Writer(store, KEYS);
  }

  async do(step: BackupStep): Promise<void> {
    if (step[0] === "backup") this.#backUp(DIRECTORIES[step[1] % DIRECTORIES.length]!);
    else if (step[0] === "await") await this.#writer.settle();
    else if (step[0] === "kill") await this.#kill(step[1]);
    else await this.#writer.do(step);
  }

  /** Waits for everything. What was backed up held what was acknowledged when it was asked for. */
  async end(): Promise<void> {
    await this.#writer.end();
    for (const { directory, least, report } of this.#backups) {
      const count = report === undefined ? least : this.#commitsOf(report.sequence);
      if (count < least) throw new Error(`${directory} holds ${count} commits, and ${least} were acknowledged`);
    }
  }

  /** Those that were made beside an earlier one in their directory, which has to stay whole. */
  laterBackups(): readonly Pick<Backup, "begun" | "ended">[] {
    const isLater = ({ directory }: Backup, index: number): boolean =>
      this.#backups.slice(0, index).some((earlier) => earlier.directory === directory);
    return this.#backups.filter(isLater);
  }

  /** What a power cut leaves in that directory. */
  async judge(image: DiskImage, directory: string, ordinal: number): Promise<void> {
    const began = this.#backups.filter((backup) => backup.directory === directory && backup.begun <= ordinal);
    const done = began.findLast(({ report, ended }) => report !== undefined && ended! <= ordinal);
    const isThere = image.files.has(`${directory}/${MANIFEST_NAME}`);
    const found = await openBackup(image, directory).catch((error: unknown) => {
      // One that was cut off before its manifest was there says so.
      if (isThere || !HashlogError.is(error) || !CUT_OFF.includes(error.code)) throw error;
      return undefined;
    });
    if (found === undefined) {
      if (done === undefined) return this.#mustBackUpAgain(image, directory);
      throw new Error(`${directory} has no manifest, and a backup into it was done`);
    }
    if (began.length === 0) throw new Error(`${directory} is a store, and nobody asked for it`);
    const least = done === undefined ? began[0]!.least : this.#commitsOf(done.report!.sequence);
    const shown = show(found);
    const isPrefix = this.#writer.states.some((state, count) => count >= least && show(state) === shown);
    if (!isPrefix) throw new Error(`${directory} holds ${shown}, which is no state after ${least} commits or more`);
  }

  #backUp(directory: string): void {
    if (this.#backups.some((backup) => backup.directory === directory && backup.ended === undefined)) return;
    const backup: Backup = {
      directory,
      least: this.#writer.acknowledged,
      begun: this.#disk.position,
      report: undefined,
      ended: undefined,
    };
    this.#backups.push(backup);
    const done = this.#store.backup(directory).then((report) => {
      backup.report = report;
      backup.ended = this.#disk.position;
    });
    this.#writer.begin(done);
  }

  /** What was cut off is in nobody's way. */
  async #mustBackUpAgain(image: DiskImage, directory: string): Promise<void> {
    const fileSystem = new SimulatedDisk({ image, keepsTrace: false }).boot();
    const store = await openStore(fileSystem, this.#shape, new VirtualClock(), this.#kills + 1);
    await settled(store.backup(directory), "a backup where one was cut off");
    await settled(store.close(), "closing");
  }

  async #kill(steps: number): Promise<void> {
    await this.#writer.settleCommits();
    const last = this.#backups.at(-1);
    const isToCome = (): boolean =>
      last !== undefined && last.ended === undefined && this.#disk.position < last.begun + steps;
    // What waits for a turn of the event loop waits beyond the kill.
    for (let turn = 0; turn < MICROTASKS && isToCome(); turn += 1) await Promise.resolve();
    this.#disk.kill();
    for (const backup of this.#backups) backup.ended ??= this.#disk.position;
    this.#kills += 1;
    this.#store = await openStore(this.#disk.boot(), this.#shape, new VirtualClock(), this.#kills);
    this.#writer.goOnWith(this.#store);
  }

  /** How many commits end with that sequence; fails where one would be cut in two. */
  #commitsOf(sequence: number): number {
    const count = this.#writer.sequences.indexOf(sequence);
    if (count < 0) throw new Error(`a backup ends with sequence ${sequence}, in the middle of a commit`);
    return count;
  }
}
