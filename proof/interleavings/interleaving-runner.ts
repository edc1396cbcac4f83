import { open, utf8, type Store } from "@hashlog/engine";
import { SimulatedDisk, type SimulatedFileSystem } from "@hashlog/fs-io/testing";
import assert from "node:assert/strict";
import { checkInvariants } from "../../packages/engine/test/support/check-invariants.ts";
import { FakeClock } from "../../packages/engine/test/support/fake-clock.ts";
import { mustAgree, mustAnswerTruly, mustBeVisible } from "../properties/p04-read-your-writes.ts";
import { mustBeOfItsMoment, mustYieldItsMoment } from "../properties/p11-iterator-stability.ts";
import { mustFailInNothing } from "../properties/p14-forward-progress.ts";
import { KEYS, type Interleaving, type InterleavingOperation } from "./interleaving-case.ts";
import { LIMITS } from "../../packages/engine/src/limits.ts";
import { openWithin } from "../../packages/engine/src/open.ts";
import { eagerStrategy } from "../world/eager-strategy.ts";
import { checkRoads } from "../../packages/engine/test/support/roads.ts";

/** A value and when it expires; `undefined` for a delete. */
type Change = readonly [key: string, value: string | undefined, expiresAtMs: number];

interface OpenIterator {
  readonly iterator: AsyncIterableIterator<[string, string]>;
  readonly expected: ReadonlyMap<string, string>;
  readonly given: Map<string, string>;
}

/** Runs the case to its end, looking at the store after each step. */
export async function runInterleaving(given: Interleaving): Promise<void> {
  await new InterleavingRunner(given).run();
}

class InterleavingRunner {
  readonly #case: Interleaving;
  readonly #fileSystem: SimulatedFileSystem;
  readonly #clock = new FakeClock();
  #db!: Store<string, string, string>;
  readonly #writes: (readonly Change[])[] = [];
  #acknowledged = 0;
  /** How many writes were visible at least, when it was looked last. */
  #seen = 0;
  /** How many records the store was given, those before its opening included. */
  #given = 0;
  /** What a `clear()` is about to delete, in one commit, as long as it has not. */
  #clearing: readonly Change[] | undefined;
  #waiting: Promise<unknown>[] = [];
  #iterators: OpenIterator[] = [];

  constructor(given: Interleaving) {
    this.#case = given;
    this.#fileSystem = new SimulatedDisk({ schedule: given.schedule }).boot();
  }

