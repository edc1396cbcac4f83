import { encodeCheckpointHeader } from "./checkpoint-header.ts";
import {
  aligned,
  CHECKPOINT_TABLE_ENTRY_BYTES,
  CHECKPOINT_TAIL_BYTES,
  type CheckpointHeader,
} from "./checkpoint-layout.ts";
import { crc32 } from "./crc32.ts";
import { checkInteger, invalidArgument } from "./errors.ts";
import { readU32, writeU32, writeU64 } from "./integers.ts";

/**
 * Writes a checkpoint (checkpoint-layout.ts) shard by shard: the header goes to the sink at once, `shard` is called for
 * 0, 1, ... `shardCount - 1`, then `finish` once. After an error, thrown here or by the sink, the encoder and what it
 * wrote are of no use.
 */
export class CheckpointEncoder {
  readonly #sink: (bytes: Uint8Array) => void;
  /** The table and the tail, filled in as the shards go by. */
  readonly #footer: Uint8Array;
  readonly #shardCount: number;
  #shardsWritten = 0;
  #position: number;
  #finished = false;

  /**
   * @param sink takes the file's bytes in order, in pieces of any length; a shard's are the caller's own, not copied
   * @throws FormatError `FORMAT_INVALID_ARGUMENT`
   */
  constructor(header: CheckpointHeader, sink: (bytes: Uint8Array) => void) {
    const bytes = encodeCheckpointHeader(header);
    this.#sink = sink;
    this.#shardCount = header.shardCount;
    this.#footer = new Uint8Array(header.shardCount * CHECKPOINT_TABLE_ENTRY_BYTES + CHECKPOINT_TAIL_BYTES);
    const tailAt = this.#footer.length - CHECKPOINT_TAIL_BYTES;
    writeU32(this.#footer, tailAt, readU32(bytes, bytes.length - 4));
    writeU32(this.#footer, tailAt + 4, header.shardCount);
    this.#position = bytes.length;
    sink(bytes);
  }

  /**
   * Writes the next shard. `index` must be how many were written before.
   * @throws FormatError `FORMAT_INVALID_ARGUMENT`
   */
  shard(index: number, bytes: Uint8Array): void {
    checkInteger("index", index, this.#shardsWritten, Math.min(this.#shardsWritten, this.#shardCount - 1));
    const at = index * CHECKPOINT_TABLE_ENTRY_BYTES;
    writeU64(this.#footer, at, bytes.length);
    writeU32(this.#footer, at + 8, crc32(bytes));
    this.#shardsWritten++;
    const zeros = aligned(bytes.length) - bytes.length;
    if (bytes.length > 0) this.#sink(bytes);
    if (zeros > 0) this.#sink(new Uint8Array(zeros));
    this.#position += bytes.length + zeros;
  }

  /**
   * Writes table and tail, and returns what the manifest has to keep: the file's length and its last CRC.
   * @throws FormatError `FORMAT_INVALID_ARGUMENT` if a shard is missing or it was called before
   */
  finish(): { bytes: number; crc: number } {
    if (this.#finished) throw invalidArgument("finish", "must be called once");
    if (this.#shardsWritten !== this.#shardCount) {
      throw invalidArgument("shardCount", "must be how many shards were written", this.#shardsWritten);
    }
    this.#finished = true;
    const crcAt = this.#footer.length - 4;
    const crc = crc32(this.#footer, 0, crcAt);
    writeU32(this.#footer, crcAt, crc);
    this.#sink(this.#footer);
    return { bytes: this.#position + this.#footer.length, crc };
  }
}
