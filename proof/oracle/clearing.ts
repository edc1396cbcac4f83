import type { Unit } from "./model.ts";

/**
 * A `clear()` on its way. It deletes in commits of its own, of which nobody outside the store knows when they come into
 * the log, nor how many keys are in each: a crash may leave any part of it. So each of its tombstones is a unit.
 */
export class Clearing {
  /** The keys that could be seen when it was called. */
  readonly #keys: ReadonlySet<string>;
  /** Keys that were there and could not be seen, as they had expired: it may delete these as well. */
  readonly #expired: ReadonlySet<string>;
  readonly #units: Unit[] = [];

  constructor(keys: Iterable<string>, expired: Iterable<string>) {
    this.#keys = new Set(keys);
    this.#expired = new Set(expired);
  }

  /** What it has deleted so far. */
  get units(): readonly Unit[] {
    return this.#units;
  }

  /** Those that could be seen when it was called, and that it has not deleted. */
  get missing(): readonly string[] {
    return [...this.#keys].filter((key) => !this.#hasDeleted(key));
  }

  /** It deletes what was there when it was called, each key once, and nothing that was put since. */
  mayDelete(key: string): boolean {
    return (this.#keys.has(key) || this.#expired.has(key)) && !this.#hasDeleted(key);
  }

  #hasDeleted(key: string): boolean {
    return this.#units.some(({ changes }) => changes[0]!.key === key);
  }

  /** Its tombstone of the key has come into the log. */
  delete(key: string): Unit {
    const changes = [{ key, value: undefined, expiresAtMs: 0 }];
    const unit: Unit = { changes, recorded: true, status: "waiting", acknowledgedAtMs: 0 };
    this.#units.push(unit);
    return unit;
  }
}
