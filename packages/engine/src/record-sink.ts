import { newRecordFields, readRecord, type RecordFields, type ScannedFrame } from "@hashlog/format";
import type { Keydir, KeydirLoader, RecordLocation } from "@hashlog/index";
import { newLocation } from "./segment-table.ts";
import type { Segment } from "./segment.ts";

/** Where the records go that an opening reads. */
export interface RecordSink {
  put(bytes: Uint8Array, start: number, end: number, sequence: number, location: Readonly<RecordLocation>): void;
  delete(bytes: Uint8Array, start: number, end: number, sequence: number): void;
}

/** Into an empty keydir, in any order: the highest sequence of each key wins. */
export function loaderSink(loader: KeydirLoader): RecordSink {
  return loader;
}

/** Into a keydir that a checkpoint filled, in log order: the last record of each key wins. */
export function replaySink(keydir: Keydir): RecordSink {
  const replaced = newLocation();
  return {
    put: (bytes, start, end, _sequence, location) => {
      keydir.put(bytes, start, end, location, replaced);
    },
    delete: (bytes, start, end) => {
      keydir.delete(bytes, start, end, replaced);
    },
  };
}

/** Into nothing: for a segment of which only the totals are wanted. */
export const countingSink: RecordSink = { put: ignore, delete: ignore };

function ignore(): void {}

/** Hands the records of scanned frames on, and counts them in their segment's totals. */
export class FrameReplayer {
  readonly #sink: RecordSink;
  readonly #fields: RecordFields = newRecordFields();
  readonly #location = newLocation();

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  replay(segment: Segment, frame: ScannedFrame): void {
    const fields = this.#fields;
    const { bytes } = frame;
    const { totals } = segment;
    this.#location.segmentSlot = segment.slot;
    const shift = frame.end - frame.payloadEnd;
    for (let at = frame.payloadStart; at < frame.payloadEnd; at = fields.end) {
      readRecord(bytes, at, frame.payloadEnd, fields);
      totals.recordCount += 1;
      totals.recordBytes += fields.end - at;
      if (fields.tombstone) {
        totals.tombstoneCount += 1;
        totals.tombstoneBytes += fields.end - at;
        this.#sink.delete(bytes, fields.keyStart, fields.keyEnd, fields.sequence);
        continue;
      }
      if (fields.expiresAtMs !== 0) totals.expiringCount += 1;
      this.#location.offset = at + shift;
      this.#location.valueBytes = fields.valueEnd - fields.valueStart;
      this.#location.expiresAtMs = fields.expiresAtMs;
      this.#sink.put(bytes, fields.keyStart, fields.keyEnd, fields.sequence, this.#location);
    }
  }
}
