import { FRAME_HEADER_BYTES } from "./frame.ts";
import { FILE_ID_MAX, SEGMENT_BYTES_MAX, SEQUENCE_MAX } from "./limits.ts";
import type { Manifest, ManifestSegment } from "./manifest.ts";
import { RECORD_HEADER_BYTES } from "./record.ts";
import { SEGMENT_HEADER_BYTES } from "./segment-header.ts";

/** A field that breaks a rule, and the rule. */
export interface ManifestFlaw {
  readonly field: string;
  readonly rule: string;
}

/** A sealed segment holds a record at least: one without is dropped instead of sealed. */
export const SEALED_BYTES_MIN: number = SEGMENT_HEADER_BYTES + FRAME_HEADER_BYTES + RECORD_HEADER_BYTES;

/**
 * The first rule that a manifest breaks, or `undefined`: every field is in its range, every sequence that is spoken of
 * lies below `nextSequence`, every id is below `nextFileId` and given out once.
 */
export function flawOfManifest(manifest: Manifest): ManifestFlaw | undefined {
  const { nextSequence } = manifest;
  return (
    outside("storeId", manifest.storeId >= 0n && manifest.storeId >> 128n === 0n, "must be in [0, 2^128)") ??
    outside("hashKey", manifest.hashKey.length === 16, "must be 16 bytes") ??
    outsideRange("epoch", manifest.epoch, 0, Number.MAX_SAFE_INTEGER) ??
    outsideRange("nextFileId", manifest.nextFileId, 1, FILE_ID_MAX) ??
    outsideRange("nextSequence", nextSequence, 1, SEQUENCE_MAX) ??
    outsideRange("floor", manifest.floor, 0, nextSequence - 1) ??
    outsideRange("logCompleteFrom", manifest.logCompleteFrom, 1, nextSequence) ??
    flawOfSegments(manifest) ??
    flawOfCheckpoint(manifest)
  );
}

function flawOfSegments({ segments, nextFileId, nextSequence }: Manifest): ManifestFlaw | undefined {
  const seen = new Set<number>();
  for (const [index, segment] of segments.entries()) {
    const name = `segments[${index}]`;
    const flaw =
      outsideRange(`${name}.segmentId`, segment.segmentId, 1, nextFileId - 1) ??
      outside(`${name}.segmentId`, !seen.has(segment.segmentId), "must be listed once") ??
      outside(`${name}.identity`, segment.identity >= 0n && segment.identity >> 64n === 0n, "must be in [0, 2^64)") ??
      flawOfExtent(name, segment, nextSequence);
    if (flaw !== undefined) return flaw;
    seen.add(segment.segmentId);
  }
  return undefined;
}

function flawOfExtent(name: string, segment: ManifestSegment, nextSequence: number): ManifestFlaw | undefined {
  if (segment.state === "sealed") {
    return (
      outsideRange(`${name}.sealedBytes`, segment.sealedBytes, SEALED_BYTES_MIN, SEGMENT_BYTES_MAX) ??
      outsideRange(`${name}.highestSequence`, segment.highestSequence, 1, nextSequence - 1) ??
      outsideRange(`${name}.lowestSequence`, segment.lowestSequence, 1, segment.highestSequence)
    );
  }
  const lowest = segment.cleanBytes === 0 ? 0 : SEGMENT_HEADER_BYTES;
  return (
    outsideRange(`${name}.cleanBytes`, segment.cleanBytes, lowest, SEGMENT_BYTES_MAX) ??
    outsideRange(`${name}.firstSequence`, segment.firstSequence, 1, nextSequence)
  );
}

function flawOfCheckpoint({ checkpoint, segments, nextFileId }: Manifest): ManifestFlaw | undefined {
  if (checkpoint === undefined) return undefined;
  const given = segments.some((segment) => segment.segmentId === checkpoint.id);
  return (
    outsideRange("checkpoint.id", checkpoint.id, 1, nextFileId - 1) ??
    outside("checkpoint.id", !given, "must not be a segment's") ??
    outsideRange("checkpoint.bytes", checkpoint.bytes, 1, Number.MAX_SAFE_INTEGER) ??
    outsideRange("checkpoint.crc", checkpoint.crc, 0, 2 ** 32 - 1)
  );
}

function outsideRange(field: string, value: number, lowest: number, highest: number): ManifestFlaw | undefined {
  const inside = Number.isInteger(value) && value >= lowest && value <= highest;
  return outside(field, inside, `must be an integer from ${lowest} to ${highest}`);
}

function outside(field: string, holds: boolean, rule: string): ManifestFlaw | undefined {
  return holds ? undefined : { field, rule };
}
