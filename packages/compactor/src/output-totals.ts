import type { RecordFields } from "@hashlog/format";
import type { FinishedOutput, MergeOutput } from "./ports.ts";

/** Adds up what an output holds, for the manifest. */
export class OutputTotals {
  #lowestSequence = Infinity;
  #highestSequence = 0;
  #recordCount = 0;
  #recordBytes = 0;
  #tombstoneCount = 0;
  #tombstoneBytes = 0;
  #expiringCount = 0;

  add(record: RecordFields, bytes: number): void {
    if (record.sequence < this.#lowestSequence) this.#lowestSequence = record.sequence;
    if (record.sequence > this.#highestSequence) this.#highestSequence = record.sequence;
    this.#recordCount += 1;
    this.#recordBytes += bytes;
    if (record.expiresAtMs !== 0) this.#expiringCount += 1;
    if (!record.tombstone) return;
    this.#tombstoneCount += 1;
    this.#tombstoneBytes += bytes;
  }

  finish(output: MergeOutput): FinishedOutput {
    return {
      output,
      sealedBytes: output.position,
      lowestSequence: this.#lowestSequence,
      highestSequence: this.#highestSequence,
      recordCount: this.#recordCount,
      recordBytes: this.#recordBytes,
      tombstoneCount: this.#tombstoneCount,
      tombstoneBytes: this.#tombstoneBytes,
      expiringCount: this.#expiringCount,
    };
  }
}
