import {
  bytesSource,
  newRecordFields,
  placeOf,
  readRecord,
  scanFrames,
  SEGMENT_HEADER_BYTES,
  type ManifestSegment,
} from "@hashlog/format";
import type { KeyPlace } from "../properties/p09-hint-equivalence.ts";

/** What can be known of a segment's records without a value: from its hint, or from a scan. */
export interface IndexEntry extends KeyPlace {
  readonly sequence: number;
  readonly tombstone: boolean;
}

/** A record, with how long it is. */
export interface ScannedRecord extends IndexEntry {
  readonly recordBytes: number;
}

/** Every record of a segment, in the order of the file. */
export async function scanSegment(bytes: Uint8Array, listed: ManifestSegment): Promise<readonly ScannedRecord[]> {
  const records: ScannedRecord[] = [];
  const fields = newRecordFields();
  await scanFrames(bytesSource(listed.state === "sealed" ? bytes.subarray(0, listed.sealedBytes) : bytes), {
    place: placeOf(listed.identity),
    from: SEGMENT_HEADER_BYTES,
    onFrame: (frame) => {
      for (let at = frame.payloadStart; at < frame.payloadEnd; at = fields.end) {
        readRecord(frame.bytes, at, frame.payloadEnd, fields);
        const { sequence, tombstone, expiresAtMs, keyStart, keyEnd, valueStart, valueEnd } = fields;
        const key = nameOf(frame.bytes, keyStart, keyEnd);
        const offset = at + frame.end - frame.payloadEnd;
        const entry = { key, segmentId: listed.segmentId, offset, valueBytes: valueEnd - valueStart };
        records.push({ ...entry, expiresAtMs, sequence, tombstone, recordBytes: fields.end - at });
      }
    },
  });
  return records;
}

/** The newest record of each key. Of two with one sequence a put before a tombstone, or else the later in the list. */
export function newestOf<T extends IndexEntry>(records: readonly T[]): ReadonlyMap<string, T> {
  const newest = new Map<string, T>();
  for (const record of records) {
    const known = newest.get(record.key);
    const isBuried = known?.sequence === record.sequence && record.tombstone && !known.tombstone;
    if ((known?.sequence ?? 0) <= record.sequence && !isBuried) newest.set(record.key, record);
  }
  return newest;
}

/** The key, whatever its bytes, as a text. */
export function nameOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, end)).toString("latin1");
}
