import { recordBytes } from "@hashlog/format";
import type { KeydirPage, RecordLocation } from "@hashlog/index";
import { rangeFrom, type ByteRange } from "./range.ts";
import { GAP_BYTES_MAX } from "./read-many.ts";
import type { View } from "./views.ts";

/** Gives out pages. */
interface Pages {
  nextPage(entriesMax?: number): KeydirPage | undefined;
}

/** Walks over the entries of a view's pages that have not expired. */
export class PageWalk {
  readonly #view: View;
  readonly #hasPassed: (expiresAtMs: number) => boolean;
  /** What is wanted; `undefined`: everything, in no particular order. */
  range: ByteRange | undefined;
  #given: ByteRange | undefined;
  #pages: Pages | undefined;
  #page: KeydirPage | undefined;
  #index = -1;
  /** Whether there are no more entries. */
  isAtEnd = false;
  #entriesMax = PAGE_ENTRIES_FIRST;

  constructor(view: View, range: ByteRange | undefined, hasPassed: (expiresAtMs: number) => boolean) {
    this.#view = view;
    this.range = range;
    this.#hasPassed = hasPassed;
  }

  /**
   * Goes on to the next entry; `false` if there is none, or none on the next page: then it may go on unless it `isAtEnd`, and
   * others should have their turn before. At most `wanted` entries are still to be asked for.
   */
  step(wanted: number): boolean {
    return this.#stepOnPage() || (this.#turn(wanted) && this.#stepOnPage());
  }

  /** The last step is as good as not done. */
  stepBack(): void {
    this.#index -= 1;
  }

  #stepOnPage(): boolean {
    while (this.#page !== undefined && ++this.#index < this.#page.count) {
      if (!this.#hasPassed(this.#page.expiresAtMs[this.#index]!)) return true;
    }
    return false;
  }

  get valueBytes(): number {
    return this.#page!.valueBytes[this.#index]!;
  }

  /** A copy of the entry's key. */
  key(): Uint8Array {
    const { keys, keyEnds } = this.#page!;
    return keys.slice(this.#index === 0 ? 0 : keyEnds[this.#index - 1]!, keyEnds[this.#index]!);
  }

  /** Fills `location` with that of the entry. */
  locate(location: RecordLocation): void {
    const page = this.#page!;
    const index = this.#index;
    location.segmentSlot = page.segmentSlots[index]!;
    location.offset = page.offsets[index]!;
    location.valueBytes = page.valueBytes[index]!;
    location.expiresAtMs = page.expiresAtMs[index]!;
  }

  /**
   * Where the last of the next entries ends whose records follow on the one here, with little between them and within
   * `bytesMax` bytes in all; `undefined` if the very next one does not. Keys that were written in their order, or nearly
   * so, lie like that.
   */
  endOfNeighbours(bytesMax: number): number | undefined {
    const { segmentSlots, offsets, count } = this.#page!;
    const begin = offsets[this.#index]!;
    let end = begin + this.#recordBytes(this.#index);
    let next = this.#index + 1;
    for (; next < count && segmentSlots[next] === segmentSlots[this.#index]; next += 1) {
      const gap = offsets[next]! - end;
      const endOfNext = offsets[next]! + this.#recordBytes(next);
      if (gap < 0 || gap > GAP_BYTES_MAX || endOfNext - begin > bytesMax) break;
      end = endOfNext;
    }
    return next === this.#index + 1 ? undefined : end;
  }

  #recordBytes(index: number): number {
    const { keyEnds, valueBytes, expiresAtMs } = this.#page!;
    const keyBytes = keyEnds[index]! - (index === 0 ? 0 : keyEnds[index - 1]!);
    return recordBytes(keyBytes, valueBytes[index]!, expiresAtMs[index] !== 0);
  }

  /** Goes on, within what was wanted at first, at that key. */
  seek(key: Uint8Array): void {
    this.#given ??= this.range;
    this.range = rangeFrom(this.#given!, key);
    this.#pages = undefined;
    this.#page = undefined;
    this.isAtEnd = false;
    this.#entriesMax = PAGE_ENTRIES_FIRST;
  }

  // A short range costs a short page; of a long one the pages become longer.
  #turn(wanted: number): boolean {
    this.#pages ??= this.range === undefined ? this.#view.openScan() : this.#view.openCursor(this.range);
    this.#page = this.#pages.nextPage(Math.min(this.#entriesMax, Math.max(wanted, PAGE_ENTRIES_LEAST)));
    this.#index = -1;
    this.#entriesMax = Math.min(this.#entriesMax * 2, PAGE_ENTRIES_MOST);
    this.isAtEnd = this.#page === undefined;
    return !this.isAtEnd;
  }
}

const PAGE_ENTRIES_LEAST = 16;
const PAGE_ENTRIES_FIRST = 128;
const PAGE_ENTRIES_MOST = 2048;
