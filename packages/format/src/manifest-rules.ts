import { type Flaw, unless, unlessBits, unlessInteger } from "./flaw.ts";
import { FILE_ID_MAX, SEALED_BYTES_MIN, SEGMENT_BYTES_MAX, SEGMENT_HEADER_BYTES, SEQUENCE_MAX } from "./limits.ts";
import type { Manifest, ManifestSegment } from "./manifest.ts";

/**
 * The first rule that a manifest breaks, or `undefined`: every field is in its range, every sequence that is spoken of
 * lies below `nextSequence`, every id is below `nextFileId` and given out once.
 */
export function flawOfManifest(manifest: Manifest): Flaw | undefined {
  const { nextSequence } = manifest;
  return (
    unlessBits("storeId", manifest.storeId, 128n) ??
    unless(manifest.hashKey.length === 16, "hashKey", "must be 16 bytes") ??
    unlessInteger("epoch", manifest.epoch, 0, Number.MAX_SAFE_INTEGER) ??
    unlessInteger("nextFileId", manifest.nextFileId, 1, FILE_ID_MAX) ??
    unlessInteger("nextSequence", nextSequence, 1, SEQUENCE_MAX) ??
    unlessInteger("floor", manifest.floor, 0, nextSequence - 1) ??
    unlessInteger("logCompleteFrom", manifest.logCompleteFrom, 1, nextSequence) ??
    flawOfSegments(manifest) ??
    flawOfCheckpoint(manifest)
  );
}

function flawOfSegments({ segments, nextFileId, nextSequence }: Manifest): Flaw | undefined {
  const seen = new Set<number>();
  for (const [index, segment] of segments.entries()) {
    const name = `segments[${index}]`;
    const flaw =
      unlessInteger(`${name}.segmentId`, segment.segmentId, 1, nextFileId - 1) ??
      unless(!seen.has(segment.segmentId), `${name}.segmentId`, "must be listed once") ??
      unlessBits(`${name}.identity`, segment.identity, 64n) ??
      flawOfExtent(name, segment, nextSequence);
    if (flaw !== undefined) return flaw;
    seen.add(segment.segmentId);
  }
  return undefined;
}

function flawOfExtent(name: string, segment: ManifestSegment, nextSequence: number): Flaw | undefined {
  if (segment.state === "sealed") {
    return (
      unlessInteger(`${name}.sealedBytes`, segment.sealedBytes, SEALED_BYTES_MIN, SEGMENT_BYTES_MAX) ??
      unlessInteger(`${name}.highestSequence`, segment.highestSequence, 1, nextSequence - 1) ??
      unlessInteger(`${name}.lowestSequence`, segment.lowestSequence, 1, segment.highestSequence)
    );
  }
  const lowest = segment.cleanBytes === 0 ? 0 : SEGMENT_HEADER_BYTES;
  return (
    unlessInteger(`${name}.cleanBytes`, segment.cleanBytes, lowest, SEGMENT_BYTES_MAX) ??
    unlessInteger(`${name}.firstSequence`, segment.firstSequence, 1, nextSequence)
  );
}

function flawOfCheckpoint({ checkpoint, segments, nextFileId }: Manifest): Flaw | undefined {
  if (checkpoint === undefined) return undefined;
  const taken = segments.some((segment) => segment.segmentId === checkpoint.id);
  return (
    unlessInteger("checkpoint.id", checkpoint.id, 1, nextFileId - 1) ??
    unless(!taken, "checkpoint.id", "must not be a segment's") ??
    unlessInteger("checkpoint.bytes", checkpoint.bytes, 1, Number.MAX_SAFE_INTEGER) ??
    unlessInteger("checkpoint.crc", checkpoint.crc, 0, 2 ** 32 - 1)
  );
}
