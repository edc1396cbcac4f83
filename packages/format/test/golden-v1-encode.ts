import {
  checkpointFileName,
  CheckpointEncoder,
  encodeManifest,
  HintEncoder,
  hintFileName,
  MANIFEST_NAME,
  placeOf,
  segmentFileName,
} from "../src/index.ts";
import { concat, segmentBytes } from "./support.ts";
import * as inputs from "./golden-v1-inputs.ts";

/** All golden files of version 1, by name, as the code writes them today. */
export function encodeAll(): Map<string, Uint8Array> {
  const { checkpointHeader, mergedFrames, mergedIdentity, mergedSegmentId, segmentFrames, segmentIdentity } = inputs;
  const checkpoint = encodeCheckpoint();
  return new Map([
    [segmentFileName(inputs.segmentId), segmentBytes(segmentFrames, placeOf(segmentIdentity), inputs.segmentId).bytes],
    [segmentFileName(mergedSegmentId), segmentBytes(mergedFrames, placeOf(mergedIdentity), mergedSegmentId).bytes],
    [hintFileName(inputs.segmentId), encodeHint()],
    [checkpointFileName(checkpointHeader.checkpointId), checkpoint.content],
    [MANIFEST_NAME, encodeManifest(inputs.manifest(checkpoint.named))],
  ]);
}

function encodeHint(): Uint8Array {
  const pieces: Uint8Array[] = [];
  const { segmentId, segmentIdentity: identity, sealedBytes, hintEntries, hintTotals } = inputs;
  const encoder = new HintEncoder({ segmentId, identity, sealedBytes }, (block) => pieces.push(block.slice()));
  for (const { record, offset } of hintEntries) {
    const { key, sequence, value, expiresAtMs } = record;
    encoder.add(key, 0, key.length, sequence, offset, value?.length ?? 0, value === undefined, expiresAtMs);
  }
  encoder.finish(hintTotals);
  return concat(pieces);
}

function encodeCheckpoint(): { content: Uint8Array; named: { bytes: number; crc: number } } {
  const pieces: Uint8Array[] = [];
  const encoder = new CheckpointEncoder(inputs.checkpointHeader, (bytes) => pieces.push(bytes));
  inputs.checkpointShards.forEach((shard, index) => encoder.shard(index, shard));
  return { named: encoder.finish(), content: concat(pieces) };
}
