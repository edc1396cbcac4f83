import { hashText } from "../world/hash-text.ts";
import { applyUnit, describeContents, fits, type ReadingTime, type ReadonlyContents, type Unit } from "./model.ts";

/**
 * What must hold after a crash at some step: the store is the state after the first k units, for a k of `counts`.
 */
export class Obligation {
  readonly units: readonly Unit[];
  readonly counts: readonly number[];
  readonly time: ReadingTime;
  readonly #contents: ReadonlyContents[] = [];
  #hash: number | undefined;

  constructor(units: readonly Unit[], counts: readonly number[], time: ReadingTime) {
    this.units = units;
    this.counts = counts;
    this.time = time;
  }

  /** The state after the first `count` units; worked out once. */
  contentsAfter(count: number): ReadonlyContents {
    for (let known = this.#contents.length; known <= count; known += 1) {
      const contents = new Map(this.#contents[known - 1]);
      if (known > 0) applyUnit(contents, this.units[known - 1]!);
      this.#contents.push(contents);
    }
    return this.#contents[count]!;
  }

  /** The same for two obligations only if the same is right under both: an image that was judged once need not be again. */
  get hash(): number {
    this.#hash ??= hashText(JSON.stringify([this.time, this.counts.map((count) => this.#describe(count))]));
    return this.#hash;
  }

  /** Whether whatever is right under this one is right under the other as well. */
  implies(other: Obligation): boolean {
    if (this === other) return true;
    const isSameWorld = this.units === other.units && this.time.nowMs === other.time.nowMs;
    if (!isSameWorld || this.time.latestMs !== other.time.latestMs) return false;
    return this.counts.every((count) => other.counts.includes(count));
  }

  /** The same demand of who opens the store when the clock is so much ahead, or behind. */
  later(milliseconds: number = 0): Obligation {
    if (milliseconds === 0) return this;
    const nowMs = this.time.nowMs + milliseconds;
    return this.narrowed(this.counts, { nowMs, latestMs: Math.max(this.time.latestMs, nowMs) });
  }

  /** The same demand, but for these counts at that time. */
  narrowed(counts: readonly number[], time: ReadingTime): Obligation {
    return new Obligation(this.units, counts, time);
  }

  #describe(count: number): string {
    const expiries = [...this.contentsAfter(count).values()].map(({ expiresAtMs }) => expiresAtMs);
    return `${describeContents(this.contentsAfter(count), Infinity)} ${expiries.join()}`;
  }
}

/** Those of the counts that fit what was read. */
export function countsThatFit(
  obligation: Obligation,
  read: ReadonlyMap<string, string>,
  time: ReadingTime,
): readonly number[] {
  return obligation.counts.filter((count) => fits(read, obligation.contentsAfter(count), time));
}
