import { HashlogError, type BackupReport } from "@hashlog/engine";
import { MANIFEST_NAME } from "@hashlog/format";
import { crashPointAt, sampleFates, SeededRandom, SimulatedDisk, type DiskImage } from "@hashlog/fs-io/testing";
import { quiet, settled } from "../world/quiet.ts";
import { emptyStore, openStore, type TextStore } from "../world/text-store.ts";
import { openBackup } from "./open-backup.ts";

/** Something that a program does with its store. */
export type BackupStep =
  /** Key, and length of the value. */
  | readonly ["put", number, number]
  | readonly ["delete", number]
  | readonly ["batch", readonly (readonly [number, number])[]]
  | readonly ["compact"]
  /** Waits until so many microtasks have passed. */
  | readonly ["turns", number]
  /** Begins a backup into the directory of that number, unless one is under way. */
  | readonly ["backup", number];

export interface BackupCase {
  readonly sync: "always" | "never";
  readonly segments: number;
  readonly steps: readonly BackupStep[];
  /** Which waiting call of the file system returns next; then first come, first served. */
  readonly schedule: readonly number[];
  /** Where the power is cut, as parts of a thousand of the way, with a seed of what is lost. */
  readonly crashes: readonly (readonly [number, number])[];
}

type State = ReadonlyMap<string, string>;

/** A backup that was begun. Steps are those of the disk. */
interface Backup {
  readonly directory: string;
  /** What was acknowledged when it was asked for, as a number of commits. */
  readonly least: number;
  readonly begun: number;
  report: BackupReport | undefined;
  done: number;
}

const DIRECTORIES = ["/data/first", "/data/second"];
const CUT_OFF: readonly string[] = ["HASHLOG_CORRUPT", "HASHLOG_NOT_FOUND"];
const KEYS = ["a", "b", "c", "d"];

/**
 * Runs the case to its end, and then looks at what a power cut at each of its moments leaves of the backups: what had
 * been done is there, whole, whatever a later one was doing; and what opens at all holds the state after some prefix of
 * the commits, no shorter than what was acknowledged when it was asked for.
 * @throws Error for the first one of which that is not so
 */
export async function runBackups(given: BackupCase): Promise<void> {
  const disk = new SimulatedDisk({ image: await emptyStore(), schedule: given.schedule });
  const run = new Run(await openStore(disk.boot(), given), disk);
  for (const step of given.steps) await run.do(step);
  await run.end();
  for (const [permille, seed] of given.crashes) {
    const ordinal = Math.floor((disk.position * permille) / 1000);
    const point = crashPointAt(disk, ordinal);
    const image = point.image(sampleFates(point, new SeededRandom(seed)));
    for (const directory of DIRECTORIES) await run.judge(image, directory, ordinal);
  }
}

class Run {
  readonly #store: TextStore;
  readonly #disk: SimulatedDisk;
  /** After so many commits. */
  readonly #states: State[] = [new Map()];
  /** The sequence of the last record of each commit. */
  readonly #sequences: number[] = [0];
  #acknowledged = 0;
  #waiting: Promise<unknown>[] = [];
  readonly #backups: Backup[] = [];

  constructor(store: TextStore, disk: SimulatedDisk) {
    this.#store = store;
    this.#disk = disk;
  }

  async do(step: BackupStep): Promise<void> {
    switch (step[0]) {
      case "put":
        this.#commit([[step[1], step[2]]]);
        return;
      case "delete":
        // Of a key that is there: else it may write nothing.
        if (this.#last.has(keyOf(step[1]))) this.#commit([[step[1], -1]]);
        return;
      case "batch":
        if (step[1].length > 0) this.#commit(step[1]);
        return;
      case "compact":
        this.#waiting.push(this.#store.compact());
        return;
      case "turns":
        for (let turn = 0; turn < step[1]; turn += 1) await Promise.resolve();
        return;
      case "backup":
        this.#backUp(DIRECTORIES[step[1] % DIRECTORIES.length]!);
    }
  }

  async end(): Promise<void> {
    await settled(Promise.all(this.#waiting), "what was begun");
    await quiet();
  }

  /** What a power cut leaves in that directory. */
  async judge(image: DiskImage, directory: string, ordinal: number): Promise<void> {
    const began = this.#backups.filter((backup) => backup.directory === directory && backup.begun <= ordinal);
    const done = began.findLast((backup) => backup.done <= ordinal);
    const isThere = image.files.has(`${directory}/${MANIFEST_NAME}`);
    const found = await openBackup(image, directory).catch((error: unknown) => {
      // One that was cut off before its manifest was there says so.
      if (isThere || !HashlogError.is(error) || !CUT_OFF.includes(error.code)) throw error;
      return undefined;
    });
    if (found === undefined) {
      if (done === undefined) return;
      throw new Error(`${directory} has no manifest, and a backup into it was done`);
    }
    if (began.length === 0) throw new Error(`${directory} is a store, and nobody asked for it`);
    const least = done === undefined ? began[0]!.least : this.#commitsOf(done.report!.sequence);
    const shown = show(found);
    const isPrefix = this.#states.some((state, count) => count >= least && show(state) === shown);
    if (!isPrefix) throw new Error(`${directory} holds ${shown}, which is no state after ${least} commits or more`);
  }

  get #last(): State {
    return this.#states.at(-1)!;
  }

  #commit(changes: readonly (readonly [number, number])[]): void {
    const number = this.#states.length;
    const next = new Map(this.#last);
    const operations = changes.map(([key, length]) => {
      const name = keyOf(key);
      const value = `${number}.`.padEnd(length, "x");
      if (length < 0) next.delete(name);
      else next.set(name, value);
      return length < 0 ? ({ type: "delete", key: name } as const) : ({ type: "put", key: name, value } as const);
    });
    this.#states.push(next);
    this.#sequences.push(this.#sequences.at(-1)! + operations.length);
    const acknowledged = this.#store.batch(operations).then(() => {
      this.#acknowledged = Math.max(this.#acknowledged, number);
    });
    this.#waiting.push(acknowledged);
  }

  #backUp(directory: string): void {
    if (this.#backups.some((backup) => backup.directory === directory && backup.report === undefined)) return;
    const backup: Backup = {
      directory,
      least: this.#acknowledged,
      begun: this.#disk.position,
      report: undefined,
      done: Infinity,
    };
    this.#backups.push(backup);
    const done = this.#store.backup(directory).then((report) => {
      backup.report = report;
      backup.done = this.#disk.position;
      const count = this.#commitsOf(report.sequence);
      if (count < backup.least)
        throw new Error(`${directory} holds ${count} commits, and ${backup.least} were acknowledged`);
    });
    this.#waiting.push(done);
  }

  /** How many commits end with that sequence; fails where one would be cut in two. */
  #commitsOf(sequence: number): number {
    const count = this.#sequences.indexOf(sequence);
    if (count < 0) throw new Error(`a backup ends with sequence ${sequence}, in the middle of a commit`);
    return count;
  }
}

function keyOf(number: number): string {
  return KEYS[number % KEYS.length]!;
}

function show(state: State): string {
  return JSON.stringify([...state].toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
