import { newRecordFields, readRecord, type RecordFields, type ScannedFrame } from "@hashlog/format";
import type { RecordSink } from "./record-sink.ts";
import { newLocation } from "./segment-table.ts";
import type { Segment } from "./segment.ts";

/** Hands the records of scanned frames on, and counts them in their segment's totals. */
export class FrameReplayer {
  readonly #sink: RecordSink;
  readonly #fields: RecordFields = newRecordFields();
  readonly #location = newLocation();

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  replay(segment: Pick<Segment, "slot" | "totals">, frame: ScannedFrame): void {
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
