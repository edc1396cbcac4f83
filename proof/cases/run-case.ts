import {
  crashPointAt,
  sampleFates,
  SeededRandom,
  SimulatedDisk,
  type DiskTraits,
  type SimulatedFileSystem,
} from "@hashlog/fs-io/testing";
import { History, range } from "../oracle/history.ts";
import { LogObserver } from "../oracle/log-observer.ts";
import type { ReadingTime } from "../oracle/model.ts";
import { Obligation } from "../oracle/obligation.ts";
import { mustBeDurablePrefix } from "../properties/p01-durable-prefix.ts";
import { mustAllBeDurable, mustBeSynced, mustBeWithinInterval } from "../properties/p03-ack-honesty.ts";
import { mustBeDurableNow, mustKnowItsLast } from "../properties/p07-monotone-recovery.ts";
import { mustHoldNoLitter } from "../properties/p13-merge-refinement.ts";
import { mustBePossible, mustFailInNothing } from "../properties/p14-forward-progress.ts";
import { mustHaveClosedAll } from "../properties/p15-error-atomicity.ts";
import { DisciplineMonitor } from "../properties/p18-io-discipline.ts";
import { mustHaveNothingToMend } from "../properties/p24-repair.ts";
import { violationIn } from "../properties/property.ts";
import { quiet, settled } from "../world/quiet.ts";
import { Teller } from "../world/teller.ts";
import {
  chosenSegments,
  DIRECTORY,
  emptyStore,
  INTERVAL_MS,
  openStore,
  readState,
  repairStore,
  type TextStore,
} from "../world/text-store.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import { describeOperation, type CrashCase, type CrashOperation } from "./case.ts";
import { CaseWriter } from "./case-writer.ts";
import { Onlookers } from "./onlookers.ts";
import { readCaches, spoilCaches, SPOILINGS } from "./spoil-caches.ts";

/** A case that was run to its end, and all that is needed to judge crashes at any step of it. */
export interface RunCase {
  readonly disk: SimulatedDisk;
  readonly history: History;
}

/**
 * Runs the case's operations to their end, without its crashes, and checks on the way what can be seen without a crash:
 * that what was acknowledged is as durable as was asked for (P3), that reads see what they must (P4), that iterators see
 * one moment (P11), that everything settles (P14), that a closed store has no file open (P15), that the file system is called
 * in a safe order (P18).
 */
export async function runCase(given: CrashCase, teller: Teller = new Teller()): Promise<RunCase> {
  const image = given.fresh === true ? {} : { image: await emptyStore() };
  const disk = new SimulatedDisk({ ...image, ...traitsOf(given), schedule: given.schedule ?? [] });
  teller.watch(disk);
  const runner = new CaseRunner(disk, given, teller);
  await runner.run().catch((error: unknown) => {
    throw violationIn(error) ?? mustBePossible("an operation", error);
  });
  return { disk, history: runner.history };
}

const TRAITS: Readonly<Record<NonNullable<CrashCase["disk"]>, DiskTraits>> = {
  posix: {},
  "safe flush": { safeFileFlush: true },
  windows: { platform: "windows" },
};

/** The manners of the case's disk. */
export function traitsOf({ disk = "posix" }: Pick<CrashCase, "disk">): DiskTraits {
  return TRAITS[disk];
}

class CaseRunner {
  readonly history: History;
  readonly #disk: SimulatedDisk;
  readonly #case: CrashCase;
  readonly #teller: Teller;
  readonly #observer: LogObserver;
  readonly #discipline: DisciplineMonitor;
  readonly #writer: CaseWriter;
  #clock = new VirtualClock();
  #openings = 0;
  #store!: TextStore;
  #process!: SimulatedFileSystem;
  #waiting: Promise<unknown>[] = [];
  /** What a closing would end. */
  #waitingBeforeClosing: Promise<unknown>[] = [];
  readonly #onlookers: Onlookers;
  /** What a checkpoint once held. */
  #checkpoint: Uint8Array | undefined;

