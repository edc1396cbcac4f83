import { parseFileName } from "@hashlog/format";
import type { FileSystem } from "@hashlog/fs-io";
import { crashPointAt, sampleFates, SeededRandom, SimulatedDisk } from "@hashlog/fs-io/testing";
import { CACHES_REMOVED, INTERVAL_MS, KEYS, type CrashCase, type CrashOperation } from "./case.ts";
import { countsThatFit, History, range, type Obligation } from "../oracle/history.ts";
import { LogObserver } from "../oracle/log-observer.ts";
import {
  applyUnit,
  contentsAfter,
  describeContents,
  fits,
  fitsDelete,
  type Change,
  type Unit,
} from "../oracle/model.ts";
import { quiet, settled } from "../world/quiet.ts";
import { DIRECTORY, emptyStore, openStore, readState, type TextStore } from "../world/text-store.ts";
import { VirtualClock } from "../world/virtual-clock.ts";

/** A case that was run to its end, and all that is needed to judge crashes at any step of it. */
export interface RunCase {
  readonly disk: SimulatedDisk;
  readonly history: History;
}

/**
 * Runs the case's operations to their end, and checks on the way what can be seen without a crash: that what was
 * acknowledged is as durable as was asked for, that reads see acknowledged writes only, what deletes answer, that
 * iterators see the store as it was, and that every promise settles.
 */
export async function runCase(given: CrashCase): Promise<RunCase> {
  const image = given.fresh ? {} : { image: await emptyStore() };
  const disk = new SimulatedDisk({ ...image, schedule: given.schedule });
  const runner = new CaseRunner(disk, given);
  await runner.run();
  return { disk, history: runner.history };
}

class CaseRunner {
  readonly history: History;
  readonly #disk: SimulatedDisk;
  readonly #case: CrashCase;
  readonly #observer: LogObserver;
  #clock = new VirtualClock();
  #store!: TextStore;
  #waiting: Promise<unknown>[] = [];
  #iterators: { readonly expected: ReadonlyMap<string, string>; readonly rest: AsyncIterable<[string, string]> }[] = [];
  #valuesMade = 0;

  constructor(disk: SimulatedDisk, given: CrashCase) {
    this.#disk = disk;
    this.#case = given;
    this.#observer = new LogObserver(disk, DIRECTORY);
    this.history = new History(
      this.#observer,
      () => disk.position,
      () => this.#clock.now(),
    );
  }

  async run(): Promise<void> {
    await this.#open();
    for (const operation of this.#case.operations) await this.#do(operation);
    await this.#settle();
    await this.#drain();
  }

  async #open(): Promise<void> {
    const fileSystem = this.#observer.watch(this.#disk.boot());
    this.#store = await settled(openStore(fileSystem, this.#case, this.#clock), "opening");
    this.history.note();
  }

