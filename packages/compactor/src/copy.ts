import {
  FRAME_HEADER_BYTES,
  newRecordFields,
  readRecord,
  type RecordFields,
  type ScannedFrame,
  scanFrames,
  SEGMENT_HEADER_BYTES,
} from "@hashlog/format";
import { IntegerLog } from "./integer-log.ts";
import type { OutputWriter } from "./output-writer.ts";
import type { Pacer } from "./pacer.ts";
import type { MergeInput, MergeStore } from "./ports.ts";
import type { LeftOut } from "./report.ts";
import { judge, type Rules, type Verdict } from "./verdict.ts";

/**
 * The first half of a merge: every record of every input is read, judged (verdict.ts), and copied or not. Nothing of the
 * store changes here.
 */

/** In place of an input's number: the record was copied, but no key points to it. */
export const NOBODY = 0xffff_ffff;

/** What must be remembered of the copying, to move the keys once the outputs are published. */
export class CopyLog {
  /** Two for every record copied, in the order of the outputs: the number of its input (or `NOBODY`), and its offset there. */
  readonly moves: IntegerLog = new IntegerLog();
  /** Three for every key to be dropped: the number of its input, the offset of the record there, the bytes of the key. */
  readonly drops: IntegerLog = new IntegerLog();
  recordsKept = 0;
  recordsDropped = 0;
  tombstonesKept = 0;
  tombstonesDropped = 0;
}

/** Copies what must stay of the inputs. For one attempt only. */
export class Copier {
  readonly log: CopyLog = new CopyLog();
  /** Bytes of the inputs that were scanned. */
  bytesRead = 0;

  readonly #store: MergeStore;
  readonly #rules: Rules;
  readonly #writer: OutputWriter;
  readonly #pacer: Pacer;
  readonly #record: RecordFields = newRecordFields();
  #damage: LeftOut | undefined;

  constructor(store: MergeStore, rules: Rules, writer: OutputWriter, pacer: Pacer) {
    this.#store = store;
    this.#rules = rules;
    this.#writer = writer;
    this.#pacer = pacer;
  }

  /** Copies all; or stops at the first input that cannot be merged, and tells where it is damaged. */
  async copy(inputs: readonly MergeInput[]): Promise<LeftOut | undefined> {
    for (const [number, input] of inputs.entries()) {
      await this.#copyInput(input, number);
      if (this.#damage !== undefined) return this.#damage;
    }
    await this.#writer.finish();
    return undefined;
  }

  async #copyInput(input: MergeInput, number: number): Promise<void> {
    const end = await scanFrames(input.source, {
      place: input.place,
      from: SEGMENT_HEADER_BYTES,
      to: input.sealedBytes,
      onFrame: (frame) => this.#copyFrame(frame, input, number),
    });
    if (end.kind === "unreadable") this.#damage ??= damageOf(input, end.offset, end.reason);
  }

  /** The scan has verified the frame. A large one takes many slices, so its records are judged one by one. */
  async #copyFrame(frame: ScannedFrame, input: MergeInput, number: number): Promise<void> {
    if (this.#damage !== undefined) return;
    const { bytes, payloadStart, payloadEnd } = frame;
    const record = this.#record;
    this.bytesRead += frame.end - frame.offset;
    this.#pacer.spend(FRAME_HEADER_BYTES);
    if (this.#pacer.due) await this.#pacer.pause();
    for (let at = payloadStart; at < payloadEnd; at = record.end) {
      const offset = frame.offset + FRAME_HEADER_BYTES + (at - payloadStart);
      if (!readRecord(bytes, at, payloadEnd, record)) return this.#changed(input, offset);
      const verdict = judge(record, bytes, input, offset, this.#store, this.#rules);
      if (verdict === "live" || verdict === "held") {
        if (!this.#writer.hasRoom(record.end - at)) await this.#writer.makeRoom(record.end - at);
        if (!this.#writer.add(bytes, at, record, input.place, offset)) return this.#changed(input, offset);
      }
      this.#note(verdict, number, offset);
      this.#pacer.spend(record.end - at);
      if (this.#pacer.due) await this.#pacer.pause();
    }
  }

  #note(verdict: Verdict, number: number, offset: number): void {
    const { log } = this;
    const { tombstone, keyStart, keyEnd } = this.#record;
    if (verdict === "live" || verdict === "held") {
      log.moves.push(verdict === "live" ? number : NOBODY);
      log.moves.push(offset);
      log.recordsKept += 1;
      if (tombstone) log.tombstonesKept += 1;
      return;
    }
    log.recordsDropped += 1;
    if (tombstone) log.tombstonesDropped += 1;
    if (verdict === "dead") return;
    log.drops.push(number);
    log.drops.push(offset);
    log.drops.push(keyEnd - keyStart);
  }

  /** A record was good when its frame was scanned and is not any more: it cannot be told what it was. */
  #changed(input: MergeInput, offset: number): void {
    this.#damage = damageOf(input, offset, "a record changed while it was copied");
  }
}

function damageOf(input: MergeInput, offset: number, reason: string): LeftOut {
  return { segmentId: input.segmentId, offset, reason };
}
