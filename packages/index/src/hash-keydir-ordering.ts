import type { KeydirOrdering, KeydirPage, KeydirScan, KeydirView } from "./keydir.ts";

/** What an ordering needs of its keydir. */
export interface Orderable {
  openView(): KeydirView;
  readonly keysInOrder: number;
  /** Puts the key in order, if it is there still, and not in order yet. */
  putInOrder(keys: Uint8Array, start: number, end: number): void;
  /** All are in order. */
  endOrdering(): void;
  /** It keeps no order. */
  dropOrder(): void;
}

/**
 * Puts all keys in order that a view holds, page by page. What is written meanwhile the keydir puts in order itself: so
 * in the end all are that there are.
 */
export class HashKeydirOrdering implements KeydirOrdering {
  readonly #keydir: Orderable;
  #view: KeydirView | undefined;
  readonly #scan: KeydirScan;
  #page: KeydirPage | undefined;
  #next = 0;

  constructor(keydir: Orderable) {
    this.#keydir = keydir;
    this.#view = keydir.openView();
    this.#scan = this.#view.openScan();
  }

  get keysDone(): number {
    return this.#keydir.keysInOrder;
  }

  step(): boolean {
    if (this.#view === undefined) return true;
    try {
      this.#page ??= this.#scan.nextPage();
      if (this.#page === undefined) this.#end();
      else this.#putInOrder(this.#page);
    } catch (error) {
      this.abandon();
      throw error;
    }
    return this.#view === undefined;
  }

  abandon(): void {
    if (this.#view === undefined) return;
    // mark: order/given-up
    this.#close();
    this.#keydir.dropOrder();
  }

  #putInOrder(page: KeydirPage): void {
    const end = Math.min(page.count, this.#next + STEP_KEYS);
    for (let index = this.#next; index < end; index++) {
      this.#keydir.putInOrder(page.keys, index === 0 ? 0 : page.keyEnds[index - 1], page.keyEnds[index]);
    }
    this.#next = end;
    if (end < page.count) return;
    this.#page = undefined;
    this.#next = 0;
  }

  #end(): void {
    this.#close();
    this.#keydir.endOrdering();
  }

  #close(): void {
    this.#view?.close();
    this.#view = undefined;
    this.#page = undefined;
  }
}

/** How many keys a step puts in order: about a millisecond's work. */
const STEP_KEYS = 512;
