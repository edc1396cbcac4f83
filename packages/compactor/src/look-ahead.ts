import { FRAME_HEADER_BYTES, newRecordFields, readRecord, type RecordFields } from "@hashlog/format";
import { BATCH_RECORDS, Records } from "./batches.ts";
import type { Run } from "./frame-run.ts";
import { KEY_ABSENT, type MergeInput, type MergeStore } from "./ports.ts";
import { absenceMatters, needsItsKey, type Rules } from "./verdict.ts";

/**
 * Asks the keydir for the records of a run before they are judged, many at once. They are not verified then: of one that is
 * damaged the answer is worth nothing, and is not used, as the merge ends there.
 */
export class LookAhead {
  readonly #store: MergeStore;
  readonly #rules: Rules;
  readonly #records: Records;
  readonly #found = new Uint8Array(BATCH_RECORDS);
  readonly #record: RecordFields = newRecordFields();
  /** Position in the run up to which it was asked for. */
  #end = 0;
  /** How many answers were given out. */
  #given = 0;

  constructor(input: MergeInput, store: MergeStore, rules: Rules) {
    this.#store = store;
    this.#rules = rules;
    this.#records = new Records(input, new Uint8Array());
  }

  /** A new run; nothing of it was asked for. */
  begin({ bytes }: Run): void {
    this.#records.bytes = bytes;
    this.#end = 0;
  }

  /** Whether the record at `position` of the run was not asked for yet. */
  isDueAt(position: number): boolean {
    return position >= this.#end;
  }

  /** Asks for the records from `position` on, which lies in the frame with that index. */
  ask(run: Run, frameIndex: number, position: number): void | Promise<void> {
    this.#records.count = 0;
    this.#given = 0;
    this.#end = position;
    let looked = 0;
    for (let index = frameIndex; index < run.frames.length; index += 1) {
      const { offset, payloadStart, payloadEnd } = run.frames[index]!;
      const shift = offset + FRAME_HEADER_BYTES - payloadStart;
      let at = index === frameIndex ? position : payloadStart;
      for (; at < payloadEnd && looked < BATCH_RECORDS; at = this.#record.end, looked += 1) {
        // Whoever comes there tells that it is none, after those before it.
        if (!readRecord(run.bytes, at, payloadEnd, this.#record)) return this.#lookUp();
        this.#end = this.#record.end;
        const { keyStart, keyEnd } = this.#record;
        if (!needsItsKey(this.#record, this.#rules)) continue;
        this.#records.add(keyStart, keyEnd, at + shift, absenceMatters(this.#record, this.#rules));
      }
      if (looked === BATCH_RECORDS) break;
    }
    return this.#lookUp();
  }

  /** What was answered for the next record, in their order. */
  next(record: RecordFields): number {
    if (!needsItsKey(record, this.#rules)) return KEY_ABSENT;
    this.#given += 1;
    return this.#found[this.#given - 1]!;
  }

  #lookUp(): void | Promise<void> {
    return this.#records.count === 0 ? undefined : this.#store.lookUp(this.#records, this.#found);
  }
}
