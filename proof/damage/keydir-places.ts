import {
  newRecordFields,
  placeOf,
  readHint,
  readRecord,
  scanFrames,
  SEGMENT_HEADER_BYTES,
  type ByteSource,
  type ManifestSegment,
} from "@hashlog/format";
import type { Keydir } from "@hashlog/index";
import type { KeyPlace, SegmentIndex } from "../properties/p09-hint-equivalence.ts";

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
  await scanFrames(sourceOf(listed.state === "sealed" ? bytes.subarray(0, listed.sealedBytes) : bytes), {
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

/** What the records of a segment say of it: the newest of each key, and the totals of all. */
export function indexOf(records: readonly ScannedRecord[]): SegmentIndex {
  const tombstones = records.filter(({ tombstone }) => tombstone);
  const sequences = records.map(({ sequence }) => sequence);
  const entries = [...newestOf(records).values()].map(({ recordBytes: _bytes, ...entry }) => entry);
  return {
    entries: inOrder(entries),
    totals: {
      entryCount: entries.length,
      recordCount: records.length,
      recordBytes: bytesOf(records),
      tombstoneCount: tombstones.length,
      tombstoneBytes: bytesOf(tombstones),
      lowestSequence: Math.min(...sequences),
      highestSequence: Math.max(...sequences),
      expiringCount: records.filter(({ expiresAtMs }) => expiresAtMs !== 0).length,
    },
  };
}

/** What a hint says of its segment; `undefined` if it is unusable. */
export async function readHintIndex(
  bytes: Uint8Array,
  listed: ManifestSegment & { readonly state: "sealed" },
): Promise<SegmentIndex | undefined> {
  const entries: IndexEntry[] = [];
  const read = await readHint(sourceOf(bytes), listed, (entry) => {
    const { sequence, offset, valueBytes, tombstone, expiresAtMs } = entry;
    const key = nameOf(entry.bytes, entry.keyStart, entry.keyEnd);
    entries.push({ key, segmentId: listed.segmentId, offset, valueBytes, expiresAtMs, sequence, tombstone });
  });
  return read.kind === "ok" ? { entries: inOrder(entries), totals: read.totals } : undefined;
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

/**
 * Where each key of a keydir lies. A keydir knows segments by slots, which are the engine's own business: which slot is
 * which segment is taken from the first key in it, and is to hold for every other one.
 */
export function placesIn(keydir: Keydir, counted: readonly KeyPlace[]): readonly KeyPlace[] {
  const segmentOf = new Map(counted.map(({ key, segmentId }) => [key, segmentId]));
  const segmentIn = new Map<number, number>();
  const view = keydir.openView();
  const scan = view.openScan();
  const places: KeyPlace[] = [];
  for (let page = scan.nextPage(); page !== undefined; page = scan.nextPage()) {
    for (let index = 0; index < page.count; index += 1) {
      const key = nameOf(page.keys, page.keyEnds[index - 1] ?? 0, page.keyEnds[index]!);
      const slot = page.segmentSlots[index]!;
      if (!segmentIn.has(slot)) segmentIn.set(slot, segmentOf.get(key) ?? -1);
      places.push({
        key,
        segmentId: segmentIn.get(slot)!,
        offset: page.offsets[index]!,
        valueBytes: page.valueBytes[index]!,
        expiresAtMs: page.expiresAtMs[index]!,
      });
    }
  }
  view.close();
  return places;
}

function nameOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, end)).toString("latin1");
}

function inOrder(entries: readonly IndexEntry[]): readonly IndexEntry[] {
  return [...entries].sort((left, right) => left.sequence - right.sequence);
}

function bytesOf(records: readonly ScannedRecord[]): number {
  return records.reduce((sum, record) => sum + record.recordBytes, 0);
}

function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    bytes: bytes.length,
    read: (target, at, count, position) => {
      const part = bytes.subarray(position, position + count);
      target.set(part, at);
      return Promise.resolve(part.length);
    },
  };
}
