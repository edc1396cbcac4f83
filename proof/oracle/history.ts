import type { StoreStats } from "@hashlog/engine";
import { Clearing } from "./clearing.ts";
import { Importing } from "./importing.ts";
import type { LogObserver, ObservedRecord } from "./log-observer.ts";
import type { LastOfKey } from "./conditions.ts";
import { mustBeThere, type Change, type ReadingTime, type Unit } from "./model.ts";
import { mustNotBeInTheLog } from "../properties/p05-no-phantom.ts";
import { Obligation } from "./obligation.ts";

/** From `low` to `high`, both included. */
export function range(low: number, high: number): number[] {
  return Array.from({ length: Math.max(0, high - low + 1) }, (_, index) => low + index);
}

/**
 * Every unit in the order in which it was written, and how many of them had been handed to the file system, and were
 * durable, after each step of the disk.
 *
 * A process that dies, or a power cut, takes units away; then another era begins with those that are left.
 */
export class History {
  units: Unit[] = [];
  /** The highest value of the clock so far. */
  latestMs: number;
  readonly #observer: LogObserver;
  readonly #position: () => number;
  readonly #nowMs: () => number;
  readonly #moments: Moment[] = [];
  /** For each unit that has appeared in the log, its sequences; an empty list for one that left no record. */
  #sequences: number[][] = [];
  #recordsSeen = 0;
  /** For each unit that left records: how many records of the log come before them. */
  readonly #recordsBefore = new WeakMap<Unit, number>();
  /** As the store was opened: how many records the log had, and the last sequence. */
  #opened = { records: 0, sequence: 0 };
  #clearing: Clearing | undefined;
  #importing: Importing | undefined;
  #floor = 0;
  /** The power was cut, and nobody has looked yet what it took. */
  #isUnknown = false;

  constructor(observer: LogObserver, position: () => number, nowMs: () => number) {
    this.#observer = observer;
    this.#position = position;
    this.#nowMs = nowMs;
    this.latestMs = nowMs();
    observer.onChange = () => this.note();
  }

  /** How many units, from the first on, the disk knows to be durable. */
  get floor(): number {
    return this.#floor;
  }

  /** How many units have been handed to the file system. */
  get issued(): number {
    return this.#sequences.length;
  }

  /** One more than the last unit that was acknowledged: acknowledged in log order, so were all before it. */
  get acknowledged(): number {
    return this.units.findLastIndex(({ status }) => status === "acknowledged") + 1;
  }

  /** The store was opened, and is asked for what it says of itself. */
  opened({ sequence }: Pick<StoreStats, "sequence">): void {
    this.#opened = { records: this.#observer.records.length, sequence };
  }

  /** Something was written; `stats` is what the store said right before. */
  write(unit: Unit, stats: Pick<StoreStats, "sequence" | "pendingWrites">): void {
    this.#recordsBefore.set(unit, this.#recordsGiven(stats));
    this.units.push(unit);
  }

  /** Whether a `clear()` is under way. Of two at once nobody could tell whose tombstone is whose. */
  get isClearing(): boolean {
    return this.#clearing !== undefined;
  }

  /** `clear()` is called, where these keys can be seen, or a `clear` of those keys alone that are in a range. */
  beginClear(keys: readonly string[], isInRange: (key: string) => boolean = () => true): Clearing {
    this.note();
    this.#clearing = new Clearing(keys.filter(isInRange), this.#expiredKeys().filter(isInRange));
    return this.#clearing;
  }

  /** Whether an `importFrom` is under way. */
  get isImporting(): boolean {
    return this.#importing !== undefined;
  }

  /** `importFrom` is called, and will write these commits. */
  beginImport(commits: readonly (readonly Change[])[]): Importing {
    this.note();
    this.#importing = new Importing(commits);
    return this.#importing;
  }

  /** It has resolved: it writes nothing any more. */
  endImport(): void {
    this.note();
    this.#importing = undefined;
  }

