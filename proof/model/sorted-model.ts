import type { RangeOptions } from "@hashlog/engine";

/** A put, or without a value a delete, of one key. */
export interface Part {
  readonly key: string;
  readonly value: string | undefined;
  /** 0: never. */
  readonly ttlMs: number;
  /** The version that the key must have; 0: it must be absent; `undefined`: any. */
  readonly version: number | undefined;
  /** Its number among all that were ever written. */
  readonly number: number;
}

export interface ModelEntry {
  readonly value: string;
  readonly expiresAtMs: number;
  /** The number of the part that set it. */
  readonly number: number;
}

/** The plainest thing that a store with ranges and conditions can be: a map that is sorted whenever somebody asks. */
export class SortedModel {
  readonly #entries: Map<string, ModelEntry>;

  constructor(entries: ReadonlyMap<string, ModelEntry> = new Map()) {
    this.#entries = new Map(entries);
  }

  copy(): SortedModel {
    return new SortedModel(this.#entries);
  }

  /** What is there at that time. */
  get(key: string, now: number): ModelEntry | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined || (entry.expiresAtMs !== 0 && entry.expiresAtMs <= now) ? undefined : entry;
  }

  /**
   * Does all of the parts if all conditions hold by what is there before, and says whether they do. `versionOf` knows the
   * versions of what was written, as far as somebody has asked the store for them.
   */
  write(parts: readonly Part[], now: number, versionOf: (number: number) => number | undefined): boolean {
    const holds = parts.every(({ key, version }) => {
      const entry = this.get(key, now);
      if (version === undefined) return true;
      return version === 0 ? entry === undefined : entry !== undefined && versionOf(entry.number) === version;
    });
    if (!holds) return false;
    for (const { key, value, ttlMs, number } of parts) {
      if (value === undefined) this.#entries.delete(key);
      else this.#entries.set(key, { value, expiresAtMs: ttlMs === 0 ? 0 : now + ttlMs, number });
    }
    return true;
  }

  /** Deletes a range, whatever has expired of it as well. */
  clear(options: RangeOptions<string>): void {
    for (const [key] of this.range(options, 0)) this.#entries.delete(key);
  }

  /** The entries of a range, in the order of the keys' bytes. */
  range(options: RangeOptions<string>, now: number): [string, string][] {
    const { gt, gte, lt, lte, prefix, reverse = false, limit = Infinity } = options;
    const keys = [...this.#entries.keys()].filter(
      (key) =>
        this.get(key, now) !== undefined &&
        (gt === undefined || compare(key, gt) > 0) &&
        (gte === undefined || compare(key, gte) >= 0) &&
        (lt === undefined || compare(key, lt) < 0) &&
        (lte === undefined || compare(key, lte) <= 0) &&
        (prefix === undefined || key.startsWith(prefix)),
    );
    keys.sort(compare);
    if (reverse) keys.reverse();
    return keys.slice(0, limit).map((key) => [key, this.#entries.get(key)!.value]);
  }

  /** As a text, to be compared. */
  describe(now: number): string {
    return JSON.stringify(this.range({}, now));
  }

  /** What the next key of a range would be, for one who seeks. */
  static from(options: RangeOptions<string>, target: string): RangeOptions<string> {
    const { gt, gte, lt, lte, reverse = false } = options;
    if (reverse) {
      const isNearer = [lt, lte].every((bound) => bound === undefined || compare(target, bound) < 0);
      return isNearer ? { ...options, lt: undefined as never, lte: target } : options;
    }
    const isNearer = [gt, gte].every((bound) => bound === undefined || compare(target, bound) > 0);
    return isNearer ? { ...options, gt: undefined as never, gte: target } : options;
  }
}

/** By the bytes of the keys. */
function compare(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
