import type { Clock } from "@hashlog/fs-io";
import type { KeydirCursor, KeydirRange, KeydirScan, KeydirView, RecordLocation } from "@hashlog/index";
import type { Segment } from "./segment.ts";
import type { StoreParts } from "./store-parts.ts";

/** What views are of. */
type Viewed = Pick<StoreParts, "keydir" | "table">;

/** Who holds a view. */
export type ViewHolder = "iterator" | "snapshot" | "verification";

/** The views that iterators and snapshots hold: all that must stay readable for them, and is given up when they end. */
export class Views {
  readonly #parts: Viewed;
  readonly #clock: Pick<Clock, "elapsedMs">;
  /** Oldest first. */
  readonly #open = new Map<View, { readonly holder: ViewHolder; readonly openedMs: number }>();
  /** Called whenever none is open any more. */
  onIdle: (() => void) | undefined;
  // An iterator that nobody holds any more must not keep files and put-aside entries for ever.
  readonly #abandoned = new FinalizationRegistry<View>((view) => view.close());

  constructor(parts: Viewed, clock: Pick<Clock, "elapsedMs">) {
    this.#parts = parts;
    this.#clock = clock;
  }

  /** How many are open of those. */
  count(holder: ViewHolder): number {
    return [...this.#open.values()].filter((open) => open.holder === holder).length;
  }

  /** For how many milliseconds the oldest has been open; 0 if none is. */
  get oldestMs(): number {
    for (const { openedMs } of this.#open.values()) return this.#clock.elapsedMs() - openedMs;
    return 0;
  }

  /** The store as of this call. */
  open(holder: ViewHolder): View {
    const view = new View(this.#parts, () => {
      this.#open.delete(view);
      if (this.#open.size === 0) this.onIdle?.();
    });
    this.#open.set(view, { holder, openedMs: this.#clock.elapsedMs() });
    return view;
  }

  /** Closes the view when `holder` was garbage-collected without having closed it. */
  closeWith(holder: object, view: View): void {
    this.#abandoned.register(holder, view);
  }

  closeAll(): void {
    for (const view of this.#open.keys()) view.close();
  }
}

/** All keys and where their records lie, as of its making, with the segments pinned that hold them. */
export class View {
  readonly #keydir: KeydirView;
  readonly #segments: ReadonlyMap<number, Segment>;
  readonly #onClose: () => void;
  readonly #releaseSlots: () => void;
  #closed = false;

  constructor(parts: Viewed, onClose: () => void) {
    this.#onClose = onClose;
    this.#keydir = parts.keydir.openView();
    this.#segments = new Map([...parts.table.all()].map((segment) => [segment.slot, segment]));
    for (const segment of this.#segments.values()) segment.pin();
    // A slot that the view knows as one segment must not become another while it reads.
    this.#releaseSlots = parts.table.holdSlots();
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** How many keys there are, those that have expired included. */
  get keyCount(): number {
    return this.#keydir.size;
  }

  find(key: Uint8Array, location: RecordLocation): boolean {
    return this.#keydir.find(key, 0, key.length, location);
  }

  openScan(): KeydirScan {
    return this.#keydir.openScan();
  }

  openCursor(range: KeydirRange): KeydirCursor {
    return this.#keydir.openCursor(range);
  }

  segmentAt(slot: number): Segment {
    return this.#segments.get(slot)!;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#keydir.close();
    for (const segment of this.#segments.values()) segment.unpin();
    this.#releaseSlots();
    this.#onClose();
  }
}
