import type { KeydirPage, KeydirView } from "@hashlog/index";
import type { Segment } from "./segment.ts";
import type { StoreParts } from "./store-parts.ts";

/** The views that iterators hold: all that must stay readable for them, and is given up when they end. */
export class Views {
  readonly #parts: StoreParts;
  readonly #open = new Set<View>();
  // An iterator that nobody holds any more must not keep files and put-aside entries for ever.
  readonly #abandoned = new FinalizationRegistry<View>((view) => view.close());

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  get count(): number {
    return this.#open.size;
  }

  /** The store as of this call. */
  open(): View {
    const view = new View(this.#parts, () => this.#open.delete(view));
    this.#open.add(view);
    return view;
  }

  /** Closes the view when `holder` was garbage-collected without having closed it. */
  closeWith(holder: object, view: View): void {
    this.#abandoned.register(holder, view);
  }

  closeAll(): void {
    for (const view of this.#open) view.close();
  }
}

/** All keys and where their records lie, as of its making, with the segments pinned that hold them. */
export class View {
  readonly #parts: StoreParts;
  readonly #keydir: KeydirView;
  readonly #segments: ReadonlyMap<number, Segment>;
  readonly #onClose: () => void;
  #closed = false;

  constructor(parts: StoreParts, onClose: () => void) {
    this.#parts = parts;
    this.#onClose = onClose;
    this.#keydir = parts.keydir.openView();
    this.#segments = new Map([...parts.table.all()].map((segment) => [segment.slot, segment]));
    for (const segment of this.#segments.values()) segment.pin();
    // A slot that the view knows as one segment must not become another while it reads.
    parts.table.holdSlots();
  }

  nextPage(): KeydirPage | undefined {
    return this.#keydir.nextPage();
  }

  segmentAt(slot: number): Segment {
    return this.#segments.get(slot)!;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#keydir.close();
    for (const segment of this.#segments.values()) segment.unpin();
    this.#parts.table.releaseSlots();
    this.#onClose();
  }
}
