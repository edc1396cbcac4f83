import {
  CHECKPOINT_LAYOUT_BYTES_MAX,
  CHECKPOINT_SHARDS_MAX,
  CHECKPOINT_SLOT_MAX,
  type CheckpointHeader,
  type CheckpointReplay,
  type CheckpointSegment,
} from "./checkpoint-layout.ts";
import { type Flaw, unless, unlessBits, unlessInteger } from "./flaw.ts";
import { FILE_ID_MAX, SEGMENT_BYTES_MAX, SEGMENT_HEADER_BYTES, SEQUENCE_MAX } from "./limits.ts";

const U32_MAX = 2 ** 32 - 1;

/** The first rule that a checkpoint's header breaks, or `undefined`. */
export function flawOfCheckpointHeader(header: CheckpointHeader): Flaw | undefined {
  return (
    unlessBits("storeId", header.storeId, 128n) ??
    unlessInteger("checkpointId", header.checkpointId, 1, FILE_ID_MAX) ??
    flawOfLayout(header.layout) ??
    unlessInteger("shardCount", header.shardCount, 1, CHECKPOINT_SHARDS_MAX) ??
    flawOfReplay(header.replay) ??
    flawOfSegments(header.segments)
  );
}

function flawOfLayout(layout: string): Flaw | undefined {
  const bytes = new TextEncoder().encode(layout);
  const encodable = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes) === layout;
  const fits = bytes.length >= 1 && bytes.length <= CHECKPOINT_LAYOUT_BYTES_MAX;
  return unless(encodable && fits, "layout", `must be 1 to ${CHECKPOINT_LAYOUT_BYTES_MAX} bytes of UTF-8`);
}

function flawOfReplay(replay: CheckpointReplay): Flaw | undefined {
  const none = replay.segmentId === 0;
  return (
    unlessInteger("replay.segmentId", replay.segmentId, 0, FILE_ID_MAX) ??
    unlessInteger("replay.offset", replay.offset, none ? 0 : SEGMENT_HEADER_BYTES, none ? 0 : SEGMENT_BYTES_MAX) ??
    unlessInteger("replay.sequence", replay.sequence, 1, SEQUENCE_MAX)
  );
}

function flawOfSegments(segments: readonly CheckpointSegment[]): Flaw | undefined {
  const slots = new Set<number>();
  const ids = new Set<number>();
  for (const [index, segment] of segments.entries()) {
    const name = `segments[${index}]`;
    const flaw =
      unlessInteger(`${name}.slot`, segment.slot, 0, CHECKPOINT_SLOT_MAX) ??
      unlessInteger(`${name}.segmentId`, segment.segmentId, 1, FILE_ID_MAX) ??
      unlessBits(`${name}.identity`, segment.identity, 64n) ??
      unless(!slots.has(segment.slot), `${name}.slot`, "must be listed once") ??
      unless(!ids.has(segment.segmentId), `${name}.segmentId`, "must be listed once") ??
      flawOfCounts(name, segment);
    if (flaw !== undefined) return flaw;
    slots.add(segment.slot);
    ids.add(segment.segmentId);
  }
  return undefined;
}

function flawOfCounts(name: string, segment: CheckpointSegment): Flaw | undefined {
  return (
    unlessInteger(`${name}.recordCount`, segment.recordCount, 0, U32_MAX) ??
    unlessInteger(`${name}.recordBytes`, segment.recordBytes, 0, SEGMENT_BYTES_MAX) ??
    unlessInteger(`${name}.tombstoneCount`, segment.tombstoneCount, 0, segment.recordCount) ??
    unlessInteger(`${name}.tombstoneBytes`, segment.tombstoneBytes, 0, segment.recordBytes) ??
    unlessInteger(`${name}.expiringCount`, segment.expiringCount, 0, segment.recordCount)
  );
}
