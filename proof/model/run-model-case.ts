import type { ConditionalOperation, ConditionOptions, RangeOptions, Snapshot, StoreIterator } from "@hashlog/engine";
import {
  crashPointAt,
  sampleFates,
  SeededRandom,
  SimulatedDisk,
  type SimulatedFileSystem,
  type WaitingCall,
} from "@hashlog/fs-io/testing";
import { mustAnswerAs, mustBeOneOfMaps } from "../properties/p21-sorted-map.ts";
import { settled } from "../world/quiet.ts";
import { chosenSegments, emptyStore, openStore, type TextStore } from "../world/text-store.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import { all, compareAll, compareRange, compareSeek, glanceAt, type Compared, type Source } from "./compare.ts";
import type { Beside, ModelCase, ModelCrash, ModelOperation, ModelWrite, WrittenKey } from "./model-case.ts";
import { ModelHistory } from "./model-history.ts";
import { ModelReaders } from "./model-readers.ts";
import { SortedModel, type Part } from "./sorted-model.ts";
import { Versions } from "./versions.ts";

/** For `chosenSegments`: every other one. */
const SOME = 0b01010101;

/** Does the same with a store on a simulated disk and with a sorted map, and compares all answers. @throws PropertyViolation */
export async function runModelCase(given: ModelCase): Promise<void> {
  const runner = new ModelRunner(new SimulatedDisk({ image: await emptyStore() }), given);
  await runner.open();
  for (const operation of given.operations) {
    await runner.do(operation);
    await runner.compare();
  }
  await runner.end();
}

interface OpenSnapshot extends Compared<Snapshot<string, string>> {
  readonly of: Source;
}

interface OpenIterator {
  readonly of: Source;
  readonly entries: StoreIterator<[string, string], string>;
  readonly expected: readonly (readonly [string, string])[];
}

/** A write that was called. */
interface Called {
  readonly answer: Promise<unknown>;
  /** What it has to answer. */
  readonly expected: boolean | undefined;
  /** Whether it goes into the log: once that is acknowledged, all before it are. */
  readonly isRecorded: boolean;
}

class ModelRunner {
  readonly #disk: SimulatedDisk;
  readonly #case: ModelCase;
  readonly #versions = new Versions();
  readonly #history = new ModelHistory();
  readonly #readers: ModelReaders;
  #clock = new VirtualClock();
  #openings = 0;
  #process!: SimulatedFileSystem;
  #store!: TextStore;
  #written = 0;
  #snapshots: OpenSnapshot[] = [];
  #iterators: OpenIterator[] = [];

  constructor(disk: SimulatedDisk, given: ModelCase) {
    this.#disk = disk;
    this.#case = given;
    this.#readers = new ModelReaders(disk, given, this.#history, this.#now);
  }

  async open(): Promise<void> {
    await this.#open();
    this.#readers.hasWriter = true;
  }