  /** Whether it was the write of that version that gave the key that value. */
  hasVersion(key: string, value: string, version: number): boolean {
    this.#match();
    return this.units.some(({ changes }, index) =>
      changes.some(
        (change, at) => change.key === key && change.value === value && this.#sequences[index]?.[at] === version,
      ),
    );
  }

  /** The first record in the log behind that sequence. */
  recordAfter(sequence: number): LoggedRecord | undefined {
    this.#match();
    for (const [unit, sequences] of this.#sequences.entries()) {
      const at = sequences.findIndex((one) => one > sequence);
      if (at >= 0) return { ...this.units[unit]!.changes[at]!, sequence: sequences[at]!, unit };
    }
    return undefined;
  }

  /** The last that was written of the key, as nobody clears the store, or imports. */
  lastOf(key: string): LastOfKey | undefined {
    this.#match();
    const isOfKey = (change: Change): boolean => change.key === key;
    const index = this.units.findLastIndex(({ changes }) => changes.some(isOfKey));
    if (index < 0) return undefined;
    const unit = this.units[index]!;
    const at = unit.changes.findLastIndex(isOfKey);
    const { value, expiresAtMs } = unit.changes[at]!;
    return { unit, value, expiresAtMs, version: this.#sequences[index]?.[at] };
  }

  /** Every version of the key that is in the log, the oldest first. */
  versionsOf(key: string): readonly number[] {
    this.#match();
    return this.units.flatMap(({ changes }, index) =>
      changes.flatMap((change, at) => {
        const version = this.#sequences[index]?.[at];
        return change.key === key && change.value !== undefined && version !== undefined ? [version] : [];
      }),
    );
  }

  /** It has resolved: it deletes nothing any more. */
  endClear(): void {
    this.note();
    this.#clearing = undefined;
  }

  /** The process died: what was not handed to the file system is gone, everything else is in the log. */
  died(): void {
    this.#match();
    this.#begin(this.#sequences.length);
  }

  /** The power was cut. */
  powerWasCut(): void {
    this.#match();
    this.#isUnknown = true;
    this.#observer.powerWasCut();
  }

  /** The store was opened after a power cut, and found `count` units. */
  recovered(count: number): void {
    this.#isUnknown = false;
    this.#begin(count);
    this.#observer.recovered(this.#sequences.flat());
    this.note();
  }

  /** Writes down what is durable at this step. */
  note(): void {
    this.#match();
    const isDurable = (sequences: readonly number[]): boolean =>
      sequences.every((one) => this.#observer.isDurable(one));
    while (this.#floor < this.#sequences.length && isDurable(this.#sequences[this.#floor]!)) this.#floor += 1;
    const nowMs = this.#nowMs();
    this.latestMs = Math.max(this.latestMs, nowMs);
    this.#moments.push({
      ordinal: this.#position(),
      units: this.units,
      floor: this.#floor,
      issued: this.#sequences.length,
      leastAfterKill: this.#isUnknown ? this.#floor : this.#sequences.length,
      time: { nowMs, latestMs: this.latestMs },
      obligation: undefined,
    });
  }

  /** What must hold after a crash at that step, which may be a power cut. */
  obligation(ordinal: number): Obligation {
    const moment = this.#momentAt(ordinal);
    if (moment === undefined) return new Obligation([], [0], { nowMs: this.#nowMs(), latestMs: this.latestMs });
    moment.obligation ??= new Obligation(moment.units, range(moment.floor, moment.issued), moment.time);
    return moment.obligation;
  }

  /** What must hold if only the process died at that step: all is there that had been handed to the file system. */
  obligationAfterKill(ordinal: number): Obligation {
    const moment = this.#momentAt(ordinal);
    if (moment === undefined) return this.obligation(ordinal);
    return this.obligation(ordinal).narrowed(range(moment.leastAfterKill, moment.issued), moment.time);
  }

  #momentAt(ordinal: number): Moment | undefined {
    let [low, high] = [0, this.#moments.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#moments[middle]!.ordinal <= ordinal) low = middle + 1;
      else high = middle;
    }
    return this.#moments[low - 1];
  }

  /** How many units have no sequence above `sequence`. */
  countUpTo(sequence: number): number {
    const beyond = this.#sequences.findIndex((sequences) => sequences.some((one) => one > sequence));
    return beyond === -1 ? this.#sequences.length : beyond;
  }

  // Somewhere between what was acknowledged and what is in the log is what can be seen; and what there is has expired or not.
  #expiredKeys(): string[] {
    const time = { nowMs: this.#nowMs(), latestMs: this.latestMs };
    const states = new Obligation(this.units, range(this.acknowledged, this.issued), time);
    return states.counts.flatMap((count) =>
      [...states.contentsAfter(count)].flatMap(([key, { expiresAtMs }]) =>
        mustBeThere(expiresAtMs, time) ? [] : [key],
      ),
    );
  }

  // Sequences are given in the order of the calls, and from the first one that this opening gave they are consecutive.
  #recordsGiven({ sequence, pendingWrites }: Pick<StoreStats, "sequence" | "pendingWrites">): number {
    const { records } = this.#opened;
    const first = this.#observer.records[records]?.sequence;
    const acknowledged = sequence === this.#opened.sequence ? 0 : sequence - first! + 1;
    return records + acknowledged + pendingWrites;
  }

  #begin(count: number): void {
    this.#clearing = undefined;
    this.#importing = undefined;
    for (const unit of this.units.slice(0, count)) unit.status = "acknowledged";
    this.units = this.units.slice(0, count);
    this.#sequences = this.#sequences.slice(0, count);
    this.#floor = Math.min(this.#floor, count);
    this.#recordsSeen = this.#observer.records.length;
  }

