import type { StoreIterator } from "@hashlog/engine";
import { asLevelError } from "./level-error.ts";
import { isInRange, type LevelRange } from "./level-range.ts";

/** What a cursor is made of. */
export interface CursorParts<Found> {
  readonly range: LevelRange;
  /** An iterator of the engine over the range, at most so many long. May throw: that is told when something is read. */
  readonly begin: (limit: number) => StoreIterator<Found, Uint8Array>;
  /** Gives up the view that is iterated over. */
  readonly release: () => void;
}

/**
 * A place in a range of a view of the store, for the iterators of abstract-level. These can seek at any time, after their
 * end as well, and reach their end by seeking out of their range; the engine's have ended for good then, and go to the near
 * end of the range. So each seek begins another one, over the same view.
 *
 * One is begun when something is read, and not before: what may fail in that nobody would catch earlier, as abstract-level makes
 * iterators, and lets them seek, on behalf of others that wait for the opening.
 */
export class Cursor<Found, Item> {
  readonly #parts: CursorParts<Found>;
  readonly #make: (found: Found) => Item;
  #limit: number;
  #target: (() => Uint8Array) | undefined;
  #iterator: StoreIterator<Found, Uint8Array> | undefined;

  /** `make` gives what an iterator gives out. */
  constructor(parts: CursorParts<Found>, limit: number, make: (found: Found) => Item) {
    this.#parts = parts;
    this.#limit = limit;
    this.#make = make;
  }

  /** `undefined` at the end. @throws LevelError, or what is wrong with the range, the snapshot or the target */
  async next(): Promise<Item | undefined> {
    try {
      this.#iterator ??= this.#begin();
      const result = await this.#iterator?.next();
      return result === undefined || result.done === true ? undefined : this.#make(result.value);
    } catch (error) {
      throw asLevelError(error);
    }
  }

  /** As many as there are, at most so many; none at the end. Fails as `next`. */
  async nextv(size: number): Promise<Item[]> {
    const items: Item[] = [];
    while (items.length < size) {
      const item = await this.next();
      if (item === undefined) break;
      items.push(item);
    }
    return items;
  }

  /** Goes on at `target`, or at the end if that is out of the range; `limit` is what is left of it. */
  seek(target: () => Uint8Array, limit: number): void {
    void this.#iterator?.return();
    this.#iterator = undefined;
    this.#target = target;
    this.#limit = limit;
  }

  async close(): Promise<void> {
    await this.#iterator?.return();
    this.#parts.release();
  }

  /** `undefined` where the target is out of the range. */
  #begin(): StoreIterator<Found, Uint8Array> | undefined {
    const target = this.#target?.();
    if (target !== undefined && !isInRange(target, this.#parts.range)) return undefined;
    const iterator = this.#parts.begin(this.#limit);
    if (target !== undefined) iterator.seek(target);
    return iterator;
  }
}
