import { recordBytes } from "@hashlog/format";
import { newLocation } from "./segment-table.ts";
import { Segment, type SegmentTotals } from "./segment.ts";
import { removeFile, type StoreParts } from "./store-parts.ts";
import { forEachCopiedRecord, type CopiedRecord, type CopySegment, type Rescue } from "./tail-rescue.ts";

/**
 * Brings the open store in line with a rescue that the manifest has just taken over: the copies become segments, keys
 * that pointed to what was copied point to the copies, what was sealed is sealed, what held nothing goes. Returns the
 * segments that are sealed now.
 */
export async function installRescue(
  rescue: Rescue,
  unsealed: readonly Segment[],
  parts: StoreParts,
): Promise<readonly Segment[]> {
  // mark: rescue/installed
  const copies = new Map(rescue.copies.map((copy) => [copy, addCopy(copy, parts)]));
  const sources = new Map(unsealed.map((segment) => [segment.segmentId, segment]));
  await forEachCopiedRecord(rescue.copies, parts.limits.scanBytes, (record) => {
    moveRecord(record, sources.get(record.source.segmentId)!, copies.get(record.copy)!, parts);
  });
  const sealed: Segment[] = [];
  for (const segment of unsealed) {
    const listed = rescue.segments.find(({ segmentId }) => segmentId === segment.segmentId);
    if (listed?.state === "sealed") {
      // mark: rescue/segment-sealed-at-its-testified-end
      segment.state = { ...listed, kind: "sealed" };
      sealed.push(segment);
    } else {
      // mark: rescue/untestified-segment-dropped
      // Not waited for: a sync of it that takes long would hold up the write that resumes the log.
      void parts.table.remove(segment);
      await removeFile(parts, segment.path);
    }
  }
  return [...sealed, ...copies.values()];
}

function addCopy(copy: CopySegment, parts: StoreParts): Segment {
  const segment = new Segment({
    slot: parts.table.takeSlot(),
    segmentId: copy.segmentId,
    place: copy.place,
    path: copy.writer.file.path,
    file: copy.writer.file,
    writer: copy.writer,
    state: {
      kind: "sealed",
      sealedBytes: copy.writer.position,
      lowestSequence: copy.lowestSequence,
      highestSequence: copy.highestSequence,
      merged: false,
    },
  });
  parts.table.add(segment);
  return segment;
}

function moveRecord(record: CopiedRecord, source: Segment, target: Segment, parts: StoreParts): void {
  count(source.totals, record, -1);
  count(target.totals, record, 1);
  if (record.tombstone) return;
  const { bytes, keyStart, keyEnd, valueBytes, expiresAtMs } = record;
  const from = { ...newLocation(), segmentSlot: source.slot, offset: record.sourceOffset, valueBytes, expiresAtMs };
  const to = { ...from, segmentSlot: target.slot, offset: record.targetOffset };
  if (!parts.keydir.relocate(bytes, keyStart, keyEnd, from, to)) {
    // mark: rescue/dead-record-copied
    return;
  }
  parts.table.countDead(from, bytes, keyStart, keyEnd);
  parts.table.countLive(to, bytes, keyStart, keyEnd);
}

function count(totals: SegmentTotals, record: CopiedRecord, sign: 1 | -1): void {
  const bytes = recordBytes(record.keyEnd - record.keyStart, record.valueBytes, record.expiresAtMs !== 0);
  totals.recordCount += sign;
  totals.recordBytes += sign * bytes;
  if (record.tombstone) {
    totals.tombstoneCount += sign;
    totals.tombstoneBytes += sign * bytes;
  }
  if (record.expiresAtMs !== 0) totals.expiringCount += sign;
}