  async do(operation: ModelOperation): Promise<void> {
    switch (operation[0]) {
      case "write":
        return this.#write(operation[1]);
      case "crash":
        return this.#crash(operation[1], operation[2]);
      case "beside":
        return this.#beside(operation[1], operation[2]);
      case "range":
        for (const one of this.#compared()) await compareRange(one, operation[1]);
        return;
      case "seek":
        for (const one of this.#compared()) await compareSeek(one, operation[1], operation[2], operation[3]);
        return;
      case "clear":
        return this.#clear(operation[1]);
      case "snapshot":
        return this.#snapshot(operation[1]);
      case "close snapshot":
        return this.#snapshots.shift()?.shown.close();
      case "iterate":
        return this.#iterate(operation[1], operation[2]);
      case "drain":
        return this.#drain();
      case "tick":
        this.#clock.tick(operation[1]);
        return this.#readers.tick(operation[1]);
      case "compact":
        return this.#compact();
      case "compact-some":
        return this.#compact(operation[1]);
      case "checkpoint":
        return settled(this.#store.checkpoint(), "a checkpoint");
      case "reopen":
        return this.#reopen();
      case "open reader":
        return settled(this.#readers.openOne(operation[1]), "opening a reader");
      case "refresh":
        return settled(this.#readers.refresh(), "a refresh");
      case "close reader":
        return this.#forget((await this.#readers.closeOne())?.store);
    }
  }

  /** Every answer about every key, and about those of every open snapshot. */
  async compare(): Promise<void> {
    this.#readers.look();
    for (const one of [...this.#compared(), ...this.#snapshots]) await compareAll(one, this.#versions);
  }

  async end(): Promise<void> {
    await this.#drain();
    await this.#reopen();
    await settled(this.#readers.refresh(), "a refresh");
    await this.compare();
    await settled(this.#store.close(), "closing");
    while (this.#readers.open.length > 0) await this.#readers.closeOne();
  }

  get #now(): number {
    return this.#clock.now();
  }

  /** The writer, then the readers. */
  #compared(): Compared<Source>[] {
    return [{ shown: this.#store, model: this.#history.last, now: this.#now }, ...this.#readers.compared()];
  }

  async #open(): Promise<void> {
    this.#openings += 1;
    this.#process = this.#disk.boot();
    const opening = openStore(this.#process, this.#case, this.#clock, this.#openings);
    this.#store = await settled(opening, "opening");
  }

  async #write(writes: readonly ModelWrite[]): Promise<void> {
    const called = this.#call(writes);
    const answers = await settled(Promise.all(called.map(({ answer }) => answer)), "a write");
    this.#history.acknowledgeAll();
    const expected = called.map((one) => one.expected);
    mustAnswerAs("writes", answers, expected);
  }

  async #clear(wanted: RangeOptions<string>): Promise<void> {
    const state = this.#history.last.copy();
    const { limit: _, ...all } = wanted;
    // What has expired counts for the limit as long as no merge has taken it, which is not to be seen.
    const hasExpired = state.range(all, 0).length > state.range(all, this.#now).length;
    const range = hasExpired ? all : wanted;
    state.clear(range);
    // It is done in several commits, any of which a crash might take otherwise.
    await settled(this.#store.clear({ ...range, sync: true }), "clear");
    this.#history.pushCleared(state);
  }

  async #beside(writes: readonly ModelWrite[], { turns, holdsSyncs, work, readers }: Beside): Promise<void> {
    const written = this.#write(writes);
    const done = this.#work(work);
    const turn = this.#turns(holdsSyncs);
    await turn(turns);
    const read = readers === "open" ? this.#readers.openOne(turns % 2 === 0) : this.#readers.refresh();
    await turn(LOOKS_MAX, read);
    this.#disk.resume();
    await Promise.all([written, done, settled(read, "reading beside the writer")]);
  }

  async #compact(bits?: number): Promise<void> {
    const segments = bits === undefined ? undefined : chosenSegments(this.#store, bits);
    await settled(this.#store.compact({ segments }), "compacting");
  }

  async #work(work: Beside["work"]): Promise<void> {
    if (work === "compact") await this.#compact();
    if (work === "compact-some") await this.#compact(SOME);
    if (work === "checkpoint") await settled(this.#store.checkpoint(), "a checkpoint");
    if (work === "reopen") await this.#reopen();
  }

  /**
   * For letting so many microtasks pass, or fewer if something is done before; after each the readers are looked at. The
   * disk is to be resumed afterwards.
   */
  #turns(holdsSyncs: boolean): (most: number, until?: Promise<void>) => Promise<void> {
    const disk = this.#disk;
    if (holdsSyncs) disk.pause();
    return async (most, until) => {
      let isOver = false;
      const end = (): void => {
        isOver = true;
      };
      until?.then(end, end);
      for (let turn = 0; turn < most && !isOver; turn += 1) {
        // The writer's, which is the only one of its kind; readers may sync as well.
        const held = disk.waiting.findIndex(isSyncOfSegment);
        const next = disk.waiting.findIndex((_, index) => index !== held);
        if (holdsSyncs && next >= 0) disk.release(next);
        await Promise.resolve();
        this.#readers.glance();
      }
    };
  }

  async #crash(writes: readonly ModelWrite[], { turns, holdsSyncs, seed, catchesUp }: ModelCrash): Promise<void> {
    this.#call(writes);
    const refreshing = catchesUp.before ? this.#readers.refresh() : Promise.resolve();
    // With a power cut they never settle.
    refreshing.catch(() => undefined);
    await this.#turns(holdsSyncs)(turns);
    this.#die(seed);
    this.#disk.resume();
    await settled(this.#readers.open.length > 0 ? refreshing : Promise.resolve(), "a refresh");
    const alone = catchesUp.alone ? await this.#readers.refreshAlone() : undefined;
    const { acknowledged, durable } = this.#history;
    const isCut = isPowerCut(seed);
    const opening = this.#open();
    if (catchesUp.opening) await settled(this.#readers.refresh(), "a refresh");
    await opening;
    const shown = glanceAt(this.#store);
    if (alone !== undefined) mustAnswerAs("the writer that came after readers were alone", shown, alone);
    const least = isCut && this.#case.sync !== "always" ? durable : Math.max(acknowledged, this.#newestShown);
    const states = this.#history.describe(least, this.#history.lastNumber, this.#now);
    this.#history.goOnFrom(mustBeOneOfMaps("after a crash", shown, states, least));
    this.#readers.hasWriter = true;
  }

  /** The newest state that a reader has shown, also one that a power cut has ended since. */
  #newestShown = 0;

  #die(seed: number): void {
    this.#newestShown = this.#readers.newest;
    this.#readers.hasWriter = false;
    this.#forget(this.#store);
    // Its timers died with the process.
    this.#clock = new VirtualClock(this.#now);
    if (!isPowerCut(seed)) return this.#disk.kill(this.#process);
    for (const { store } of this.#readers.open) this.#forget(store);
    this.#readers.die();
    const profile = seed % 4 === 1 ? "free" : "drop-all";
    const point = crashPointAt(this.#disk, this.#disk.position);
    this.#disk.powerCut(sampleFates(point, new SeededRandom(seed), { profile }), profile);
  }

  /** Its snapshots and iterators are of no use any more. */
  #forget(source: Source | undefined): void {
    this.#snapshots = this.#snapshots.filter(({ of }) => of !== source);
    this.#iterators = this.#iterators.filter(({ of }) => of !== source);
  }

  /** Calls them all at once, on the store and on the model. */
  #call(writes: readonly ModelWrite[]): readonly Called[] {
    // What is known before any of them is what the conditions are made of.
    const known = this.#history.last;
    return writes.map((write) => {
      const state = this.#history.last.copy();
      const parts = write.map((part) => this.#part(part, known));
      const wasThere = state.get(parts[0]!.key, this.#now) !== undefined;
      const holds = state.write(parts, this.#now, (number) => this.#versions.of(number));
      const number = this.#history.push(state);
      const called = this.#callOne(parts, { holds, wasThere });
      const note = (): void => {
        if (called.isRecorded) this.#history.acknowledge(number);
      };
      called.answer.then(note, () => undefined);
      return called;
    });
  }

  #callOne(parts: readonly Part[], { holds, wasThere }: { holds: boolean; wasThere: boolean }): Called {
    const store = this.#store;
    const isConditional = parts.some(({ version }) => version !== undefined);
    const [part] = parts;
    if (parts.length > 1) {
      const answer = store.batch(parts.map(operationOf));
      return { answer, expected: holds, isRecorded: holds };
    }
    const { key, value, ttlMs } = part!;
    const condition = conditionOf(part!);
    if (value === undefined) {
      const answer = store.delete(key, condition);
      return { answer, expected: isConditional ? holds : wasThere, isRecorded: holds && wasThere };
    }
    const options = { ...condition, ...(ttlMs === 0 ? {} : { ttlMs }) };
    const answer = store.put(key, value, options);
    return { answer, expected: holds, isRecorded: holds };
  }

  #part({ key, length, ttlMs, condition }: WrittenKey, known: SortedModel): Part {
    this.#written += 1;
    const number = this.#written;
    const value = length < 0 ? undefined : `${number}`.padEnd(length, ".");
    return { key, value, ttlMs, number, version: this.#versionFor(key, condition, known) };
  }

  #versionFor(key: string, condition: WrittenKey["condition"], known: SortedModel): number | undefined {
    if (condition === "none") return undefined;
    if (condition === "absent") return 0;
    const present = known.get(key, this.#now);
    const version = present && this.#versions.of(present.number);
    // One that nothing has any more, or never had.
    if (condition === "old" || version === undefined) return this.#versions.before(version);
    return version;
  }

  #one(who: number): Compared<Source> {
    const all = this.#compared();
    return all[who % all.length]!;
  }

  #snapshot(who: number): void {
    const { shown, ...rest } = this.#one(who);
    this.#snapshots.push({ ...rest, of: shown, shown: shown.snapshot() });
  }

  #iterate(options: RangeOptions<string>, who: number): void {
    const { shown, model, now } = this.#one(who);
    this.#iterators.push({ of: shown, entries: shown.entries(options), expected: model.range(options, now) });
  }

  async #drain(): Promise<void> {
    for (const { entries, expected } of this.#iterators) mustAnswerAs("an iterator", await all(entries), expected);
    this.#iterators = [];
  }

  async #reopen(): Promise<void> {
    for (const { of, shown } of this.#snapshots) if (of === this.#store) shown.close();
    this.#forget(this.#store);
    await settled(this.#store.close(), "closing");
    this.#history.makeDurable();
    await this.#open();
  }
}

/** As many microtasks as are looked at while readers catch up; their own syncs may be held as well. */
const LOOKS_MAX = 500;

function isPowerCut(seed: number): boolean {
  return seed % 2 === 1;
}

function isSyncOfSegment({ operation, path }: WaitingCall): boolean {
  return operation === "sync" && path.endsWith(".segment");
}

function operationOf(part: Part): ConditionalOperation<string, string> {
  const { key, value, ttlMs } = part;
  const condition = conditionOf(part);
  if (value === undefined) return { type: "delete", key, ...condition };
  return { type: "put", key, value, ...condition, ...(ttlMs === 0 ? {} : { ttlMs }) };
}

function conditionOf({ version }: Part): ConditionOptions {
  if (version === undefined) return {};
  return version === 0 ? { ifAbsent: true } : { ifVersion: version };
}
