import type { CheckpointHeader, HintTotals, Manifest } from "../src/index.ts";
import { fence, frame, type FrameSpec, put, type RecordSpec, tombstone, utf8 } from "./support.ts";

/**
 * A small store, as the files in ./golden/v1 have it: what went in, in words. Neither these inputs nor the files ever change;
 * a later format version gets inputs and files of its own beside them.
 */

const EXPIRES_AT_MS = 1_900_000_000_000;

export const segmentId = 1;
export const segmentIdentity = 0x5eed_0000_0000_0001n;

/** Puts, an overwrite, an expiry, empty key, empty value, a batch, a tombstone, fences. */
export const segmentFrames: readonly FrameSpec[] = [
  frame([put(1, "ada", "Ada Lovelace")], { floor: 0 }),
  fence(2, 1),
  frame([put(2, "", "the empty key"), put(3, "empty", ""), put(4, "session", "token", EXPIRES_AT_MS)], { floor: 1 }),
  frame([tombstone(5, "empty"), put(6, "ada", "Augusta Ada King"), put(7, "größe", "ünïcode ✓")], {
    floor: 4,
    acknowledgedWhenSynced: false,
  }),
  fence(8, 7),
];

export const mergedSegmentId = 2;
export const mergedIdentity = 0xfeed_ffff_ffff_fff2n;

/** What a merge left of an older segment: sparse, a sequence beyond 2^32, not in order. */
export const mergedFrames: readonly FrameSpec[] = [
  frame([put(0x1_0000_0005, "beyond", "2^32"), put(3_000, "alan", "Alan Turing")], {
    floor: 0x1_0000_0010,
    sparse: true,
  }),
  frame([tombstone(40, "grace")], { floor: 0x1_0000_0010, sparse: true }),
];

/** The newest record of every key of the first segment, with the offset of each. */
export const hintEntries: readonly { readonly record: RecordSpec; readonly offset: number }[] = [
  { record: segmentFrames[2]!.records[0]!, offset: 161 },
  { record: segmentFrames[2]!.records[2]!, offset: 215 },
  { record: segmentFrames[3]!.records[0]!, offset: 285 },
  { record: segmentFrames[3]!.records[1]!, offset: 308 },
  { record: segmentFrames[3]!.records[2]!, offset: 345 },
];

export const hintTotals: HintTotals = {
  entryCount: 5,
  recordCount: 7,
  recordBytes: 223,
  tombstoneCount: 1,
  tombstoneBytes: 23,
  lowestSequence: 1,
  highestSequence: 7,
  expiringCount: 1,
};

/** The sealed length: the end of the last frame that holds a record, so not the fence behind it. */
export const sealedBytes = 383;

export const checkpointHeader: CheckpointHeader = {
  storeId: 0x0011_2233_4455_6677_8899_aabb_ccdd_eeffn,
  checkpointId: 3,
  layout: "golden 1",
  shardCount: 3,
  replay: { segmentId: 4, offset: 32, sequence: 0x1_0000_0020 },
  segments: [
    {
      slot: 0,
      segmentId,
      identity: segmentIdentity,
      recordCount: 7,
      recordBytes: 223,
      tombstoneCount: 1,
      tombstoneBytes: 23,
      expiringCount: 1,
    },
    {
      slot: 5,
      segmentId: mergedSegmentId,
      identity: mergedIdentity,
      recordCount: 3,
      recordBytes: 84,
      tombstoneCount: 1,
      tombstoneBytes: 23,
      expiringCount: 0,
    },
  ],
};

export const checkpointShards: readonly Uint8Array[] = [utf8("shard zero, as it lies"), utf8(""), utf8("and two!")];

export const mergedBytes = 180;

/** The manifest, given what the checkpoint's encoder said of it. */
export const manifest = (checkpoint: { bytes: number; crc: number }): Manifest => ({
  storeId: checkpointHeader.storeId,
  hashKey: Uint8Array.from({ length: 16 }, (_, i) => 0xf0 + i),
  epoch: 12,
  floor: 0x1_0000_001f,
  nextFileId: 5,
  nextSequence: 0x1_0001_0000,
  logCompleteFrom: 0x1_0000_0006,
  segments: [
    {
      state: "sealed",
      segmentId: mergedSegmentId,
      identity: mergedIdentity,
      sealedBytes: mergedBytes,
      lowestSequence: 40,
      highestSequence: 0x1_0000_0005,
      merged: true,
    },
    {
      state: "sealed",
      segmentId,
      identity: segmentIdentity,
      sealedBytes,
      lowestSequence: 1,
      highestSequence: 7,
      merged: false,
    },
    { state: "unsealed", segmentId: 4, identity: 0x5eed_0000_0000_0004n, firstSequence: 0x1_0000_0020, cleanBytes: 0 },
  ],
  checkpoint: { id: checkpointHeader.checkpointId, ...checkpoint },
});
