import {
  EXPIRY_BYTES,
  FRAME_HEADER_BYTES,
  KEY_BYTES_MAX,
  newRecordFields,
  readRecord,
  RECORD_HEADER_BYTES,
  type RecordFields,
  type ScannedFrame,
} from "@hashlog/format";
import { Moves, Records } from "./batches.ts";
import { type CopyLog, NOBODY } from "./copy.ts";
import { KeyReader } from "./key-reader.ts";
import type { Pacer } from "./pacer.ts";
import type { WrittenOutput } from "./output-writer.ts";
import type { MergeInput, MergeStore } from "./ports.ts";
import { readBack } from "./read-back.ts";

/**
 * The second half of a merge: every key that still lies where it was copied from is moved to its copy, and those whose
 * newest record had expired and was dropped or buried go. Each change is a compare-and-set on the exact old place, so whatever was
 * written since the copying stands. A key whose place is not the old one any more is left alone: it never comes back to
 * a place, as segments are only ever appended to.
 *
 * Keys move before the inputs are retired, and are dropped after it: a key that the keydir does not know needs no tombstone
 * when it is deleted, so nothing on the disk may have it any more by then. A crash would bring the record back otherwise,
 * and a clock that is set back would show it.
 */
export class Swing {
  /** Keys that were not moved, as they lay elsewhere by then. */
  superseded = 0;
  expiredDropped = 0;

  readonly #inputs: readonly MergeInput[];
  readonly #log: CopyLog;
  readonly #store: MergeStore;
  readonly #pacer: Pacer;
  readonly #record: RecordFields = newRecordFields();
  /** How many records of the outputs were passed: their place in `CopyLog.moves`. */
  #passed = 0;

  constructor(inputs: readonly MergeInput[], log: CopyLog, store: MergeStore, pacer: Pacer) {
    this.#inputs = inputs;
    this.#log = log;
    this.#store = store;
    this.#pacer = pacer;
  }

  async moveKeys(outputs: readonly WrittenOutput[]): Promise<void> {
    for (const written of outputs) {
      const moves = new Moves(written.finished.output);
      await readBack(written, "published", this.#pacer, (frame) => this.#moveKeysOf(frame, moves));
    }
  }

  // All of a frame's keys before the scanner goes on: they lie in its bytes.
  async #moveKeysOf(frame: ScannedFrame, moves: Moves): Promise<void> {
    const { bytes, payloadStart, payloadEnd } = frame;
    const record = this.#record;
    moves.bytes = bytes;
    for (let at = payloadStart; at < payloadEnd; at = record.end) {
      readRecord(bytes, at, payloadEnd, record);
      this.#add(moves, frame.offset + FRAME_HEADER_BYTES + (at - payloadStart));
      if (moves.isFull) await this.#move(moves);
    }
    await this.#move(moves);
  }

  #add(moves: Moves, targetOffset: number): void {
    const number = this.#log.moves.at(2 * this.#passed);
    const sourceOffset = this.#log.moves.at(2 * this.#passed + 1);
    this.#passed += 1;
    if (number === NOBODY) return;
    const { keyStart, keyEnd, valueStart, valueEnd, expiresAtMs } = this.#record;
    const index = moves.count;
    moves.keyStarts[index] = keyStart;
    moves.keyEnds[index] = keyEnd;
    moves.sourceIds[index] = this.#inputs[number]!.segmentId;
    moves.sourceOffsets[index] = sourceOffset;
    moves.targetOffsets[index] = targetOffset;
    moves.valueBytes[index] = valueEnd - valueStart;
    moves.expiresAtMs[index] = expiresAtMs;
    moves.count = index + 1;
  }

  async #move(moves: Moves): Promise<void> {
    if (moves.count === 0) return;
    const moved = await this.#store.relocate(moves);
    if (moved < moves.count) {
      // mark: merge/swing-lost-to-a-newer-write
      this.superseded += moves.count - moved;
    }
    moves.count = 0;
  }

  /**
   * The keys of dropped records are in no output: they are read from the inputs, in the order in which they lie there. And
   * so are those of buried ones, though their tombstones have them: it is the old place that is compared.
   */
  async dropKeys(): Promise<void> {
    const { drops } = this.#log;
    const reader = new KeyReader();
    let dropping: Dropping | undefined;
    for (let index = 0; index < drops.length; index += 3) {
      const input = this.#inputs[drops.at(index)]!;
      const offset = drops.at(index + 1);
      const keyBytes = drops.at(index + 2);
      if (dropping?.takes(input, keyBytes) === false) await this.#drop(dropping);
      if (dropping?.records.input !== input) dropping = new Dropping(input);
      // Only a put with an expiry can have expired, so the expiry is there, between header and key.
      await reader.read(input, offset + RECORD_HEADER_BYTES + EXPIRY_BYTES, keyBytes);
      dropping.add(reader, keyBytes, offset);
      this.#pacer.spend(keyBytes);
      if (this.#pacer.due) {
        await this.#drop(dropping);
        await this.#pacer.pause();
      }
    }
    if (dropping !== undefined) await this.#drop(dropping);
  }

  async #drop(dropping: Dropping): Promise<void> {
    if (dropping.records.count === 0) return;
    const dropped = await this.#store.dropExpired(dropping.records);
    if (dropped > 0) {
      // mark: merge/expired-key-dropped
      this.expiredDropped += dropped;
    }
    dropping.clear();
  }
}

/** Keys of one input that are to be dropped, side by side. */
class Dropping {
  readonly records: Records;
  #keyBytes = 0;

  constructor(input: MergeInput) {
    this.records = new Records(input, new Uint8Array(2 * KEY_BYTES_MAX));
  }

  /** Whether a key of that input, with so many bytes, may be added. */
  takes(input: MergeInput, keyBytes: number): boolean {
    const { records } = this;
    return records.input === input && !records.isFull && this.#keyBytes + keyBytes <= records.bytes.length;
  }

  add(reader: KeyReader, keyBytes: number, offset: number): void {
    const start = this.#keyBytes;
    this.records.bytes.set(reader.bytes.subarray(reader.start, reader.start + keyBytes), start);
    this.#keyBytes = start + keyBytes;
    this.records.add(start, this.#keyBytes, offset, true);
  }

  clear(): void {
    this.records.count = 0;
    this.#keyBytes = 0;
  }
}