  constructor(disk: SimulatedDisk, given: CrashCase, teller: Teller) {
    this.#disk = disk;
    this.#case = given;
    this.#teller = teller;
    this.#observer = new LogObserver(disk, DIRECTORY, traitsOf(given));
    this.#discipline = new DisciplineMonitor(disk, DIRECTORY, traitsOf(given));
    this.#observer.onEvent = (event) => this.#discipline.take(event);
    this.history = new History(
      this.#observer,
      () => disk.position,
      () => this.#clock.now(),
    );
    this.#writer = new CaseWriter(this.history, given, {
      store: () => this.#store,
      time: () => this.#time(),
      wait: (promise) => this.#wait(promise),
      waitBeforeClosing: (promise) => this.#waitBeforeClosing(promise),
      tell: (what) => this.#teller.tell(what),
    });
    this.#onlookers = new Onlookers(disk, given, this.history, {
      store: () => this.#store,
      time: () => this.#time(),
      obligation: (least, most) => this.#obligation(least, most),
      waitBeforeClosing: (promise) => this.#waitBeforeClosing(promise),
      tell: (what) => this.#teller.tell(what),
    });
  }

  async run(): Promise<void> {
    this.#teller.tell(this.#case.fresh === true ? "the store is made" : "the store is opened");
    await this.#open();
    for (const operation of this.#case.operations) {
      this.#teller.tell(describeOperation(operation));
      await this.#do(operation);
    }
    this.#teller.tell("the end: wait for everything");
    await this.#settle();
    await this.#onlookers.end();
    this.#discipline.judge();
  }

  async #open(): Promise<void> {
    this.#openings += 1;
    this.#process = this.#disk.boot();
    const fileSystem = this.#onlookers.fileSystemOf(this.#observer.watch(this.#process));
    this.#store = await settled(openStore(fileSystem, this.#case, this.#clock, this.#openings), "opening");
    this.history.opened(this.#store.stats());
    this.history.note();
  }

  async #settle(): Promise<void> {
    await settled(Promise.all([...this.#waiting, ...this.#waitingBeforeClosing]), "a write");
    this.#waiting = [];
    this.#waitingBeforeClosing = [];
    await this.#onlookers.settle();
    await quiet();
    this.#mustFailInNothing("when all is quiet");
    // When all is quiet, no sync runs any more.
    if (this.#case.sync === "interval") mustBeWithinInterval(this.history, this.#clock.now(), INTERVAL_MS);
  }

  async #do(operation: CrashOperation): Promise<void> {
    const store = this.#store;
    switch (operation[0]) {
      case "put":
      case "put-synced":
      case "put-expiring":
      case "put-for":
      case "delete":
      case "delete-synced":
      case "batch":
      case "batch-synced":
      case "put-if":
      case "delete-if":
      case "batch-if":
      case "import":
      case "clear":
      case "clear-synced":
      case "clear-from":
        this.#writer.write(operation);
        return;
      case "await":
        return this.#settle();
      case "turns":
        for (let turn = 0; turn < operation[1]; turn += 1) await Promise.resolve();
        return;
      case "tick":
        this.#clock.tick(operation[1]);
        this.#onlookers.tick(operation[1]);
        this.history.note();
        return;
      case "sync":
        return this.#sync();
      case "checkpoint":
        this.#wait(store.checkpoint());
        return;
      case "compact":
        this.#wait(store.compact());
        return;
      case "compact-some":
        this.#wait(store.compact({ segments: chosenSegments(store, operation[1]) }));
        return;
      case "pause":
        return store.compaction.pause();
      case "resume":
        return store.compaction.resume();
      case "read":
      case "read-beside":
        return this.#onlookers.do(operation);
      case "iterate":
      case "iterate-back":
      case "snapshot":
      case "follow":
      case "verify":
      case "backup":
      case "export":
        return this.#onlookers.do(operation);
      case "drain":
        return this.#onlookers.drain();
      case "reopen":
        return this.#reopen(operation[1]);
      case "repair":
        return this.#repair();
      case "kill":
        return this.#kill(operation[1]);
      case "power":
        return this.#cutPower(operation[1]);
    }
  }

  #sync(): void {
    const { units } = this.history;
    const last = units.at(-1);
    this.#wait(
      this.#store.sync().then(() => {
        this.history.note();
        if (this.history.units === units && last !== undefined) mustBeSynced(this.history, units.indexOf(last) + 1);
      }),
    );
  }

  async #reopen(spoiling: number): Promise<void> {
    await this.#close();
    await this.#spoilCaches(spoiling);
    await this.#openAndRead(this.#obligation(this.history.units.length, this.history.units.length));
  }

  async #repair(): Promise<void> {
    await this.#close();
    const fileSystem = this.#observer.watch(this.#disk.boot());
    const report = await settled(repairStore(fileSystem, this.#case, this.#clock), "repairing");
    mustHaveNothingToMend(report, { forgives: this.#onlookers.wereCachesSpoilt });
    await this.#openAndRead(this.#obligation(this.history.units.length, this.history.units.length));
  }

  async #close(): Promise<void> {
    await settled(Promise.all(this.#waitingBeforeClosing), "what goes on beside");
    await settled(this.#store.close(), "closing");
    await this.#onlookers.storeIsClosed();
    await this.#settle();
    mustHaveClosedAll(this.#process, "closing");
    mustHoldNoLitter(this.#disk.image());
    this.history.note();
    mustAllBeDurable(this.history);
  }

  async #kill(spoiling: number): Promise<void> {
    this.#mustFailInNothing("up to the kill");
    this.#disk.kill(this.#process);
    this.#abandon();
    await this.#onlookers.writerWasKilled();
    this.history.died();
    await this.#spoilCaches(spoiling);
    await this.#openAndRead(this.#obligation(this.history.units.length, this.history.units.length));
    mustBeDurableNow(this.history);
  }

  async #cutPower(seed: number): Promise<void> {
    const random = new SeededRandom(seed);
    const profile = (["free", "ordered", "prefix", "drop-all"] as const)[seed % 4]!;
    const fates = sampleFates(crashPointAt(this.#disk, this.#disk.position), random, { profile });
    this.#mustFailInNothing("up to the power cut");
    this.#abandon();
    this.history.powerWasCut();
    const { floor, issued } = this.history;
    this.#disk.powerCut(fates, profile);
    // Hints are not synced.
    this.#onlookers.wereCachesSpoilt = true;
    await this.#onlookers.powerWasCut(seed);
    this.history.note();
    const counts = await this.#openAndRead(this.#obligation(floor, issued));
    const count = this.history.countUpTo(this.#store.stats().sequence);
    mustKnowItsLast(count, counts);
    this.history.recovered(count);
  }

  #mustFailInNothing(when: string): void {
    mustFailInNothing(this.#store.stats(), when);
  }

  #obligation(least: number, most: number): Obligation {
    return new Obligation(this.history.units, range(least, most), this.#time());
  }

  #abandon(): void {
    this.#waiting = [];
    this.#waitingBeforeClosing = [];
    // Its timers died with the process.
    this.#clock = new VirtualClock(this.#clock.now());
  }

  async #openAndRead(obligation: Obligation): Promise<readonly number[]> {
    await this.#open();
    return mustBeDurablePrefix(await readState(this.#store), obligation, this.#time());
  }

  async #spoilCaches(which: number): Promise<void> {
    const how = SPOILINGS[which % SPOILINGS.length]!;
    if (how !== "nothing") this.#onlookers.wereCachesSpoilt = true;
    const fileSystem = this.#disk.boot();
    await this.#discipline.whileSpoiling(() => spoilCaches(fileSystem, how, this.#checkpoint));
    if (how === "nothing")
      this.#checkpoint = (await readCaches(fileSystem, "checkpoint"))[0]?.bytes ?? this.#checkpoint;
  }

  #time(): ReadingTime {
    return { nowMs: this.#clock.now(), latestMs: Math.max(this.history.latestMs, this.#clock.now()) };
  }

  // What a killed process waited for may fail later, and nobody listens any more.
  #wait(promise: Promise<unknown>): void {
    promise.catch(() => undefined);
    this.#waiting.push(promise);
  }

  #waitBeforeClosing(promise: Promise<unknown>): void {
    promise.catch(() => undefined);
    this.#waitingBeforeClosing.push(promise);
  }
}
