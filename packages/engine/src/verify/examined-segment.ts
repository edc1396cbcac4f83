import {
  newRecordFields,
  placeOf,
  readRecord,
  type ByteSource,
  type HintEntry,
  type ManifestSegment,
  type Place,
  type RecordFields,
  type ScannedFrame,
} from "@hashlog/format";
import type { Clock, ReadFile } from "@hashlog/fs-io";
import { newTotals, type SegmentTotals } from "../segment.ts";
import type { HintState } from "./hint-check.ts";
import { patientSource } from "./patient-source.ts";
import type { DamagedRange } from "./read-past-damage.ts";

/** A segment that is to be examined. */
export interface ExaminedSegment {
  readonly segmentId: number;
  /** Stands for it in a keydir that is filled from what is read. */
  readonly slot: number;
  /** What the manifest says of it. */
  readonly listed: ManifestSegment;
  readonly place: Place;
  readonly path: string;
  /** `undefined`: it is missing. */
  readonly file: ReadFile | undefined;
  /** Its bytes, whatever the disk does (patient-source.ts). */
  readonly source: ByteSource;
  /** How many bytes belong to the store. */
  readonly bytes: number;
}

/** The segment that `listed` says is in that file, if there is one; `bytes` of it belong to the store. */
export function examinedSegment(
  listed: ManifestSegment,
  slot: number,
  path: string,
  file: ReadFile | undefined,
  bytes: number,
): ExaminedSegment {
  const source = file === undefined ? NO_BYTES : patientSource(file, Math.min(bytes, file.size()));
  const { segmentId, identity } = listed;
  return { segmentId, slot, listed, place: placeOf(identity), path, file, source, bytes };
}

const NO_BYTES: ByteSource = { bytes: 0, read: () => Promise.resolve(0) };

/** Is shown a record: it lies at `bytes[at..fields.end)`, valid during the call only, and at `offset` of the file. */
export type RecordVisitor = (bytes: Uint8Array, at: number, fields: RecordFields, offset: number) => void;

/** A record that cannot be read, as the hint file tells of it: the newest of its key in the segment. */
export interface LostEntry {
  readonly key: Uint8Array;
  readonly sequence: number;
  readonly offset: number;
  readonly tombstone: boolean;
  /** Milliseconds since 1970; 0 for none. */
  readonly expiresAtMs: number;
  readonly range: DamagedRange;
}

/** What was read of a segment. */
export class SegmentContent {
  readonly segment: ExaminedSegment;
  /** In the order of their offsets. */
  readonly damaged: DamagedRange[] = [];
  readonly totals: SegmentTotals = newTotals();
  /** What its hint file is worth; an unsealed segment has none. */
  hint: HintState = { kind: "missing" };
  /** What the hint file says of records in the damaged ranges. */
  lost: LostEntry[] = [];
  lowestSequence: number = Number.MAX_SAFE_INTEGER;
  highestSequence = 0;
  readonly #fields: RecordFields = newRecordFields();

  constructor(segment: ExaminedSegment) {
    this.segment = segment;
  }

  /** Keeps what the hint says of a record, if that lay where it cannot be read. */
  noteLost({ bytes, keyStart, keyEnd, sequence, offset, tombstone, expiresAtMs }: HintEntry): void {
    const range = this.#rangeAt(offset);
    if (range === undefined) return;
    this.lost.push({ key: bytes.slice(keyStart, keyEnd), sequence, offset, tombstone, expiresAtMs, range });
  }

  /** What is in `lost`, by the ranges where it lay. */
  lostByRange(): ReadonlyMap<DamagedRange, readonly LostEntry[]> {
    const byRange = new Map<DamagedRange, LostEntry[]>();
    for (const entry of this.lost) {
      const entries = byRange.get(entry.range);
      if (entries === undefined) byRange.set(entry.range, [entry]);
      else entries.push(entry);
    }
    return byRange;
  }

  /** The damaged range in which that byte lies. */
  #rangeAt(offset: number): DamagedRange | undefined {
    let low = 0;
    let high = this.damaged.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { offset: from, bytes } = this.damaged[middle]!;
      if (offset < from) high = middle;
      else if (offset >= from + bytes) low = middle + 1;
      else return this.damaged[middle];
    }
    return undefined;
  }

  /**
   * Counts the records of a frame, and shows each. Returns a promise where there are so many that others have their turn between
   * them; the frame's bytes have to stay what they are until then.
   */
  add(frame: ScannedFrame, clock: Pick<Clock, "yield">, onRecord: RecordVisitor): Promise<void> | undefined {
    const at = this.#addSome(frame, frame.payloadStart, onRecord);
    return at < frame.payloadEnd ? this.#addRest(frame, at, clock, onRecord) : undefined;
  }

  async #addRest(
    frame: ScannedFrame,
    from: number,
    clock: Pick<Clock, "yield">,
    onRecord: RecordVisitor,
  ): Promise<void> {
    for (let at = from; at < frame.payloadEnd; at = this.#addSome(frame, at, onRecord)) await clock.yield();
  }

  /** Some hundred records from `at` on; returns where the next one begins. */
  #addSome(frame: ScannedFrame, from: number, onRecord: RecordVisitor): number {
    const fields = this.#fields;
    const { totals } = this;
    const { bytes, payloadEnd } = frame;
    const shift = frame.end - payloadEnd;
    let at = from;
    for (let records = 0; at < payloadEnd && records < RECORDS_IN_A_TURN; at = fields.end, records += 1) {
      readRecord(bytes, at, payloadEnd, fields);
      totals.recordCount += 1;
      totals.recordBytes += fields.end - at;
      if (fields.expiresAtMs !== 0) totals.expiringCount += 1;
      if (fields.tombstone) {
        totals.tombstoneCount += 1;
        totals.tombstoneBytes += fields.end - at;
      }
      this.lowestSequence = Math.min(this.lowestSequence, fields.sequence);
      this.highestSequence = Math.max(this.highestSequence, fields.sequence);
      onRecord(bytes, at, fields, at + shift);
    }
    return at;
  }
}

/** A millisecond's work, or two. */
const RECORDS_IN_A_TURN = 512;
