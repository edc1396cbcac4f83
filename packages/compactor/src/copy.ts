import {
  FRAME_HEADER_BYTES,
  newRecordFields,
  type Place,
  readRecord,
  recordBytes,
  type RecordFields,
  type ScannedFrame,
  scanFrames,
  SEGMENT_HEADER_BYTES,
  verifyRecord,
} from "@hashlog/format";
import { FrameRun, type Run, runOf } from "./frame-run.ts";
import { IntegerLog } from "./integer-log.ts";
import { LookAhead } from "./look-ahead.ts";
import type { OutputWriter } from "./output-writer.ts";
import type { Pacer } from "./pacer.ts";
import type { MergeInput, MergeStore } from "./ports.ts";
import type { LeftOut } from "./report.ts";
import { judge, type Rules, type Verdict } from "./verdict.ts";

/**
 * The first half of a merge: every record of every input is read, judged (verdict.ts), and copied or not. Nothing of the
 * store changes here.
 */

/** In place of an input's number: the record was written, but no key is to point to it. */
export const NOBODY = 0xffff_ffff;

/** What must be remembered of the copying, to move the keys once the outputs are published. */
export class CopyLog {
  /** Two for every record written, in the order of the outputs: the number of its input (or `NOBODY`), and its offset there. */
  readonly moves: IntegerLog = new IntegerLog();
  /** Three for every key to be dropped: the number of its input, the offset of the record there, the bytes of the key. */
  readonly drops: IntegerLog = new IntegerLog();
  recordsKept = 0;
  recordsBuried = 0;
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
  readonly #run = new FrameRun();

  constructor(store: MergeStore, rules: Rules, writer: OutputWriter, pacer: Pacer) {
    this.#store = store;
    this.#rules = rules;
    this.#writer = writer;
    this.#pacer = pacer;
  }

  /** Copies all; or stops at the first input that cannot be merged, and tells where it is damaged. */
  async copy(inputs: readonly MergeInput[]): Promise<LeftOut | undefined> {
    for (const [number, input] of inputs.entries()) {
      const damage = await this.#copyInput(input, number);
      if (damage !== undefined) return { segmentId: input.segmentId, offset: damage.offset, reason: damage.reason };
    }
    await this.#writer.finish();
    return undefined;
  }

  async #copyInput(input: MergeInput, number: number): Promise<Damage | undefined> {
    const source: Source = { input, number, ahead: new LookAhead(input, this.#store, this.#rules) };
    try {
      const end = await scanFrames(input.source, {
        place: input.place,
        from: SEGMENT_HEADER_BYTES,
        to: input.sealedBytes,
        // Each record is verified where it is judged: once, and with pauses in between, however large its frame is.
        verifyRecords: false,
        onFrame: (frame) => this.#gather(frame, source),
      });
      await this.#copyGathered(source);
      if (end.kind === "end") return undefined;
      // mark: merge/frame-damaged
      return new Damage(end.offset, end.reason);
    } catch (error) {
      if (error instanceof Damage) return error;
      throw error;
    }
  }

  #gather(frame: ScannedFrame, source: Source): void | Promise<void> {
    const run = this.#run;
    if (FrameRun.gathers(frame) && run.hasRoom(frame)) return run.add(frame);
    return this.#copyGathered(source).then(() =>
      FrameRun.gathers(frame) ? run.add(frame) : this.#copyRun(runOf(frame), source),
    );
  }

  async #copyGathered(source: Source): Promise<void> {
    await this.#copyRun(this.#run, source);
    this.#run.clear();
  }

  async #copyRun(run: Run, source: Source): Promise<void> {
    source.ahead.begin(run);
    for (const [index, frame] of run.frames.entries()) {
      this.bytesRead += FRAME_HEADER_BYTES + frame.payloadEnd - frame.payloadStart;
      this.#pacer.spend(FRAME_HEADER_BYTES);
      if (this.#pacer.due) await this.#pacer.pause();
      await this.#copyFrame(run, index, source);
    }
  }

  async #copyFrame(run: Run, index: number, { input, number, ahead }: Source): Promise<void> {
    const { bytes } = run;
    const { offset: frameOffset, payloadStart, payloadEnd, recordCount } = run.frames[index]!;
    const record = this.#record;
    let count = 0;
    for (let at = payloadStart; at < payloadEnd; at = record.end) {
      const offset = frameOffset + FRAME_HEADER_BYTES + (at - payloadStart);
      if (ahead.isDueAt(at)) {
        const asked = ahead.ask(run, index, at);
        if (asked !== undefined) await asked;
      }
      if (!readRecord(bytes, at, payloadEnd, record)) {
        // mark: merge/record-malformed
        throw new Damage(offset, "a record is not well-formed");
      }
      const verdict = judge(record, ahead.next(record), this.#rules);
      const needed = bytesToWrite(verdict, record, at);
      if (needed > 0 && !this.#writer.hasRoom(needed)) await this.#writer.makeRoom(needed);
      if (!this.#take(verdict, bytes, at, input.place, offset)) {
        // mark: merge/record-damaged
        throw new Damage(offset, "a record's checksum does not match");
      }
      this.#note(verdict, number, offset);
      count += 1;
      this.#pacer.spend(record.end - at);
      if (this.#pacer.due) await this.#pacer.pause();
    }
    if (count !== recordCount) throw new Damage(frameOffset, "the number of records differs");
  }

  /** Does with the record what was judged. `false` if it does not verify: the merge must be given up then. */
  #take(verdict: Verdict, bytes: Uint8Array, at: number, place: Place, offset: number): boolean {
    const record = this.#record;
    if (isCopied(verdict)) return this.#writer.add(bytes, at, record, place, offset);
    if (!verifyRecord(bytes, at, record.end, place, offset)) return false;
    if (isBuried(verdict)) {
      // mark: merge/expired-record-buried
      this.#writer.addTombstone(bytes, record);
    }
    return true;
  }

  #note(verdict: Verdict, number: number, offset: number): void {
    const { log } = this;
    const { tombstone, keyStart, keyEnd } = this.#record;
    if (isCopied(verdict)) {
      log.recordsKept += 1;
      if (tombstone) log.tombstonesKept += 1;
    } else if (isBuried(verdict)) {
      log.recordsBuried += 1;
    } else {
      log.recordsDropped += 1;
      if (tombstone) log.tombstonesDropped += 1;
    }
    if (isCopied(verdict) || isBuried(verdict)) {
      log.moves.push(verdict === "live" ? number : NOBODY);
      log.moves.push(offset);
    }
    if (verdict !== "buried" && verdict !== "expired") return;
    log.drops.push(number);
    log.drops.push(offset);
    log.drops.push(keyEnd - keyStart);
  }
}

function isCopied(verdict: Verdict): boolean {
  return verdict === "live" || verdict === "held";
}

function isBuried(verdict: Verdict): boolean {
  return verdict === "buried" || verdict === "emptied";
}

/** How much of an output the record at `at` will take. */
function bytesToWrite(verdict: Verdict, { keyStart, keyEnd, end }: RecordFields, at: number): number {
  if (isCopied(verdict)) return end - at;
  return isBuried(verdict) ? recordBytes(keyEnd - keyStart, 0, false) : 0;
}

/** An input that is being copied: its number in the list, and what the keydir says of its records. */
interface Source {
  readonly input: MergeInput;
  readonly number: number;
  readonly ahead: LookAhead;
}

/** Where an input stops being readable, and why. Thrown to end the scan there. */
class Damage {
  readonly offset: number;
  readonly reason: string;

  constructor(offset: number, reason: string) {
    this.offset = offset;
    this.reason = reason;
  }
}
