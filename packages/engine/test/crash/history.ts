import type { LogObserver } from "./log-observer.ts";

/** One write or one batch: all or nothing. */
export interface Unit {
  /** Key and value, or `undefined` for a delete, in their order. */
  readonly changes: readonly (readonly [string, string | undefined])[];
  /** Whether it left a record in the log: a delete of what is not there, with no write on its way, does not. */
  readonly recorded: boolean;
  status: "waiting" | "acknowledged" | "refused" | "gone";
}

/**
 * Every unit in the order in which it was written, and how many of them had been handed to the file system, and were
 * durable, after each step of the disk.
 *
 * The store after a crash must be the state after the first k units, for a k from `floor` to `issued` of that step.
 */
export class History {
  readonly units: Unit[] = [];
  readonly #observer: LogObserver;
  readonly #position: () => number;
  readonly #moments: { ordinal: number; floor: number; issued: number }[] = [];
  /** For each unit that has appeared in the log, its sequences; an empty list for one that left no record. */
  readonly #sequences: number[][] = [];
  #recordsSeen = 0;

  constructor(observer: LogObserver, position: () => number) {
    this.#observer = observer;
    this.#position = position;
    observer.onChange = () => this.#note();
  }

  /** The process died: what was not handed to the file system is gone, everything else is in the log. */
  died(): void {
    this.#match();
    for (const [index, unit] of this.units.entries()) {
      if (index >= this.#sequences.length && unit.status === "waiting") unit.status = "gone";
      else if (unit.status === "waiting") unit.status = "acknowledged";
    }
    while (this.units.at(-1)?.status === "gone") this.units.pop();
  }

  bounds(ordinal: number): { floor: number; issued: number } {
    let found = { floor: 0, issued: 0 };
    for (const moment of this.#moments) {
      if (moment.ordinal > ordinal) break;
      found = moment;
    }
    return found;
  }

  /** The state after the first `count` units, as text. */
  stateAfter(count: number): string {
    const state = new Map<string, string>();
    for (const unit of this.units.slice(0, count)) {
      for (const [key, value] of unit.changes) {
        if (value === undefined) state.delete(key);
        else state.set(key, value);
      }
    }
    return stateText(state);
  }

  #note(): void {
    this.#match();
    let floor = 0;
    while (floor < this.#sequences.length && this.#sequences[floor]!.every((one) => this.#observer.isDurable(one))) {
      floor += 1;
    }
    this.#moments.push({ ordinal: this.#position(), floor, issued: this.#sequences.length });
  }

  // Units appear in the log in the order of their writing.
  #match(): void {
    const { records } = this.#observer;
    while (this.#sequences.length < this.units.length) {
      const unit = this.units[this.#sequences.length]!;
      if (unit.recorded && this.#recordsSeen === records.length) return;
      const written = unit.recorded ? records.slice(this.#recordsSeen, this.#recordsSeen + unit.changes.length) : [];
      const same = written.every(
        ({ key, value }, index) => key === unit.changes[index]?.[0] && value === unit.changes[index][1],
      );
      if (!same) {
        throw new Error(`the log holds ${JSON.stringify(written)} where ${JSON.stringify(unit.changes)} was written`);
      }
      this.#sequences.push(written.map(({ sequence }) => sequence));
      this.#recordsSeen += written.length;
    }
  }
}

export function stateText(state: ReadonlyMap<string, string>): string {
  const shorten = (value: string): string => (value.length > 8 ? `${value.split(".")[0]}.*${value.length}` : value);
  return [...state]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${key}=${shorten(value)}`)
    .join(" ");
}
