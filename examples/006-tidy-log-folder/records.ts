/** What stands in a log: records of keys and values in one frame, which is there as a whole or not at all. */
import {
  FRAME_HEADER_BYTES,
  newRecordFields,
  readRecord,
  recordBytes,
  scanFrames,
  sealFrame,
  SEGMENT_HEADER_BYTES,
  verifyRecord,
  writeRecordHeader,
} from "@hashlog/format";
import type { LogFile } from "./log-file.ts";

/** `undefined` deletes the key: its record is a tombstone. */
export type Entry = readonly [key: string, value: string | undefined];

export interface FoundRecord {
  readonly key: string;
  readonly tombstone: boolean;
  readonly sequence: number;
  readonly offset: number;
  readonly bytes: number;
}

/** Appends the entries as one frame, with sequences from `firstSequence` on. Returns its records. */
export function appendFrame(log: LogFile, entries: readonly Entry[], firstSequence: number): FoundRecord[] {
  const pairs = entries.map(([key, value]) => [Buffer.from(key), Buffer.from(value ?? "")] as const);
  const sizes = pairs.map(([key, value]) => recordBytes(key.length, value.length, false));
  const frame = new Uint8Array(sizes.reduce((sum, bytes) => sum + bytes, FRAME_HEADER_BYTES));
  let at = FRAME_HEADER_BYTES;
  const records = entries.map(([key, value], index): FoundRecord => {
    const [keyBytes, valueBytes] = pairs[index]!;
    const record = { key, tombstone: value === undefined, sequence: firstSequence + index, bytes: sizes[index]! };
    const start = at;
    at = writeRecordHeader(frame, at, record.sequence, keyBytes.length, valueBytes.length, record.tombstone, 0);
    frame.set(keyBytes, at);
    frame.set(valueBytes, at + keyBytes.length);
    at += keyBytes.length + valueBytes.length;
    return { ...record, offset: log.position + start };
  });
  const header = { recordCount: entries.length, firstSequence, floor: 0, acknowledgedWhenSynced: true, sparse: false };
  sealFrame(frame, 0, frame.length, header, log.place, log.position);
  log.append(frame, 0, frame.length);
  return records;
}

/** Calls `visit` with every record of the log. */
export async function readRecords(log: LogFile, visit: (record: FoundRecord) => void): Promise<void> {
  const fields = newRecordFields();
  const scan = await scanFrames(log.source, {
    place: log.place,
    from: SEGMENT_HEADER_BYTES,
    onFrame: ({ bytes, offset, payloadStart, payloadEnd }) => {
      for (let at = payloadStart; at < payloadEnd; at = fields.end) {
        readRecord(bytes, at, payloadEnd, fields);
        const key = Buffer.from(bytes.subarray(fields.keyStart, fields.keyEnd)).toString();
        const { sequence, tombstone } = fields;
        const recordOffset = offset + FRAME_HEADER_BYTES + at - payloadStart;
        visit({ key, tombstone, sequence, offset: recordOffset, bytes: fields.end - at });
      }
    },
  });
  if (scan.kind !== "end") throw new Error(`log ${log.segmentId} is damaged at byte ${scan.offset}: ${scan.reason}`);
}

/** The value of one record, which is not believed unless its checksum fits. */
export async function readValue(log: LogFile, offset: number, bytes: number): Promise<string> {
  const record = Buffer.alloc(bytes);
  await log.read(record, 0, bytes, offset);
  const fields = newRecordFields();
  const isGood = readRecord(record, 0, bytes, fields) && verifyRecord(record, 0, fields.end, log.place, offset);
  if (!isGood) throw new Error(`log ${log.segmentId} is damaged at byte ${offset}`);
  return record.toString("utf8", fields.valueStart, fields.valueEnd);
}
