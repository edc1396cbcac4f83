import { recordBytes } from "@hashlog/format";
import { SEGMENT_SLOTS_MAX, type RecordLocation, type SlotTally } from "@hashlog/index";
import { HashlogError } from "./errors.ts";
import { ExpiryCounts } from "./expiry-counts.ts";
import type { Segment } from "./segment.ts";

/**
 * The live segments by slot, the small number under which the keydir knows them, and what of each is live.
 *
 * Invariant: a slot is given to another segment only when nothing is under way any more that might compare or read positions
 * in the old one (`holdSlots`): otherwise a compare-and-set on such a position would succeed in the new one. What began
 * after the old one was gone knows none of them, and keeps no slot from being used again.
 */
export class SegmentTable {
  /** What of it has expired. */
  readonly expiry: ExpiryCounts = new ExpiryCounts();
  readonly #bySlot: (Segment | undefined)[] = [];
  readonly #byId = new Map<number, Segment>();
  /** Those that have left the store while somebody pinned them. */
  readonly #leaving = new Set<Segment>();
  #freeSlots: number[] = [];
  /** In the order in which they were given back. */
  #heldSlots: HeldSlot[] = [];
  /** What is under way, by number, oldest first. */
  readonly #holds = new Set<number>();
  #lastHold = 0;
  /** Called with every segment that leaves the store, before its handle may be closed. */
  onRemoved: ((segment: Segment) => void) | undefined;

