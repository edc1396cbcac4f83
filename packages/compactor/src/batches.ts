import type { MergeInput, MergeOutput, MoveBatch, RecordBatch } from "./ports.ts";

/** How many records are in a batch at most: so many the keydir is asked for in one go, a fraction of a millisecond. */
export const BATCH_RECORDS = 1024;

/** A `RecordBatch` that is filled again and again. */
export class Records implements RecordBatch {
  readonly input: MergeInput;
  bytes: Uint8Array;
  count = 0;
  readonly keyStarts: Uint32Array = new Uint32Array(BATCH_RECORDS);
  readonly keyEnds: Uint32Array = new Uint32Array(BATCH_RECORDS);
  readonly offsets: Uint32Array = new Uint32Array(BATCH_RECORDS);
  readonly absenceMatters: Uint8Array = new Uint8Array(BATCH_RECORDS);

  constructor(input: MergeInput, bytes: Uint8Array) {
    this.input = input;
    this.bytes = bytes;
  }

  get isFull(): boolean {
    return this.count === BATCH_RECORDS;
  }

  add(keyStart: number, keyEnd: number, offset: number, absenceMatters: boolean): void {
    this.keyStarts[this.count] = keyStart;
    this.keyEnds[this.count] = keyEnd;
    this.offsets[this.count] = offset;
    this.absenceMatters[this.count] = absenceMatters ? 1 : 0;
    this.count += 1;
  }
}

/** A `MoveBatch` that is filled again and again. */
export class Moves implements MoveBatch {
  readonly output: MergeOutput;
  bytes: Uint8Array = new Uint8Array();
  count = 0;
  readonly keyStarts: Uint32Array = new Uint32Array(BATCH_RECORDS);
  readonly keyEnds: Uint32Array = new Uint32Array(BATCH_RECORDS);
  readonly sourceIds: Uint32Array = new Uint32Array(BATCH_RECORDS);
  readonly sourceOffsets: Uint32Array = new Uint32Array(BATCH_RECORDS);
  readonly targetOffsets: Uint32Array = new Uint32Array(BATCH_RECORDS);
  readonly valueBytes: Uint32Array = new Uint32Array(BATCH_RECORDS);
  readonly expiresAtMs: Float64Array = new Float64Array(BATCH_RECORDS);

  constructor(output: MergeOutput) {
    this.output = output;
  }

  get isFull(): boolean {
    return this.count === BATCH_RECORDS;
  }
}
