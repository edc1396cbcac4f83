/**
 * A checkpoint: the whole keydir, shard by shard, as it lies in memory. FORMAT.md, "Checkpoint":
 *
 *     | header, own CRC | shard 0 | shard 1 | ... | table: 16 bytes a shard | tail, 16 |
 *
 *     header  0 magic 8 | 8 version u32 | 12 headerBytes u32 | 16 storeId 16 | 32 checkpointId u32 | 36 byteOrder u32
 *             40 shardCount u32 | 44 segmentCount u32 | 48 replaySequence u64 | 56 reserved u64
 *             64 replaySegmentId u32 | 68 replayOffset u32 | 72 layoutBytes u32 | 76 zero u32
 *             80 segments, 40 each | layout, UTF-8 | zeros up to a multiple of 8 less 4 | crc u32
 *     segment 0 slot u32 | 4 segmentId u32 | 8 identity u64 | 16 recordCount u32 | 20 recordBytes u32
 *             24 tombstoneCount u32 | 28 tombstoneBytes u32 | 32 expiringCount u32 | 36 zero u32
 *     table   0 bytes u64 | 8 crc u32 | 12 zero u32
 *     tail    0 headerCrc u32 | 4 shardCount u32 | 8 zero u32 | 12 crc u32, over table and tail before it
 *
 * Every shard begins at a multiple of 8 in the file, zeros in between, so that the file can be mapped and viewed. The
 * last CRC covers those of the header and of all shards, and the manifest keeps it: what was read is what was written,
 * or it is unusable. The table stands behind the shards because their lengths are known only when they are written.
 */

/** What a checkpoint is of. */
export interface CheckpointHeader {
  /** The manifest's: a checkpoint of another store, or of a copy of this one, is not used. */
  readonly storeId: bigint;
  readonly checkpointId: number;
  /** `Keydir.layout`: names the layout of the shards' bytes. 1 to 255 bytes of UTF-8. */
  readonly layout: string;
  /** 1 to 65,536. */
  readonly shardCount: number;
  /** From where on the log has to be replayed over what is loaded. */
  readonly replay: CheckpointReplay;
  /** The segments that the shards point into, by the small number that stands for each in the shards' bytes. */
  readonly segments: readonly CheckpointSegment[];
}

/** Where in the log replay begins: at or before the place that the earliest of the shards reflects. */
export interface CheckpointReplay {
  /** An unsealed segment; 0, with offset 0, if there is none. */
  readonly segmentId: number;
  /** Where a frame begins in it. */
  readonly offset: number;
  /** The sequence expected there. */
  readonly sequence: number;
}

/** A segment's totals when the checkpoint was written, as in `HintTotals`. */
export interface CheckpointSegment {
  /** 0 to 65,535; no two the same. */
  readonly slot: number;
  readonly segmentId: number;
  readonly identity: bigint;
  readonly recordCount: number;
  readonly recordBytes: number;
  readonly tombstoneCount: number;
  readonly tombstoneBytes: number;
  readonly expiringCount: number;
}

export const CHECKPOINT_FIXED_BYTES = 80;
export const CHECKPOINT_SEGMENT_BYTES = 40;
export const CHECKPOINT_LAYOUT_BYTES_MAX = 255;
export const CHECKPOINT_SLOT_MAX = 65_535;
export const CHECKPOINT_SHARDS_MAX = 65_536;
export const CHECKPOINT_TABLE_ENTRY_BYTES = 16;
export const CHECKPOINT_TAIL_BYTES = 16;

/** No header is longer, so that reading one allocates no more. */
export const CHECKPOINT_HEADER_BYTES_MAX: number = aligned(
  CHECKPOINT_FIXED_BYTES + (CHECKPOINT_SLOT_MAX + 1) * CHECKPOINT_SEGMENT_BYTES + CHECKPOINT_LAYOUT_BYTES_MAX + 4,
);

/** The number as this machine has it in memory: the shards' bytes are in its order, and no other order can use them. */
export const BYTE_ORDER_WORD = 0x0a0b0c0d;

/** The next multiple of 8. Exact for safe integers, which bitwise operators are not. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** Writes or compares: the word's four bytes in this machine's order. */
export function byteOrderMark(): Uint8Array {
  return new Uint8Array(Uint32Array.of(BYTE_ORDER_WORD).buffer);
}
