import {
  EXPIRY_BYTES,
  FRAME_HEADER_BYTES,
  newRecordFields,
  readRecord,
  RECORD_HEADER_BYTES,
  type RecordFields,
  type ScannedFrame,
} from "@hashlog/format";
import { type CopyLog, NOBODY } from "./copy.ts";
import { KeyReader } from "./key-reader.ts";
import type { Pacer } from "./pacer.ts";
import type { FinishedOutput, MergeInput, MergeOutput, MergeStore, Relocation } from "./ports.ts";
import { readBack } from "./read-back.ts";

/**
 * The second half of a merge: every key that still lies where it was copied from is moved to its copy, and those whose
 * newest record had expired and was dropped or buried go. Each change is a compare-and-set on the exact old place, so whatever was
 * written since the copying stands. A key whose place is not the old one any more is left alone: it never comes back to
 * a place, as segments are only ever appended to.
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

  async run(outputs: readonly FinishedOutput[]): Promise<void> {
    for (const finished of outputs) {
      await readBack(finished, "published", this.#pacer, (frame) => this.#moveKeys(frame, finished.output));
    }
    await this.#dropKeys();
  }

  #moveKeys(frame: ScannedFrame, output: MergeOutput): void {
    const { bytes, payloadStart, payloadEnd } = frame;
    const record = this.#record;
    for (let at = payloadStart; at < payloadEnd; at = record.end) {
      readRecord(bytes, at, payloadEnd, record);
      const targetOffset = frame.offset + FRAME_HEADER_BYTES + (at - payloadStart);
      this.#moveKey(bytes, output, targetOffset);
    }
  }

  #moveKey(bytes: Uint8Array, output: MergeOutput, targetOffset: number): void {
    const number = this.#log.moves.at(2 * this.#passed);
    const sourceOffset = this.#log.moves.at(2 * this.#passed + 1);
    this.#passed += 1;
    if (number === NOBODY) return;
    const { keyStart, keyEnd, valueStart, valueEnd, expiresAtMs } = this.#record;
    const input = this.#inputs[number]!;
    const move: Relocation = {
      input,
      sourceOffset,
      output,
      targetOffset,
      valueBytes: valueEnd - valueStart,
      expiresAtMs,
    };
    if (!this.#store.relocate(move, bytes, keyStart, keyEnd)) {
      // mark: merge/swing-lost-to-a-newer-write
      this.superseded += 1;
    }
  }

  /**
   * The keys of dropped records are in no output: they are read from the inputs, in the order in which they lie there. And
   * so are those of buried ones, though their tombstones have them: it is the old place that is compared.
   */
  async #dropKeys(): Promise<void> {
    const { drops } = this.#log;
    const reader = new KeyReader();
    for (let index = 0; index < drops.length; index += 3) {
      const input = this.#inputs[drops.at(index)]!;
      const offset = drops.at(index + 1);
      const keyBytes = drops.at(index + 2);
      // Only a put with an expiry can have expired, so the expiry is there, between header and key.
      await reader.read(input, offset + RECORD_HEADER_BYTES + EXPIRY_BYTES, keyBytes);
      if (this.#store.dropExpired(input, offset, reader.bytes, reader.start, reader.start + keyBytes)) {
        // mark: merge/expired-key-dropped
        this.expiredDropped += 1;
      }
      this.#pacer.spend(keyBytes);
      if (this.#pacer.due) await this.#pacer.pause();
    }
  }
}
