/** Collects entries into a page: packed arrays that grow by doubling and are cut to size at the end. */
import type { Words } from "./allocate.ts";
import { expiresAtMsAt, headerWords, keyBytesAt, readKey, segmentSlotAt, valueBytesAt } from "./entry.ts";
import type { KeydirPage } from "./keydir.ts";

/** A page ends after the entry, or the slice of entries, that brings it to one of these. */
export const PAGE_ENTRIES = 2048;
export const PAGE_KEY_BYTES: number = 256 * 1024;

const ENTRIES_FIRST = 256;
const KEY_BYTES_FIRST = 4096;

export class PageBuilder {
  count = 0;
  keyBytes = 0;
  #keys = new Uint8Array(KEY_BYTES_FIRST);
  #keyEnds = new Uint32Array(ENTRIES_FIRST);
  #segmentSlots = new Uint16Array(ENTRIES_FIRST);
  #offsets = new Uint32Array(ENTRIES_FIRST);
  #valueBytes = new Uint32Array(ENTRIES_FIRST);
  #expiresAtMs = new Float64Array(ENTRIES_FIRST);

  /** Adds the entry at `at` unless `unwanted` says so of its key. */
  add(words: Words, at: number, unwanted?: (keys: Uint8Array, start: number, end: number) => boolean): void {
    const end = this.keyBytes + keyBytesAt(words, at);
    if (end > this.#keys.length) this.#keys = longer(this.#keys, end);
    readKey(words, at + headerWords(words, at, 0), end - this.keyBytes, this.#keys, this.keyBytes);
    if (unwanted?.(this.#keys, this.keyBytes, end) === true) return;
    if (this.count === this.#keyEnds.length) this.#growEntries();
    const index = this.count++;
    this.keyBytes = end;
    this.#keyEnds[index] = end;
    this.#segmentSlots[index] = segmentSlotAt(words, at);
    this.#offsets[index] = words[at];
    this.#valueBytes[index] = valueBytesAt(words, at);
    this.#expiresAtMs[index] = expiresAtMsAt(words, at);
  }

  /** The page, sharing nothing with anybody. */
  finish(): KeydirPage {
    const { count } = this;
    return {
      count,
      keys: this.#keys.slice(0, this.keyBytes),
      keyEnds: this.#keyEnds.slice(0, count),
      segmentSlots: this.#segmentSlots.slice(0, count),
      offsets: this.#offsets.slice(0, count),
      valueBytes: this.#valueBytes.slice(0, count),
      expiresAtMs: this.#expiresAtMs.slice(0, count),
    };
  }

  #growEntries(): void {
    const needed = this.count + 1;
    this.#keyEnds = longer(this.#keyEnds, needed);
    this.#segmentSlots = longer(this.#segmentSlots, needed);
    this.#offsets = longer(this.#offsets, needed);
    this.#valueBytes = longer(this.#valueBytes, needed);
    this.#expiresAtMs = longer(this.#expiresAtMs, needed);
  }
}

type Growable =
  | Uint8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

function longer<Elements extends Growable>(elements: Elements, needed: number): Elements {
  const make = elements.constructor as new (length: number) => Elements;
  const grown = new make(Math.max(needed, elements.length * 2));
  grown.set(elements);
  return grown;
}
