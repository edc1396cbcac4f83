import { bytesSource, readHint, type ManifestSegment } from "@hashlog/format";
import type { SegmentIndex } from "../properties/p09-hint-equivalence.ts";
import { nameOf, newestOf, type IndexEntry, type ScannedRecord } from "./scan-segment.ts";

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
  const read = await readHint(bytesSource(bytes), listed, (entry) => {
    const { sequence, offset, valueBytes, tombstone, expiresAtMs } = entry;
    const key = nameOf(entry.bytes, entry.keyStart, entry.keyEnd);
    entries.push({ key, segmentId: listed.segmentId, offset, valueBytes, expiresAtMs, sequence, tombstone });
  });
  return read.kind === "ok" ? { entries: inOrder(entries), totals: read.totals } : undefined;
}

function inOrder(entries: readonly IndexEntry[]): readonly IndexEntry[] {
  return [...entries].sort((left, right) => left.sequence - right.sequence);
}

function bytesOf(records: readonly ScannedRecord[]): number {
  return records.reduce((sum, record) => sum + record.recordBytes, 0);
}
