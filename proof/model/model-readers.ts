import type { SimulatedDisk } from "@hashlog/fs-io/testing";
import { mustAnswerAs, mustBeOneOfMaps } from "../properties/p21-sorted-map.ts";
import { quiet, settled } from "../world/quiet.ts";
import { openTextReader, type TextReader } from "../world/text-store.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import { glanceAt, type Compared } from "./compare.ts";
import type { ModelCase } from "./model-case.ts";
import type { ModelHistory } from "./model-history.ts";

/** A store that is only read, in a process of its own. */
export interface OpenReader {
  readonly store: TextReader;
  readonly follows: boolean;
  /** The number of the state that it has shown last. */
  shown: number;
}

/**
 * Readers beside the writer: what each shows is a state that the map has had, no older than the one that it showed before,
 * and as long as there is a writer nothing that was not acknowledged.
 */
export class ModelReaders {
  readonly #disk: SimulatedDisk;
  readonly #case: ModelCase;
  readonly #history: ModelHistory;
  #readers: readonly OpenReader[] = [];
  #clock: VirtualClock;
  /** Between its death, or its closing, and its next opening there is none. */
  hasWriter = false;

  constructor(disk: SimulatedDisk, given: ModelCase, history: ModelHistory, nowMs: number) {
    this.#disk = disk;
    this.#case = given;
    this.#history = history;
    this.#clock = new VirtualClock(nowMs);
  }

  get open(): readonly OpenReader[] {
    return this.#readers;
  }

  /** The newest state that any of them has shown. */
  get newest(): number {
    return Math.max(0, ...this.#readers.map(({ shown }) => shown));
  }

  /** What each has to show, if it is what it showed when it was looked at last. */
  compared(): Compared<OpenReader["store"]>[] {
    const now = this.#clock.now();
    return this.#readers.map(({ store, shown }) => ({ shown: store, model: this.#history.at(shown), now }));
  }

  /** Another one, unless there are enough. */
  async openOne(follows: boolean): Promise<void> {
    if (this.#readers.length >= READERS_MAX) return;
    const least = this.#history.acknowledged;
    const store = await openTextReader(this.#disk.boot(), this.#case, this.#clock, follows);
    const reader = { store, follows, shown: least };
    this.#look(reader);
    this.#readers = [...this.#readers, reader];
  }

  /** Closes the oldest one, and returns it. */
  async closeOne(): Promise<OpenReader | undefined> {
    const [oldest, ...others] = this.#readers;
    this.#readers = others;
    if (oldest !== undefined) await settled(oldest.store.close(), "closing a reader");
    return oldest;
  }

  /** All of them catch up. */
  async refresh(): Promise<void> {
    await Promise.all(this.#readers.map((reader) => this.#refresh(reader)));
  }

  /** All catch up where nobody writes: they show the same, which is what the next writer finds. Returns that, if there are any. */
  async refreshAlone(): Promise<string | undefined> {
    await settled(this.refresh(), "a refresh without a writer");
    const [first, ...others] = this.#readers.map(({ store }) => glanceAt(store));
    for (const other of others) mustAnswerAs("without a writer another reader", other, first);
    return first;
  }

  /** Looks at what each shows at this moment. */
  look(): void {
    for (const reader of this.#readers) this.#look(reader);
  }

  /** The same while they may be catching up: a `clear` comes in parts. */
  glance(): void {
    for (const reader of this.#readers) {
      const cleared = this.#history.clearedInPart(glanceAt(reader.store), reader.shown, this.#clock.now());
      if (cleared === undefined) this.#look(reader);
    }
  }

  /** Time passes; those that follow the writer have caught up if it was long enough. */
  async tick(milliseconds: number): Promise<void> {
    this.#clock.tick(milliseconds);
    if (!this.#readers.some(({ follows }) => follows)) return;
    await quiet();
    for (const reader of this.#readers.filter(({ follows }) => follows)) {
      mustAnswerAs("what failed while a reader followed", String(reader.store.stats().failures.last), "undefined");
      if (milliseconds >= FOLLOWS_WITHIN_MS) reader.shown = Math.max(reader.shown, this.#history.acknowledged);
      this.#look(reader);
    }
  }

  /** The power was cut: they are gone. */
  die(): void {
    this.#readers = [];
    this.#clock = new VirtualClock(this.#clock.now());
  }

  async #refresh(reader: OpenReader): Promise<void> {
    const least = this.#history.acknowledged;
    await reader.store.refresh();
    reader.shown = Math.max(reader.shown, least);
    this.#look(reader);
  }

  #look(reader: OpenReader): void {
    const { acknowledged, lastNumber } = this.#history;
    // Without a sync to wait for, what is in the log is as good as acknowledged.
    const most = this.hasWriter && this.#case.sync === "always" ? acknowledged : lastNumber;
    const states = this.#history.describe(reader.shown, most, this.#clock.now());
    reader.shown = mustBeOneOfMaps("read beside the writer", glanceAt(reader.store), states, reader.shown);
  }
}

const READERS_MAX = 3;
/** A follower looks as often as that, or more often. */
const FOLLOWS_WITHIN_MS = 200;
