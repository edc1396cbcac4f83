import { quiet, settled } from "./quiet.ts";
import type { TextStore } from "./text-store.ts";

/** Something that a program which writes does with its store. */
export type WriteStep =
  /** Key, and length of the value. */
  | readonly ["put", number, number]
  | readonly ["delete", number]
  /** Keys, and lengths of the values; -1 for a delete. */
  | readonly ["batch", readonly (readonly [number, number])[]]
  | readonly ["compact"]
  /** Waits until so many microtasks have passed. */
  | readonly ["turns", number];

export type State = ReadonlyMap<string, string>;

/** A program that writes and awaits nothing, and knows what the store holds after each of its commits. */
export class Writer {
  /** After so many commits. */
  readonly states: readonly State[];
  /** The sequence of the last record of each commit that `settleCommits` has waited for. */
  readonly sequences: readonly number[];
  /** How many commits were acknowledged so far. */
  acknowledged = 0;
  #store: TextStore;
  readonly #keys: readonly string[];
  readonly #states: State[] = [new Map()];
  readonly #sequences: number[] = [0];
  #waiting: Promise<unknown>[] = [];
  /** Those without a sequence yet, and how many records each has. */
  #commits: { readonly acknowledged: Promise<unknown>; readonly records: number }[] = [];

  constructor(store: TextStore, keys: readonly string[]) {
    this.#store = store;
    this.#keys = keys;
    this.states = this.#states;
    this.sequences = this.#sequences;
  }

  /** Begins it, or waits for the turns. */
  async do(step: WriteStep): Promise<void> {
    switch (step[0]) {
      case "put":
        return this.#commit([[step[1], step[2]]]);
      case "delete":
        // Of a key that is there: else it may write nothing.
        if (this.#last.has(this.#keyOf(step[1]))) this.#commit([[step[1], -1]]);
        return;
      case "batch":
        if (step[1].length > 0) this.#commit(step[1]);
        return;
      case "compact":
        return this.begin(this.#store.compact());
      case "turns":
        for (let turn = 0; turn < step[1]; turn += 1) await Promise.resolve();
    }
  }

  /** Something else was begun, that has to come to its end without an error. */
  begin(promise: Promise<unknown>): void {
    this.#waiting.push(promise);
  }

  /** Resolves when all promises have; what goes on in the background goes on. */
  settle(): Promise<unknown> {
    return settled(Promise.all(this.#waiting), "what was begun");
  }

  /** Resolves when all commits are acknowledged; whatever else was begun goes on. */
  async settleCommits(): Promise<void> {
    await settled(Promise.all(this.#commits.map(({ acknowledged }) => acknowledged)), "a commit");
    const records = this.#commits.reduce((sum, commit) => sum + commit.records, 0);
    let sequence = this.#store.stats().sequence - records;
    for (const commit of this.#commits) {
      sequence += commit.records;
      this.#sequences.push(sequence);
    }
    this.#commits = [];
  }

  /** The process was killed after `settleCommits`, and this is the store of the next one. Nobody waits any more. */
  goOnWith(store: TextStore): void {
    for (const promise of this.#waiting) promise.catch(() => undefined);
    this.#store = store;
    this.#waiting = [];
  }

  /** Resolves when everything has come to its end. */
  async end(): Promise<void> {
    await this.settle();
    await this.settleCommits();
    await quiet();
  }

  get #last(): State {
    return this.#states.at(-1)!;
  }

  #keyOf(number: number): string {
    return this.#keys[number % this.#keys.length]!;
  }

  #commit(changes: readonly (readonly [number, number])[]): void {
    const number = this.#states.length;
    const next = new Map(this.#last);
    const operations = changes.map(([key, length]) => {
      const name = this.#keyOf(key);
      const value = `${number}\n`.padEnd(length, "x");
      if (length < 0) next.delete(name);
      else next.set(name, value);
      return length < 0 ? ({ type: "delete", key: name } as const) : ({ type: "put", key: name, value } as const);
    });
    this.#states.push(next);
    const acknowledged = this.#store.batch(operations).then(() => {
      this.acknowledged = Math.max(this.acknowledged, number);
    });
    this.#commits.push({ acknowledged, records: operations.length });
    this.begin(acknowledged);
  }
}

/** A state as text, whatever the order of its keys. */
export function show(state: State): string {
  return JSON.stringify([...state].toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