  async #settle(): Promise<void> {
    await settled(Promise.all(this.#waiting), "a write");
    this.#waiting = [];
    await quiet();
    if (this.#case.sync === "interval") this.#checkInterval();
  }

  async #do(operation: CrashOperation): Promise<void> {
    const store = this.#store;
    switch (operation[0]) {
      case "put":
      case "put-synced":
      case "put-expiring":
        this.#put(operation);
        return;
      case "delete":
        this.#delete(KEYS[operation[1]]!);
        return;
      case "batch":
        this.#batch(operation[1]);
        return;
      case "await":
        return this.#settle();
      case "turns":
        for (let turn = 0; turn < operation[1]; turn += 1) await Promise.resolve();
        return;
      case "tick":
        this.#clock.tick(operation[1]);
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
      case "read":
        this.#checkVisible(this.#readSync());
        return;
      case "iterate":
        this.#iterators.push({ expected: this.#readSync(), rest: store.entries() });
        return;
      case "drain":
        return this.#drain();
      case "reopen":
        return this.#reopen(operation[1]);
      case "kill":
        return this.#kill(operation[1]);
      case "power":
        return this.#cutPower(operation[1]);
    }
  }

  #put(
    operation: readonly ["put" | "put-synced", number, number] | readonly ["put-expiring", number, number, number],
  ): void {
    const [kind, key, length, ttlMs = 0] = operation;
    const sync = kind === "put-synced";
    const expiresAtMs = kind === "put-expiring" ? this.#clock.now() + ttlMs : 0;
    const change = { key: KEYS[key]!, value: this.#value(length), expiresAtMs };
    const options = expiresAtMs === 0 ? { sync } : { sync, expiresAtMs };
    this.#write([change], sync, () => this.#store.put(change.key, change.value, options));
  }

  #delete(key: string): void {
    const unit = this.#write([{ key, value: undefined, expiresAtMs: 0 }], false, () => this.#store.delete(key));
    const { units } = this.history;
    const before = contentsAfter(units, units.indexOf(unit.unit));
    this.#wait(
      unit.promise.then((existed) => {
        if (fitsDelete(existed as boolean, key, before, this.#time())) return;
        throw new Error(`deleting ${key} answered ${String(existed)} where there was ${describeContents(before)}`);
      }),
    );
  }

  #batch(entries: readonly (readonly [number, number])[]): void {
    const changes = entries.map(([key, length]) => ({
      key: KEYS[key]!,
      value: length < 0 ? undefined : this.#value(length),
      expiresAtMs: 0,
    }));
    const operations = changes.map(({ key, value }) =>
      value === undefined ? ({ type: "delete", key } as const) : ({ type: "put", key, value } as const),
    );
    this.#write(changes, false, () => this.#store.batch(operations));
  }

