import type { ByteSource } from "./byte-source.ts";
import { decodeCheckpointHeader } from "./checkpoint-header.ts";
import {
  aligned,
  CHECKPOINT_FIXED_BYTES,
  CHECKPOINT_HEADER_BYTES_MAX,
  CHECKPOINT_TABLE_ENTRY_BYTES,
  CHECKPOINT_TAIL_BYTES,
  type CheckpointHeader,
} from "./checkpoint-layout.ts";
import { crc32 } from "./crc32.ts";
import type { Decoded } from "./decoded.ts";
import { readU32, readU64 } from "./integers.ts";
import { readFully } from "./source-window.ts";

/** What the caller knows of the checkpoint that it wants: the manifest has all of it. */
export interface ExpectedCheckpoint {
  readonly storeId: bigint;
  readonly checkpointId: number;
  readonly bytes: number;
  readonly crc: number;
}

/** What takes a checkpoint in while it is read. Both methods are synchronous; what they throw ends the reading. */
export interface CheckpointVisitor {
  /** Called once, before any shard, when all lengths are known to be right. `false`: it is not wanted after all. */
  header(header: CheckpointHeader): boolean;
  /** Called for every shard in order. `bytes` is the callee's: a fresh buffer of exactly this length, 8-byte aligned. */
  shard(index: number, bytes: Uint8Array): void;
}

/** What reading a checkpoint came to. `"unusable"`: what was loaded of it must be thrown away. */
export type CheckpointReading = { readonly kind: "ok" } | { readonly kind: "unusable"; readonly reason: string };

/** Where a shard lies, and its checksum. */
interface ShardExtent {
  readonly position: number;
  readonly bytes: number;
  readonly crc: number;
}

/**
 * Reads a checkpoint: header, table and tail first, of which the manifest's CRC vouches for the table, then the shards.
 * Two shards are in memory at a time, as the next one is read while one is verified and handed over.
 * Rejects only with what the source or the visitor throws.
 */
export async function readCheckpoint(
  source: ByteSource,
  expected: ExpectedCheckpoint,
  on: CheckpointVisitor,
): Promise<CheckpointReading> {
  if (source.bytes !== expected.bytes) return unusable("another length");
  const header = await readHeader(source);
  if (typeof header === "string") return unusable(header);
  if (header.value.storeId !== expected.storeId) return unusable("of another store");
  if (header.value.checkpointId !== expected.checkpointId) return unusable("another checkpoint");
  const extents = await readTable(source, expected, header);
  if (typeof extents === "string") return unusable(extents);
  if (!on.header(header.value)) return unusable("not wanted");
  return readShards(source, extents, on);
}

/**
 * What a checkpoint file says of itself, for where no manifest tells which one it is to be: `readCheckpoint` reads it by that. Only
 * that it is whole can be learnt so, not whether it belongs to a store. Rejects only with what the source throws.
 */
export async function describeCheckpoint(source: ByteSource): Promise<Decoded<ExpectedCheckpoint>> {
  const header = await readHeader(source);
  if (typeof header === "string") return { kind: "damaged", reason: header };
  const tail = new Uint8Array(CHECKPOINT_TAIL_BYTES);
  if (!(await readFully(source, tail, source.bytes - CHECKPOINT_TAIL_BYTES))) {
    return { kind: "damaged", reason: "the file is too short" };
  }
  const { storeId, checkpointId } = header.value;
  return { kind: "ok", value: { storeId, checkpointId, bytes: source.bytes, crc: readU32(tail, 12) } };
}

function unusable(reason: string): CheckpointReading {
  return { kind: "unusable", reason };
}

interface ReadHeader {
  readonly value: CheckpointHeader;
  readonly bytes: number;
  readonly crc: number;
}

async function readHeader(source: ByteSource): Promise<ReadHeader | string> {
  const fixed = new Uint8Array(CHECKPOINT_FIXED_BYTES);
  if (!(await readFully(source, fixed, 0))) return "short header";
  // Not to be trusted before its checksum is known, so it is bounded by what can be.
  const headerBytes = readU32(fixed, 12);
  if (headerBytes > Math.min(CHECKPOINT_HEADER_BYTES_MAX, source.bytes)) return "header length";
  const bytes = new Uint8Array(headerBytes);
  if (!(await readFully(source, bytes, 0))) return "the file is too short";
  const decoded = decodeCheckpointHeader(bytes);
  if (decoded.kind !== "ok") return decoded.kind === "version" ? `version ${decoded.version}` : decoded.reason;
  const { value } = decoded;
  return { value, bytes: headerBytes, crc: readU32(bytes, headerBytes - 4) };
}

async function readTable(
  source: ByteSource,
  expected: ExpectedCheckpoint,
  header: ReadHeader,
): Promise<ShardExtent[] | string> {
  const { shardCount } = header.value;
  const tailAt = shardCount * CHECKPOINT_TABLE_ENTRY_BYTES;
  const footerAt = source.bytes - tailAt - CHECKPOINT_TAIL_BYTES;
  if (footerAt < header.bytes) return "short table";
  const footer = new Uint8Array(tailAt + CHECKPOINT_TAIL_BYTES);
  if (!(await readFully(source, footer, footerAt))) return "the file is too short";
  const crc = readU32(footer, tailAt + 12);
  if (crc !== expected.crc || crc !== crc32(footer, 0, tailAt + 12)) return "table checksum";
  if (readU32(footer, tailAt) !== header.crc || readU32(footer, tailAt + 4) !== shardCount) return "another header";
  if (readU32(footer, tailAt + 8) !== 0) return "table reserved fields";
  return readExtents(footer, tailAt, header.bytes, footerAt);
}

/** The shards' extents, if they fill the file from `start` to `end` exactly. */
function readExtents(table: Uint8Array, tableEnd: number, start: number, end: number): ShardExtent[] | string {
  const extents: ShardExtent[] = [];
  let position = start;
  for (let at = 0; at < tableEnd; at += CHECKPOINT_TABLE_ENTRY_BYTES) {
    if (readU32(table, at + 12) !== 0) return "table reserved fields";
    const bytes = readU64(table, at);
    extents.push({ position, bytes, crc: readU32(table, at + 8) });
    position += aligned(bytes);
    if (position > end) return "shard lengths";
  }
  return position === end ? extents : "shard lengths";
}

async function readShards(
  source: ByteSource,
  extents: readonly ShardExtent[],
  on: CheckpointVisitor,
): Promise<CheckpointReading> {
  let next = readShard(source, extents, 0);
  try {
    for (let index = 0; index < extents.length; index++) {
      const bytes = await next;
      if (bytes === undefined) return unusable("the file is too short");
      next = readShard(source, extents, index + 1);
      if (crc32(bytes) !== extents[index]!.crc) return unusable(`checksum of shard ${index}`);
      on.shard(index, bytes);
    }
    return { kind: "ok" };
  } finally {
    // Whatever ended the loop: no read may still be running when the caller closes the file, nor reject unheard.
    await Promise.allSettled([next]);
  }
}

/** A shard's bytes; `undefined` if there is no such shard or the source has less. */
async function readShard(
  source: ByteSource,
  extents: readonly ShardExtent[],
  index: number,
): Promise<Uint8Array | undefined> {
  const extent = extents[index];
  if (extent === undefined) return undefined;
  const bytes = new Uint8Array(extent.bytes);
  return (await readFully(source, bytes, extent.position)) ? bytes : undefined;
}
