import type { StoreIterator } from "@hashlog/engine";
import { AbstractIterator, type AbstractIteratorOptions } from "abstract-level";
import { Cursor } from "./cursor.ts";
import { fromBytes, keyBytes, type Encoded, type Format } from "./formats.ts";
import type { EncodedRange, LevelRange } from "./level-range.ts";
import type { View } from "./level-snapshot.ts";

/** The options of an iterator as abstract-level hands them over. */
export interface EncodedIteratorOptions extends EncodedRange {
  readonly keyEncoding: Format;
  readonly valueEncoding: Format;
  readonly keys: boolean;
  readonly values: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What an iterator goes over, as of the call that made it. */
export interface Iterated {
  /** May throw: that is told when something is read. */
  readonly view: () => View;
  readonly range: LevelRange;
  /** Gives up the view. */
  readonly release: () => void;
}

type Entry = [Encoded | undefined, Encoded | undefined];

/**
 * Over entries; abstract-level makes those over keys and over values of it. The base class decodes, counts, and keeps calls
 * from overlapping. Without values it needs no I/O.
 */
export class LevelIterator extends AbstractIterator<object, unknown, unknown> {
  readonly #cursor: Pick<Cursor<unknown, Entry>, "next" | "nextv" | "seek" | "close">;

  constructor(db: object, options: EncodedIteratorOptions, { view, range, release }: Iterated) {
    super(db, options as AbstractIteratorOptions<unknown, unknown>);
    const { keyEncoding, valueEncoding, signal } = options;
    const within = (limit: number): object => ({ ...range, limit, signal });
    if (options.values) {
      const begin = (limit: number): StoreIterator<[Uint8Array, Uint8Array], Uint8Array> =>
        view().entries(within(limit));
      this.#cursor = new Cursor({ range, begin, release }, this.limit, ([key, value]): Entry => [
        fromBytes(key, keyEncoding),
        fromBytes(value, valueEncoding),
      ]);
    } else {
      const begin = (limit: number): StoreIterator<Uint8Array, Uint8Array> => view().keys(within(limit));
      this.#cursor = new Cursor({ range, begin, release }, this.limit, (key): Entry => [
        fromBytes(key, keyEncoding),
        undefined,
      ]);
    }
  }

  /** Called by abstract-level, as all below: one at a time, and never after `_close`. */
  _next(): Promise<Entry | undefined> {
    return this.#cursor.next();
  }

  _nextv(size: number): Promise<Entry[]> {
    return this.#cursor.nextv(size);
  }

  _seek(target: Encoded): void {
    this.#cursor.seek(() => keyBytes(target), this.limit - this.count);
  }

  _close(): Promise<void> {
    return this.#cursor.close();
  }
}