  #write(
    changes: readonly Change[],
    sync: boolean,
    write: () => Promise<unknown>,
  ): { unit: Unit; promise: Promise<unknown> } {
    const before = this.#store.stats().pendingWrites;
    const promise = write();
    const recorded = this.#store.stats().pendingWrites > before;
    const unit: Unit = { changes, recorded, status: "waiting", acknowledgedAtMs: 0 };
    const { units } = this.history;
    units.push(unit);
    const durably = recorded && (sync || this.#case.sync === "always");
    const acknowledged = promise.then(() => this.#acknowledged(unit, units, durably));
    this.#wait(acknowledged);
    return { unit, promise };
  }

  #acknowledged(unit: Unit, units: readonly Unit[], durably: boolean): void {
    unit.status = "acknowledged";
    unit.acknowledgedAtMs = this.#clock.now();
    const index = units.indexOf(unit);
    this.history.note();
    if (durably && this.history.units === units && this.history.floor <= index) {
      throw new Error(`write ${index} was acknowledged as durable; of all the disk has ${this.history.floor}`);
    }
  }

  #sync(): void {
    const { units } = this.history;
    const issuedBefore = units.length;
    this.#wait(
      this.#store.sync().then(() => {
        this.history.note();
        if (this.history.units !== units || this.history.floor >= issuedBefore) return;
        throw new Error(`a sync of ${issuedBefore} writes resolved; the disk has ${this.history.floor}`);
      }),
    );
  }

  async #reopen(removed: number): Promise<void> {
    await settled(this.#store.close(), "closing");
    await this.#settle();
    this.#iterators = [];
    this.history.note();
    if (this.history.floor < this.history.units.length) throw new Error("the store was closed, and not all is durable");
    await this.#removeCaches(removed);
    await this.#openAndRead({ units: this.history.units, counts: [this.history.units.length], time: this.#time() });
  }

  async #kill(removed: number): Promise<void> {
    this.#disk.kill();
    this.#abandon();
    this.history.died();
    await this.#removeCaches(removed);
    await this.#openAndRead({ units: this.history.units, counts: [this.history.units.length], time: this.#time() });
    if (this.history.floor < this.history.units.length) throw new Error("opening shows what is not durable");
  }

  async #cutPower(seed: number): Promise<void> {
    const random = new SeededRandom(seed);
    const profile = (["free", "ordered", "prefix", "drop-all"] as const)[seed % 4]!;
    const fates = sampleFates(crashPointAt(this.#disk, this.#disk.position), random, { profile });
    this.#abandon();
    this.history.powerWasCut();
    const { floor, issued, units } = this.history;
    this.#disk.powerCut(fates, profile);
    const counts = await this.#openAndRead({ units, counts: range(floor, issued), time: this.#time() });
    const { sequence } = this.#store.stats();
    const count = this.history.countUpTo(sequence);
    if (!counts.includes(count)) throw new Error(`${sequence} is not the last sequence of what the store shows`);
    this.history.recovered(count);
  }

  #abandon(): void {
    this.#waiting = [];
    this.#iterators = [];
    // Its timers died with the process.
    this.#clock = new VirtualClock(this.#clock.now());
  }

  async #openAndRead(obligation: Obligation): Promise<readonly number[]> {
    await this.#open();
    const read = await readState(this.#store);
    const counts = countsThatFit(obligation, read, this.#time());
    if (counts.length === 0) {
      const { units, counts: allowed } = obligation;
      const expected = describeContents(contentsAfter(units, allowed.at(-1)!));
      throw new Error(`the store was opened again with ${describeContents(read)} instead of at most ${expected}`);
    }
    return counts;
  }

  async #removeCaches(which: number): Promise<void> {
    const removed = CACHES_REMOVED[which % CACHES_REMOVED.length]!;
    if (removed !== "nothing") await removeCaches(this.#disk.boot(), removed);
  }

  #time(): { nowMs: number; latestMs: number } {
    return { nowMs: this.#clock.now(), latestMs: Math.max(this.history.latestMs, this.#clock.now()) };
  }

  #readSync(): Map<string, string> {
    const read = new Map<string, string>();
    for (const key of KEYS) {
      const value = this.#store.getSync(key);
      if (this.#store.has(key) !== (value !== undefined)) throw new Error(`has(${key}) is not what getSync says`);
      if (value !== undefined) read.set(key, value);
    }
    return read;
  }

  // All that was acknowledged is seen, and nothing that a crash may take back, beyond what the sync policy allows.
  #checkVisible(read: ReadonlyMap<string, string>): void {
    this.history.note();
    const { units, acknowledged, floor, issued } = this.history;
    const most = this.#case.sync === "always" ? floor : issued;
    const contents = contentsAfter(units, acknowledged);
    for (let count = acknowledged; count <= most; count += 1) {
      if (fits(read, contents, this.#time())) return;
      if (count < units.length) applyUnit(contents, units[count]!);
    }
    const expected = describeContents(contentsAfter(units, acknowledged));
    throw new Error(`${describeContents(read)} is visible, where ${expected} is acknowledged`);
  }

  async #drain(): Promise<void> {
    const iterators = this.#iterators;
    this.#iterators = [];
    for (const { expected, rest } of iterators) {
      const found = new Map<string, string>();
      for await (const [key, value] of rest) {
        if (found.has(key)) throw new Error(`an iterator gives ${key} twice`);
        found.set(key, value);
      }
      if (describeContents(found) === describeContents(expected)) continue;
      throw new Error(`an iterator gives ${describeContents(found)} of ${describeContents(expected)}`);
    }
  }

  // When all is quiet, no sync runs any more.
  #checkInterval(): void {
    const { units, floor } = this.history;
    const late = units.findIndex(
      ({ status, acknowledgedAtMs }, index) =>
        index >= floor && status === "acknowledged" && acknowledgedAtMs + INTERVAL_MS <= this.#clock.now(),
    );
    if (late !== -1) throw new Error(`write ${late} is not durable after more than the interval`);
  }

  // What a killed process waited for may fail later, and nobody listens any more.
  #wait(promise: Promise<unknown>): void {
    promise.catch(() => undefined);
    this.#waiting.push(promise);
  }

  // No two writes have the same value, so a state says which writes it is made of.
  #value(length: number): string {
    this.#valuesMade += 1;
    return `${this.#valuesMade}.`.padEnd(length, "x");
  }
}

/** Removes caches of the store while nobody has it open. */
export async function removeCaches(fileSystem: FileSystem, which: "checkpoint" | "hints" | "both"): Promise<void> {
  for (const name of await fileSystem.list(DIRECTORY)) {
    const kind = parseFileName(name)?.kind;
    const goes = (kind === "checkpoint" && which !== "hints") || (kind === "hint" && which !== "checkpoint");
    if (goes) await fileSystem.remove(fileSystem.join(DIRECTORY, name));
  }
}
