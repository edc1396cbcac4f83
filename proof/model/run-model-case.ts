import type { ConditionalOperation, ConditionOptions, RangeOptions, Snapshot, StoreIterator } from "@hashlog/engine";
import { crashPointAt, sampleFates, SeededRandom, SimulatedDisk } from "@hashlog/fs-io/testing";
import { mustAnswerAs, mustBeOneOfMaps } from "../properties/p21-sorted-map.ts";
import { settled } from "../world/quiet.ts";
import { emptyStore, openStore, type TextStore } from "../world/text-store.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import { KEYS, type ModelCase, type ModelOperation, type ModelWrite, type WrittenKey } from "./model-case.ts";
import { SortedModel, type Part } from "./sorted-model.ts";

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

interface OpenSnapshot {
  readonly snapshot: Snapshot<string, string>;
  readonly model: SortedModel;
  readonly madeAt: number;
}

interface OpenIterator {
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
  #clock = new VirtualClock();
  #openings = 0;
  #store!: TextStore;
  #model = new SortedModel();
  #written = 0;
  #snapshots: OpenSnapshot[] = [];
  #iterators: OpenIterator[] = [];

  constructor(disk: SimulatedDisk, given: ModelCase) {
    this.#disk = disk;
    this.#case = given;
  }

  async open(): Promise<void> {
    this.#openings += 1;
    const opening = openStore(this.#disk.boot(), this.#case, this.#clock, this.#openings);
    this.#store = await settled(opening, "opening");
  }

  async do(operation: ModelOperation): Promise<void> {
    switch (operation[0]) {
      case "write":
        return this.#write(operation[1]);
      case "crash":
        return this.#crash(operation[1], operation[2], operation[3]);
      case "range":
        return this.#range(operation[1]);
      case "seek":
        return this.#seek(operation[1], operation[2], operation[3]);
      case "clear":
        await settled(this.#store.clear(operation[1]), "clear");
        return this.#model.clear(operation[1]);
      case "snapshot":
        this.#snapshots.push({ snapshot: this.#store.snapshot(), model: this.#model.copy(), madeAt: this.#now });
        return;
      case "close snapshot":
        return this.#snapshots.shift()?.snapshot.close();
      case "iterate":
        return this.#iterate(operation[1]);
      case "drain":
        return this.#drain();
      case "tick":
        return this.#clock.tick(operation[1]);
      case "compact":
        await settled(this.#store.compact(), "compacting");
        return;
      case "checkpoint":
        return settled(this.#store.checkpoint(), "a checkpoint");
      case "reopen":
        return this.#reopen();
    }
  }

  /** Every answer about every key, and about those of every open snapshot. */
  async compare(): Promise<void> {
    const now = this.#now;
    mustAnswerAs("entries()", await all(this.#store.entries({ gte: "" })), this.#model.range({}, now));
    mustAnswerAs("count()", await settled(this.#store.count(), "count"), this.#model.range({}, now).length);
    await this.#compareKeys(this.#store, this.#model, now);
    for (const { snapshot, model, madeAt } of this.#snapshots) {
      mustAnswerAs("a snapshot", await all(snapshot.entries({ gte: "" })), model.range({}, madeAt));
      await this.#compareKeys(snapshot, model, madeAt);
    }
  }

  async end(): Promise<void> {
    await this.#drain();
    await this.#reopen();
    await this.compare();
    await settled(this.#store.close(), "closing");
  }

  get #now(): number {
    return this.#clock.now();
  }

  async #compareKeys(
    store: Pick<Snapshot<string, string>, "has" | "getSync" | "getEntry">,
    model: SortedModel,
    now: number,
  ): Promise<void> {
    for (const key of KEYS) {
      const expected = model.get(key, now);
      const entry = await settled(store.getEntry(key), "getEntry");
      const answers = [store.has(key), store.getSync(key), entry?.value, entry?.expiresAtMs ?? 0];
      const { value, expiresAtMs = 0 } = expected ?? {};
      mustAnswerAs(`of ${JSON.stringify(key)} the store`, answers, [expected !== undefined, value, value, expiresAtMs]);
      if (entry !== undefined) this.#versions.learn(expected!.number, entry.version);
    }
  }

  async #write(writes: readonly ModelWrite[]): Promise<void> {
    const { called, states } = this.#call(writes);
    const answers = await settled(Promise.all(called.map(({ answer }) => answer)), "a write");
    mustAnswerAs(
      "writes",
      answers,
      called.map(({ expected }) => expected),
    );
    this.#model = states.at(-1)!;
  }

  async #crash(writes: readonly ModelWrite[], turns: number, seed: number): Promise<void> {
    const { called, states } = this.#call(writes);
    let acknowledged = 0;
    for (const [index, { answer, isRecorded }] of called.entries()) {
      const note = (): void => {
        if (isRecorded) acknowledged = Math.max(acknowledged, index + 1);
      };
      answer.then(note, () => undefined);
    }
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    this.#die(seed);
    const least = acknowledged;
    await this.open();
    const now = this.#now;
    const shown = JSON.stringify(await all(this.#store.entries({ gte: "" })));
    const described = states.map((state) => JSON.stringify(state.range({}, now)));
    this.#model = states[mustBeOneOfMaps("after a crash", shown, described, least)]!;
  }

  #die(seed: number): void {
    this.#snapshots = [];
    this.#iterators = [];
    // Its timers died with the process.
    this.#clock = new VirtualClock(this.#now);
    if (seed % 2 === 0) {
      this.#disk.kill();
      return;
    }
    const profile = seed % 4 === 1 ? "free" : "drop-all";
    const point = crashPointAt(this.#disk, this.#disk.position);
    this.#disk.powerCut(sampleFates(point, new SeededRandom(seed), { profile }), profile);
  }

  /** Calls them all at once, on the store and on the model, of which it returns the state before and after each. */
  #call(writes: readonly ModelWrite[]): { called: readonly Called[]; states: readonly SortedModel[] } {
    const states = [this.#model];
    const called: Called[] = [];
    // What is known before any of them is what the conditions are made of.
    const known = this.#model;
    for (const write of writes) {
      const state = states.at(-1)!.copy();
      const parts = write.map((part) => this.#part(part, known));
      const wasThere = state.get(parts[0]!.key, this.#now) !== undefined;
      const holds = state.write(parts, this.#now, (number) => this.#versions.of(number));
      states.push(state);
      called.push(this.#callOne(parts, { holds, wasThere }));
    }
    return { called, states };
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

  async #range(options: RangeOptions<string>): Promise<void> {
    const expected = this.#model.range(options, this.#now);
    const keys = expected.map(([key]) => key);
    mustAnswerAs("entries of a range", await all(this.#store.entries(options)), expected);
    mustAnswerAs("keys of a range", await all(this.#store.keys(options)), keys);
    mustAnswerAs(
      "values of a range",
      await all(this.#store.values(options)),
      expected.map(([, value]) => value),
    );
    mustAnswerAs("count of a range", await settled(this.#store.count(options), "count"), expected.length);
  }

  async #seek(options: RangeOptions<string>, before: number, target: string): Promise<void> {
    const { limit = Infinity } = options;
    const entries = this.#store.entries(options);
    const given: unknown[] = [];
    for (let index = 0; index < before; index += 1) {
      const next = await settled(entries.next(), "next");
      if (next.done === true) return;
      given.push(next.value);
    }
    entries.seek(target);
    const all = this.#model.range(options, this.#now);
    const rest = SortedModel.from({ ...options, limit: limit - given.length }, target);
    const expected = [...all.slice(0, before), ...this.#model.range(rest, this.#now)];
    for await (const entry of entries) given.push(entry);
    mustAnswerAs("seeking", given, expected);
  }

  #iterate(options: RangeOptions<string>): void {
    const expected = this.#model.range(options, this.#now);
    this.#iterators.push({ entries: this.#store.entries(options), expected });
  }

  async #drain(): Promise<void> {
    for (const { entries, expected } of this.#iterators) mustAnswerAs("an iterator", await all(entries), expected);
    this.#iterators = [];
  }

  async #reopen(): Promise<void> {
    for (const { snapshot } of this.#snapshots) snapshot.close();
    this.#snapshots = [];
    this.#iterators = [];
    await settled(this.#store.close(), "closing");
    await this.open();
  }
}

/** What the store has said of the versions of what was written, which has a number of its own. */
class Versions {
  readonly #known = new Map<number, number>();

  of(number: number): number | undefined {
    return this.#known.get(number);
  }

  /** One below that, or one that is beyond all. */
  before(version: number | undefined): number {
    const lower = [...this.#known.values()].filter((other) => version !== undefined && other < version);
    return lower.length > 0 ? Math.max(...lower) : NEVER;
  }

  /** The same each time, and in the order of the numbers. */
  learn(number: number, version: number): void {
    const known = this.#known.get(number);
    if (known !== undefined) mustAnswerAs("the version, asked for again,", version, known);
    for (const [other, itsVersion] of this.#known) {
      if (other !== number)
        mustAnswerAs("whether a version is higher, of what was written later", version > itsVersion, number > other);
    }
    this.#known.set(number, version);
  }
}

const NEVER = 2 ** 40;

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

async function all<T>(iterator: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  const read = async (): Promise<void> => {
    for await (const item of iterator) items.push(item);
  };
  await settled(read(), "iterating");
  return items;
}
