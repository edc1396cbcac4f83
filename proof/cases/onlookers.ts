import type { SimulatedDisk } from "@hashlog/fs-io/testing";
import type { FileSystem } from "@hashlog/fs-io";
import type { History } from "../oracle/history.ts";
import type { ReadingTime } from "../oracle/model.ts";
import type { Obligation } from "../oracle/obligation.ts";
import { mustSeeAcknowledged } from "../properties/p04-read-your-writes.ts";
import type { TextStore } from "../world/text-store.ts";
import { BackupsElsewhere } from "./backups-elsewhere.ts";
import { keyOf, type CrashCase, type CrashOperation } from "./case.ts";
import { Followers } from "./followers.ts";
import { ReaderBeside } from "./reader-beside.ts";
import { exportBeside, readEveryWay, readSync, verifyBeside } from "./reads.ts";
import { Views } from "./views.ts";

/** What those who look on do. */
export type LookingOn = Extract<
  CrashOperation,
  | readonly ["read" | "iterate" | "iterate-back" | "snapshot" | "follow", ...unknown[]]
  | readonly ["read-beside" | "verify" | "backup" | "export", ...unknown[]]
>;

/** What onlookers need of the run around them. */
interface Surroundings {
  readonly store: () => TextStore;
  readonly time: () => ReadingTime;
  /** What holds of the states after so many commits, and more, now. */
  readonly obligation: (least: number, most: number) => Obligation;
  /** Somebody waits for this later, and before the store is closed, which would end it. */
  readonly waitBeforeClosing: (promise: Promise<unknown>) => void;
  readonly tell: (what: string) => void;
}

/** All who read the store of a case while it is written: at once, over some time, by its feeds, beside it, or all of it. */
export class Onlookers {
  readonly #case: CrashCase;
  readonly #history: History;
  readonly #around: Surroundings;
  readonly #views = new Views();
  readonly #followers: Followers;
  readonly #reader: ReaderBeside;
  readonly #backups: BackupsElsewhere | undefined;
  /** Whether caches of the store were ever spoilt, or are of no use: an empty store was made with another index. */
  wereCachesSpoilt: boolean;

  constructor(disk: SimulatedDisk, given: CrashCase, history: History, around: Surroundings) {
    this.#case = given;
    this.#history = history;
    this.#around = around;
    this.wereCachesSpoilt = given.keydir === "real" && given.fresh !== true;
    this.#followers = new Followers({ history, most: () => this.#mostVisible });
    this.#reader = new ReaderBeside({
      ...{ disk, shape: given },
      nowMs: () => around.time().nowMs,
      acknowledged: () => history.acknowledged,
      showing: (least) => {
        history.note();
        return around.obligation(least, this.#mostVisible);
      },
    });
    const backsUp = given.operations.some(([name]) => name === "backup");
    if (backsUp) {
      this.#backups = new BackupsElsewhere(disk.traits, {
        acknowledged: () => history.acknowledged,
        countUpTo: (sequence) => history.countUpTo(sequence),
        statesFrom: (least) => around.obligation(least, history.issued),
      });
    }
  }

  /** The file system of a new process that has the store open, with the volume in it that backups go to. */
  fileSystemOf(process: FileSystem): FileSystem {
    return this.#backups?.mountedIn(process) ?? process;
  }

  do(operation: LookingOn): void {
    const store = this.#around.store();
    switch (operation[0]) {
      case "read":
        return this.#read(store);
      case "iterate":
        return this.#views.iterate(store, readSync(store));
      case "iterate-back":
        return this.#views.iterateBack(store, keyOf(operation[1]), readSync(store));
      case "snapshot":
        return this.#views.snapshot(store, readSync(store));
      case "follow":
        return this.#followers.begin(store);
      case "read-beside":
        return this.#readBeside();
      case "verify":
        return this.#around.waitBeforeClosing(verifyBeside(store, { forgives: this.wereCachesSpoilt }));
      case "backup":
        return this.#backUp(store);
      case "export":
        return this.#around.waitBeforeClosing(exportBeside(store, readSync(store)));
    }
  }

  tick(milliseconds: number): void {
    this.#reader.tick(milliseconds);
  }

  /** Resolves when the reader has done what it was asked for. */
  settle(): Promise<void> {
    return this.#reader.settle();
  }

  /** All who have something open read it to its end. */
  async drain(): Promise<void> {
    this.#reader.look();
    await this.#views.drain();
    await this.#followers.drain();
  }

  /** The store was closed: what was open of it has ended. The reader goes on. */
  async storeIsClosed(): Promise<void> {
    await this.#followers.storeIsClosed();
    this.#views.drop();
  }

  /** The process of the writer is gone; the reader goes on. */
  writerWasKilled(): Promise<void> {
    this.#views.drop();
    this.#followers.drop();
    return this.#backups?.crashed() ?? Promise.resolve();
  }

  /** Everybody is gone, and what was in flight on the volume of the backups fares as the number says. */
  powerWasCut(seed: number): Promise<void> {
    this.#views.drop();
    this.#followers.drop();
    this.#reader.die();
    return this.#backups?.crashed(seed) ?? Promise.resolve();
  }

  async end(): Promise<void> {
    await this.drain();
    await this.#reader.end();
  }

  /** How many units may be seen: with the policy `always` none that a power cut could take. */
  get #mostVisible(): number {
    return this.#case.sync === "always" ? this.#history.floor : this.#history.issued;
  }

  #read(store: TextStore): void {
    this.#reader.look();
    const read = readSync(store);
    this.#history.note();
    mustSeeAcknowledged(read, this.#history, this.#mostVisible, this.#around.time());
    this.#around.waitBeforeClosing(readEveryWay(store, read, this.#history));
  }

  /** The simulated file system refuses to replace a file that is open, where the machine's waits until it is not. */
  #readBeside(): void {
    if (this.#case.disk !== "windows") this.#reader.catchUp();
    else this.#around.tell("  not here: the manifest could not be replaced while it is read");
  }

  #backUp(store: TextStore): void {
    const made = this.#backups!.backUp(store);
    if (made === undefined) this.#around.tell("  a backup is under way already");
    else this.#around.waitBeforeClosing(made);
  }
}