  async run(): Promise<void> {
    await this.#open();
    for (const operation of this.#case.operations) {
      await this.#do(operation);
      this.#look();
    }
    await this.#settle();
    await this.#check();
    await this.#db.close();
    await checkRoads({ fileSystem: this.#fileSystem, directory: "/store" }, this.#clock);
  }

  async #open(): Promise<void> {
    const { sync, segmentBytesMax, merging } = this.#case;
    // What expired in an earlier open, and may have been merged away, is to stay expired in this one.
    this.#clock.advance(Math.max(0, this.#clock.highestTold - this.#clock.now()));
    const shared = { sync, segmentBytesMax, fileSystem: this.#fileSystem, clock: this.#clock, values: utf8 };
    const eager = { ...shared, compaction: { strategy: eagerStrategy, jitter: 0 } };
    const limits = { ...LIMITS, compactionLookBytes: 200, pacedBytesPerTurn: 400, mergeSliceBytes: 150 };
    this.#db = merging === "eager" ? await openWithin(limits, "/store", eager) : await open("/store", shared);
    await this.#db.keys().return?.();
  }

  async #do(operation: InterleavingOperation): Promise<void> {
    const db = this.#db;
    switch (operation[0]) {
      case "put":
      case "put, synced": {
        const [kind, key, length] = operation;
        const change = this.#change(key, length);
        return this.#write([change], () => db.put(change[0], change[1]!, { sync: kind !== "put" }));
      }
      case "put for a while": {
        const [, key, ttlMs] = operation;
        const [name, value] = this.#change(key, 20);
        const change: [string, string | undefined, number] = [name, value, 0];
        return this.#write([change], () => {
          const put = db.put(name, value!, { ttlMs });
          change[2] = this.#clock.highestTold + ttlMs;
          return put;
        });
      }
      case "delete":
      case "delete, synced":
        return this.#delete(KEYS[operation[1]]!, operation[0] !== "delete");
      case "batch":
      case "batch, synced":
        return this.#batch(operation[1], operation[0] !== "batch");
      case "clear":
        return this.#clear(operation[1]);
      case "read":
        return this.#wait(this.#read(KEYS[operation[1]]!));
      case "iterate":
        this.#iterators.push({ iterator: db.entries(), expected: this.#visible(), given: new Map() });
        return;
      case "read on":
        return this.#wait(this.#readOn(operation[1], operation[2]));
      case "leave": {
        const [left] = this.#iterators.splice(operation[1] % (this.#iterators.length || 1), 1);
        return this.#wait(left?.iterator.return?.());
      }
      case "compact":
        return this.#wait(db.compact());
      case "compact some": {
        const mergeable = db.stats().segments.filter(({ state }) => state !== "unsealed");
        const chosen = mergeable.filter((_, place) => ((operation[1] >>> place) & 1) === 1);
        return this.#wait(db.compact({ segments: chosen.map(({ segmentId }) => segmentId) }));
      }
      case "pause merging":
        return db.compaction.pause();
      case "resume merging":
        return db.compaction.resume();
      case "checkpoint":
        return this.#wait(db.checkpoint());
      case "sync":
        return this.#wait(db.sync());
      case "tick":
        return this.#clock.advance(operation[1]);
      case "pause":
        for (let turn = 0; turn < operation[1]; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        return;
      case "settle":
        return this.#settle();
      case "reopen":
        await this.#settle();
        await this.#db.close();
        return this.#open();
    }
  }

