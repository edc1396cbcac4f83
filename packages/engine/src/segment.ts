import type { Place } from "@hashlog/format";
import type { ReadFile, SegmentWriter } from "@hashlog/fs-io";
import type { LivePlaces } from "./live-places.ts";

/**
 * A segment that is part of the store: one open handle for all its readers, and what is known of its bytes.
 *
 * The handle stays open as long as somebody pins the segment, also after its file was removed: the operating system
 * keeps the bytes until the last handle is closed. A killed process pins nothing.
 */
export class Segment {
  readonly slot: number;
  readonly segmentId: number;
  /** Of this open file and of no other, as long as the process runs; up to 2^32 - 1. */
  readonly fileNumber: number = nextFileNumber();
  readonly place: Place;
  readonly path: string;
  readonly file: ReadFile;
  /** Where it is appended to; `undefined` in a segment that an earlier process wrote, or a merge. */
  readonly writer: SegmentWriter | undefined;
  /** What the manifest says of it, as of the last edit. */
  state: SegmentState;
  /** Records and their bytes, dead ones and tombstones included. */
  readonly totals: SegmentTotals;
  /** Records that the keydir points to, and their bytes. */
  liveRecords = 0;
  liveBytes = 0;
  /** Those of them that had expired when it was looked last (`ExpiryCounts`). */
  expiredRecords = 0;
  expiredBytes = 0;
  /** Where those live records begin; known only while a merge reads the segment. */
  livePlaces: LivePlaces | undefined;
  #pins = 0;
  #retired = false;

  constructor(parts: {
    slot: number;
    segmentId: number;
    place: Place;
    path: string;
    file: ReadFile;
    writer?: SegmentWriter;
    state: SegmentState;
    totals?: SegmentTotals;
  }) {
    this.slot = parts.slot;
    this.segmentId = parts.segmentId;
    this.place = parts.place;
    this.path = parts.path;
    this.file = parts.file;
    this.writer = parts.writer;
    this.state = parts.state;
    this.totals = parts.totals ?? newTotals();
  }

  /** The bytes of the file that belong to the store: what the manifest vouches for, or what was appended so far. */
  get bytes(): number {
    return this.state.kind === "sealed" ? this.state.sealedBytes : this.state.bytes();
  }

  /** What the manifest says of it as a sealed segment, which it has to be. */
  get sealed(): SealedState {
    /* v8 ignore if -- only an error in the program asks this of another */
    if (this.state.kind !== "sealed") throw new Error(`segment ${this.segmentId} is not sealed`);
    return this.state;
  }

  get isPinned(): boolean {
    return this.#pins > 0;
  }

  /** Keeps the handle open until `unpin`. */
  pin(): void {
    this.#pins += 1;
  }

  unpin(): void {
    this.#pins -= 1;
    if (this.#retired && this.#pins === 0) {
      // mark: merge/input-closed-by-its-last-reader
      void this.file.close();
    }
  }

  /**
   * The segment is no longer part of the store: its handle is closed once nobody pins it. Resolves when it is, if nobody
   * does: only then may its file be removed where open files may not.
   */
  async retire(): Promise<void> {
    this.#retired = true;
    if (this.#pins === 0) await this.file.close();
  }
}

export interface SealedState {
  readonly kind: "sealed";
  readonly sealedBytes: number;
  readonly lowestSequence: number;
  readonly highestSequence: number;
  readonly merged: boolean;
}

export type SegmentState =
  | SealedState
  | { readonly kind: "unsealed"; readonly firstSequence: number; readonly bytes: () => number };

export interface SegmentTotals {
  recordCount: number;
  recordBytes: number;
  tombstoneCount: number;
  tombstoneBytes: number;
  expiringCount: number;
}

export function newTotals(): SegmentTotals {
  return { recordCount: 0, recordBytes: 0, tombstoneCount: 0, tombstoneBytes: 0, expiringCount: 0 };
}

let fileNumber = 0;

// What a cache may still hold of the file that had the number four billion files ago is long gone.
function nextFileNumber(): number {
  fileNumber = (fileNumber + 1) >>> 0;
  return fileNumber;
}