  /**
   * Makes sure that `count` more segments can be added.
   * @throws HashlogError `HASHLOG_NOT_SUPPORTED`
   */
  checkRoom(count: number): void {
    if (this.#freeSlots.length + SEGMENT_SLOTS_MAX - this.#bySlot.length >= count) return;
    throw new HashlogError(
      "HASHLOG_NOT_SUPPORTED",
      `a store has at most ${SEGMENT_SLOTS_MAX} segments, those that open iterators keep included`,
    );
  }

  /**
   * Makes sure that the log may begin another segment. It leaves as many slots as it takes, so that a merge of all
   * segments always finds room for what it writes.
   * @throws HashlogError `HASHLOG_NOT_SUPPORTED`
   */
  checkLogRoom(): void {
    if (this.#byId.size < SEGMENTS_MAX) return this.checkRoom(1);
    throw new HashlogError(
      "HASHLOG_NOT_SUPPORTED",
      `a store has at most ${SEGMENTS_MAX} segments: compact it, and open it with a larger segmentBytesMax`,
    );
  }

  /** Every slot ever taken is below this. */
  get slotCount(): number {
    return this.#bySlot.length;
  }

  /** A slot for a segment that is about to be added. */
  takeSlot(): number {
    this.checkRoom(1);
    const slot = this.#freeSlots.pop() ?? this.#bySlot.length;
    if (slot === this.#bySlot.length) this.#bySlot.push(undefined);
    return slot;
  }

  /** Takes a given slot, as a checkpoint names it. */
  takeSlotNumber(slot: number): void {
    while (this.#bySlot.length <= slot) {
      if (this.#bySlot.length < slot) this.#freeSlots.push(this.#bySlot.length);
      this.#bySlot.push(undefined);
    }
    this.#freeSlots = this.#freeSlots.filter((free) => free !== slot);
  }

  /** Gives a slot back that no segment was added in. */
  returnSlot(slot: number): void {
    this.#bySlot[slot] = undefined;
    if (this.#holds.size > 0) {
      // mark: segment/slot-held-back
      this.#heldSlots.push({ slot, lastHold: this.#lastHold });
    } else {
      this.#freeSlots.push(slot);
    }
  }

  add(segment: Segment): void {
    this.#bySlot[segment.slot] = segment;
    this.#byId.set(segment.segmentId, segment);
  }

  /** Takes a segment out of the store, at once; resolves when its handle is closed, if nobody pins it. */
  remove(segment: Segment): Promise<void> {
    this.#byId.delete(segment.segmentId);
    this.returnSlot(segment.slot);
    this.onRemoved?.(segment);
    if (segment.isPinned) this.#leaving.add(segment);
    return segment.retire();
  }

  /** Closes every handle that nobody pins: the store is closed, or was not opened after all. */
  async retireAll(): Promise<void> {
    await Promise.all([...this.all()].map((segment) => segment.retire()));
  }

  /** Resolves when every segment that has left the store, and that nobody pins any more, is closed. */
  async closeLeaving(): Promise<void> {
    const left = [...this.#leaving].filter((segment) => !segment.isPinned);
    await Promise.all(left.map((segment) => segment.retire()));
    for (const segment of left) this.#leaving.delete(segment);
  }

  at(slot: number): Segment {
    const segment = this.#bySlot[slot];
    /* v8 ignore if -- only an error in the program takes a segment out that a key points into */
    if (segment === undefined) throw new Error(`the keydir points into slot ${slot}, which holds no segment`);
    return segment;
  }

  byId(segmentId: number): Segment | undefined {
    return this.#byId.get(segmentId);
  }

  /** Every live segment, in the order in which they were added. */
  all(): IterableIterator<Segment> {
    return this.#byId.values();
  }

  /**
   * No slot that is in use now is given out again until what is returned is called: a merge, a view or a reader may hold
   * positions.
   */
  holdSlots(): () => void {
    this.#lastHold += 1;
    const hold = this.#lastHold;
    this.#holds.add(hold);
    return () => {
      this.#holds.delete(hold);
      this.#freeHeld();
    };
  }

  #freeHeld(): void {
    const [oldest = Infinity] = this.#holds;
    const stays = this.#heldSlots.findIndex(({ lastHold }) => lastHold >= oldest);
    const free = this.#heldSlots.splice(0, stays < 0 ? this.#heldSlots.length : stays);
    for (const { slot } of free) this.#freeSlots.push(slot);
  }

  /** The key `bytes[start..end)` now lies at `location`. */
  countLive(location: Readonly<RecordLocation>, bytes: Uint8Array, start: number, end: number): void {
    this.#count(location, bytes, start, end, 1);
  }

  /** The key `bytes[start..end)` no longer lies at `location`: that record is dead. */
  countDead(location: Readonly<RecordLocation>, bytes: Uint8Array, start: number, end: number): void {
    this.#count(location, bytes, start, end, -1);
    this.at(location.segmentSlot).livePlaces?.delete(location.offset);
  }

  /** Takes over what was counted of every segment. */
  setCounts({ asOfMs, records, bytes, expiredRecords, expiredBytes }: SlotTally): void {
    for (const segment of this.all()) {
      const { slot } = segment;
      segment.liveRecords = records[slot] ?? 0;
      segment.liveBytes = bytes[slot] ?? 0;
      segment.expiredRecords = expiredRecords[slot] ?? 0;
      segment.expiredBytes = expiredBytes[slot] ?? 0;
    }
    this.expiry.set(asOfMs);
  }

  #count(location: Readonly<RecordLocation>, bytes: Uint8Array, start: number, end: number, sign: 1 | -1): void {
    const { valueBytes, expiresAtMs } = location;
    const segment = this.at(location.segmentSlot);
    const ofRecord = recordBytes(end - start, valueBytes, expiresAtMs !== 0);
    segment.liveRecords += sign;
    segment.liveBytes += sign * ofRecord;
    if (expiresAtMs !== 0) this.expiry.count(segment, location, bytes, start, end, sign);
  }
}

/** A slot that was given back, and the last hold there was then: until it and all before are released. */
interface HeldSlot {
  readonly slot: number;
  readonly lastHold: number;
}

const SEGMENTS_MAX = Math.floor(SEGMENT_SLOTS_MAX / 2);

/** A location to be filled in. */
export function newLocation(): RecordLocation {
  return { segmentSlot: 0, offset: 0, valueBytes: 0, expiresAtMs: 0 };
}