  #change(key: number, length: number): Change {
    return [KEYS[key]!, `${this.#writes.length}.`.padEnd(length, "x"), 0];
  }

  #write(changes: readonly Change[], write: () => Promise<unknown>): void {
    this.#noteClear();
    const promise = write();
    this.#writes.push(changes);
    this.#given = this.#recordsGiven();
    const count = this.#writes.length;
    this.#wait(
      promise.then(() => {
        this.#acknowledged = Math.max(this.#acknowledged, count);
      }),
    );
  }

  // Every opening is one after a clean close, so sequences have no gaps.
  #recordsGiven(): number {
    const { sequence, pendingWrites } = this.#db.stats();
    return sequence + pendingWrites;
  }

  /** What a `clear()` deletes comes into the log some time after its call; since the last write, if there is more now. */
  #noteClear(): void {
    const given = this.#recordsGiven() - this.#given;
    if (given === 0) return;
    assert.equal(given, this.#clearing?.length);
    this.#writes.push(this.#clearing!);
    this.#clearing = undefined;
    this.#given += given;
  }

  #clear(sync: boolean): void {
    this.#noteClear();
    const changes = [...this.#visible().keys()].map((key): Change => [key, undefined, 0]);
    // What has expired would be deleted as well, and cannot be seen.
    if (this.#clearing !== undefined || this.#db.stats().keys !== changes.length) return;
    if (changes.length > 0) this.#clearing = changes;
    this.#wait(
      this.#db.clear({ sync }).then(() => {
        this.#noteClear();
        assert.notEqual(this.#clearing, changes);
        this.#acknowledged = Math.max(this.#acknowledged, this.#writes.indexOf(changes) + 1);
      }),
    );
  }

  #delete(key: string, sync: boolean): void {
    this.#noteClear();
    const before = stateAfter(this.#writes, this.#writes.length);
    const hasExpiry = (before.get(key)?.expiresAtMs ?? 0) !== 0;
    this.#write([[key, undefined, 0]], async () => {
      const existed = await this.#db.delete(key, { sync });
      // Whether the value had expired was decided at some time since.
      if (!hasExpiry) mustAnswerTruly(existed, key, before, { nowMs: 0, latestMs: 0 });
    });
  }

  #batch(entries: readonly (readonly [number, number])[], sync: boolean): void {
    const changes = entries.map(([key, length]): Change =>
      length < 0 ? [KEYS[key]!, undefined, 0] : this.#change(key, length),
    );
    const operations = changes.map(([key, value]) =>
      value === undefined ? ({ type: "delete", key } as const) : ({ type: "put", key, value } as const),
    );
    this.#write(changes, () => this.#db.batch(operations, { sync }));
  }

  async #read(key: string): Promise<void> {
    const expected = this.#db.getSync(key);
    const [value, [one, never, other]] = await Promise.all([
      this.#db.get(key),
      this.#db.getMany([key, "never there", key]),
    ]);
    mustAgree(key, { getSync: expected, get: value, getMany: one, "getMany, once more": other });
    mustAgree("never there", { nobody: undefined, getMany: never });
  }

  async #readOn(index: number, count: number): Promise<void> {
    const open = this.#iterators[index % (this.#iterators.length || 1)];
    for (let turn = 0; open !== undefined && turn < count; turn += 1) {
      const { done, value } = await open.iterator.next();
      if (done === true) return;
      const entry = value as [string, string];
      mustBeOfItsMoment(entry, open.given, open.expected);
      open.given.set(...entry);
    }
  }

  #wait(promise: Promise<unknown> | undefined): void {
    if (promise === undefined) return;
    promise.catch(() => undefined);
    this.#waiting.push(promise);
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#waiting);
    this.#waiting = [];
    for (const index of this.#iterators.keys()) await this.#readOn(index, Infinity);
    for (const { expected, given } of this.#iterators) mustYieldItsMoment([...given], expected);
    this.#iterators = [];
    this.#look();
  }

  async #check(): Promise<void> {
    const stats = this.#db.stats();
    mustFailInNothing(stats, "in the end");
    const { iterators, pendingWrites } = stats;
    assert.deepEqual({ iterators, pendingWrites }, { iterators: 0, pendingWrites: 0 });
    await checkInvariants(this.#db as never, { fileSystem: this.#fileSystem, values: utf8 as never });
  }

  // What all keys show at this very moment.
  #visible(): Map<string, string> {
    const found = KEYS.map((key) => [key, this.#db.getSync(key)] as const);
    return new Map(found.filter((entry): entry is [string, string] => entry[1] !== undefined));
  }

  #look(): void {
    this.#noteClear();
    const visible = JSON.stringify(sorted(this.#visible()));
    const least = Math.max(this.#seen, this.#acknowledged);
    const allowed: string[] = [];
    for (let count = least; count <= this.#writes.length; count += 1) {
      const state = [...stateAfter(this.#writes, count)].filter(
        ([, { expiresAtMs }]) => !hasPassed(expiresAtMs, this.#clock.highestTold),
      );
      allowed.push(JSON.stringify(sorted(new Map(state.map(([key, { value }]) => [key, value])))));
    }
    this.#seen = least + mustBeVisible(visible, allowed);
  }
}

function hasPassed(expiresAtMs: number, now: number): boolean {
  return expiresAtMs !== 0 && expiresAtMs <= now;
}

function stateAfter(
  writes: readonly (readonly Change[])[],
  count: number,
): Map<string, { readonly value: string; readonly expiresAtMs: number }> {
  const state = new Map<string, { value: string; expiresAtMs: number }>();
  for (const [key, value, expiresAtMs] of writes.slice(0, count).flat()) {
    if (value === undefined) state.delete(key);
    else state.set(key, { value, expiresAtMs });
  }
  return state;
}

function sorted(state: ReadonlyMap<string, string>): [string, string][] {
  return [...state].sort(([left], [right]) => (left < right ? -1 : 1));
}