  // Units appear in the log in the order of their writing, and between them what a `clear()` deletes, and an import brings.
  #match(): void {
    const { records } = this.#observer;
    for (;;) {
      const unit = this.units[this.#sequences.length];
      if (unit !== undefined && !unit.recorded) {
        this.#sequences.push([]);
      } else if (this.#recordsSeen === records.length) {
        return;
      } else if (unit === undefined || this.#recordsSeen < this.#recordsBefore.get(unit)!) {
        this.#matchOther(records[this.#recordsSeen]!);
      } else {
        this.#matchUnit(unit, records.slice(this.#recordsSeen, this.#recordsSeen + unit.changes.length));
      }
    }
  }

  #matchUnit(unit: Unit, written: readonly ObservedRecord[]): void {
    const same = unit.changes.every(({ key, value, expiresAtMs }, index) => {
      const record = written[index];
      return key === record?.key && value === record.value && expiresAtMs === record.expiresAtMs;
    });
    if (!same) {
      throw new Error(`the log holds ${JSON.stringify(written)} where ${JSON.stringify(unit.changes)} was written`);
    }
    this.#sequences.push(written.map(({ sequence }) => sequence));
    this.#recordsSeen += written.length;
  }

  #matchOther(record: ObservedRecord): void {
    const imported = record.value === undefined ? undefined : this.#importing?.next;
    if (imported === undefined) return this.#matchClear(record);
    this.#importing!.take();
    this.units.splice(this.#sequences.length, 0, imported);
    const { records } = this.#observer;
    this.#matchUnit(imported, records.slice(this.#recordsSeen, this.#recordsSeen + imported.changes.length));
  }

  #matchClear({ key, value, sequence }: ObservedRecord): void {
    const clearing = this.#clearing;
    if (value !== undefined || clearing?.mayDelete(key) !== true) return mustNotBeInTheLog(key, value);
    this.units.splice(this.#sequences.length, 0, clearing.delete(key));
    this.#sequences.push([sequence]);
    this.#recordsSeen += 1;
  }
}

/** A record of the log. */
export interface LoggedRecord extends Change {
  readonly sequence: number;
  /** The place of its unit. */
  readonly unit: number;
}

interface Moment {
  readonly ordinal: number;
  readonly units: readonly Unit[];
  readonly floor: number;
  readonly issued: number;
  /** How many units are there, at least, if only the process dies. */
  readonly leastAfterKill: number;
  readonly time: ReadingTime;
  /** Made when it is first asked for. */
  obligation: Obligation | undefined;
}
