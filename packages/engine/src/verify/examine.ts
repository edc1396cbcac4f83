import {
  decodeSegmentHeader,
  findTestimony,
  FRAME_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
  type Manifest,
  type SealedSegment,
  type ScannedFrame,
  type UnsealedSegment,
} from "@hashlog/format";
import type { Clock, FileSystem } from "@hashlog/fs-io";
import type { Limits } from "../limits.ts";
import { SegmentContent, type ExaminedSegment, type RecordVisitor } from "./examined-segment.ts";
import { HintCheck, readHintFile, type HintContent, type HintState } from "./hint-check.ts";
import { readPastDamage, type DamagedRange } from "./read-past-damage.ts";

/** What an examination goes through, and who is told of what it finds. */
export interface ExamineParts {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly clock: Pick<Clock, "yield">;
  readonly limits: Pick<Limits, "scanBytes">;
  readonly manifest: Manifest;
  /** All that the manifest lists, in its order. */
  readonly segments: readonly ExaminedSegment[];
  /** The last sequence that has to be there, if somebody knows; else what the log testifies tells it. */
  readonly needed: number | undefined;
  /** So many bytes more were read. May throw to end the examination. */
  readonly onRead: (bytes: number) => void;
  /** Every record that verifies, in the order of the files. `bytes` is valid during the call only. */
  readonly onRecord: (content: SegmentContent, ...record: Parameters<RecordVisitor>) => void;
  /** Runs what must not meet a hint file that is being written. */
  readonly atRest: (work: () => Promise<void>) => Promise<void>;
}

/** What was found. */
export interface Examination {
  /** One for each segment, in their order. */
  readonly contents: readonly SegmentContent[];
  /** Where the log ends with something that was never acknowledged. */
  readonly tear: { readonly segmentId: number; readonly offset: number; readonly reason: string } | undefined;
  /** The last sequence of the log that is known to have been durable, or to be there. */
  readonly lastSequence: number;
}

/**
 * Reads every byte of every segment, past all damage, and the hints. Judges as an opening does: in a sealed segment
 * everything has to be there, in the unsealed ones what is testified.
 * @throws what the callbacks throw, and FsError where a file cannot even be opened
 */
export function examine(parts: ExamineParts): Promise<Examination> {
  return new Examiner(parts).examine();
}

class Examiner {
  readonly #parts: ExamineParts;
  readonly #contents: SegmentContent[];

  constructor(parts: ExamineParts) {
    this.#parts = parts;
    this.#contents = parts.segments.map((segment) => new SegmentContent(segment));
  }

  async examine(): Promise<Examination> {
    const sealed = this.#contents.filter(({ segment }) => segment.listed.state === "sealed");
    const log = this.#contents.filter(({ segment }) => segment.listed.state === "unsealed");
    for (const content of sealed) await this.#examineSealed(content);
    const needed = this.#parts.needed ?? (await this.#testified(log));
    const tear = await this.#examineLog(log, needed);
    const lastSequence = this.#contents.reduce((last, content) => Math.max(last, content.highestSequence), needed);
    return { contents: this.#contents, tear, lastSequence };
  }

  async #examineSealed(content: SegmentContent): Promise<void> {
    const { segment, damaged } = content;
    const { lowestSequence, highestSequence, merged, sealedBytes } = segment.listed as SealedSegment;
    const expected = merged ? undefined : lowestSequence;
    const whole = expected === undefined ? undefined : { first: lowestSequence, last: highestSequence };
    const hint = await readHintFile(this.#parts, segment);
    const check = new HintCheck(segment, hint, this.#parts.manifest.hashKey);
    const flaw = await flawOfFile(segment);
    if (flaw?.isWhole === true) {
      damaged.push({ offset: 0, bytes: sealedBytes, reason: flaw.reason, sequences: whole });
    } else {
      if (flaw !== undefined) damaged.push(headerDamage(flaw.reason, lowestSequence, merged));
      const read = await this.#read(content, expected, Infinity, check.add);
      if (read.expected !== undefined && read.expected <= highestSequence) {
        content.damaged.push(...endMissing(content, { first: read.expected, last: highestSequence }));
      }
    }
    await this.#judgeHint(content, hint, check);
    if (content.hint.kind !== "unusable") return;
    await this.#parts.atRest(async () => this.#judgeHint(content, await readHintFile(this.#parts, segment), check));
  }

  async #judgeHint(content: SegmentContent, hint: HintContent, check: HintCheck): Promise<void> {
    if (content.damaged.length > 0) {
      content.hint = await this.#readLost(content);
    } else if (hint.kind !== "whole") {
      content.hint = hint;
    } else {
      content.hint = { kind: (await check.fits(hint, content, this.#parts.clock)) ? "fits" : "differs" };
    }
  }

  /** What the hint tells of where nothing can be read; so does the beginning of one that is damaged itself. */
  async #readLost(content: SegmentContent): Promise<HintState> {
    content.lost = [];
    const { segment } = content;
    const hint = await readHintFile(this.#parts, segment, (entry) => content.noteLost(entry));
    return hint.kind === "whole" ? { kind: "whole" } : hint;
  }

  async #examineLog(log: readonly SegmentContent[], needed: number): Promise<Examination["tear"]> {
    let expected = firstOf(log[0]) ?? 1;
    for (const [index, content] of log.entries()) {
      const { segment, damaged } = content;
      const { segmentId } = segment;
      const first = firstOf(content)!;
      if (first !== expected) {
        const reason = `begins with sequence ${first}`;
        if (expected > needed) {
          await this.#examineBehindTear(log.slice(index), expected);
          return { segmentId, offset: SEGMENT_HEADER_BYTES, reason };
        }
        const missing = { first: expected, last: first - 1 };
        const before = log[index - 1];
        if (before !== undefined) before.damaged.push(...endMissing(before, missing));
        else damaged.push({ offset: SEGMENT_HEADER_BYTES, bytes: 0, reason, sequences: missing });
        expected = first;
      }
      const flaw = await flawOfFile(segment);
      if (flaw?.isWhole === true) {
        const last = (firstOf(log[index + 1]) ?? Math.max(needed, expected - 1) + 1) - 1;
        const sequences = { first: expected, last };
        damaged.push({ offset: 0, bytes: segment.bytes, reason: flaw.reason, sequences, isWholeFile: true });
        expected = last + 1;
        continue;
      }
      if (flaw !== undefined) damaged.push(headerDamage(flaw.reason, expected, false));
      const read = await this.#read(content, expected, needed);
      expected = read.expected!;
      if (read.tear !== undefined) {
        await this.#examineBehindTear(log.slice(index + 1), expected);
        return { segmentId, ...read.tear };
      }
    }
    const last = log.at(-1);
    if (last !== undefined && expected <= needed) {
      last.damaged.push(...endMissing(last, { first: expected, last: needed }));
    }
    return undefined;
  }

  /** Of what lies behind the end of the log nothing counts, but an opening wants the files to be there, and to be the right ones. */
  async #examineBehindTear(log: readonly SegmentContent[], expected: number): Promise<void> {
    for (const { segment, damaged } of log) {
      const flaw = await flawOfFile(segment);
      const sequences = { first: expected, last: expected - 1 };
      if (flaw !== undefined) damaged.push({ offset: 0, bytes: SEGMENT_HEADER_BYTES, reason: flaw.reason, sequences });
    }
  }

  async #read(
    content: SegmentContent,
    expected: number | undefined,
    needed: number,
    onRecord?: RecordVisitor,
  ): ReturnType<typeof readPastDamage> {
    const { segment } = content;
    const upTo = this.#parts.needed ?? Infinity;
    let told = 0;
    const read = await readPastDamage(segment.source, {
      place: segment.place,
      bytes: segment.bytes,
      chunkBytes: this.#chunkBytes(),
      expected,
      needed,
      onFrame: (frame: ScannedFrame) => {
        this.#parts.onRead(frame.end - told);
        told = frame.end;
        // What was written while it is examined is not looked at.
        if (!frame.header.sparse && frame.header.firstSequence > upTo) return undefined;
        return content.add(frame, this.#parts.clock, (bytes, at, fields, offset) => {
          onRecord?.(bytes, at, fields, offset);
          this.#parts.onRecord(content, bytes, at, fields, offset);
        });
      },
    });
    this.#parts.onRead(segment.bytes - told);
    // One by one: there may be more than a call takes arguments.
    for (const range of read.damaged) content.damaged.push(range);
    return read;
  }

  /** As much as is quickest, or where somebody uses the store, who has a turn after each, a few milliseconds' work. */
  #chunkBytes(): number {
    const { limits, needed } = this.#parts;
    return needed === undefined ? limits.scanBytes : Math.min(limits.scanBytes, SLICE_BYTES);
  }

  /** The highest floor that the manifest or any frame of the log testifies. */
  async #testified(log: readonly SegmentContent[]): Promise<number> {
    let testified = this.#parts.manifest.floor;
    for (const { segment } of log) {
      await findTestimony(segment.source, {
        place: segment.place,
        chunkBytes: Math.max(this.#parts.limits.scanBytes, FRAME_HEADER_BYTES),
        from: SEGMENT_HEADER_BYTES,
        onTestimony: ({ floor }) => {
          testified = Math.max(testified, floor);
        },
      });
    }
    return testified;
  }
}

/** What is wrong with the file as a whole (`isWhole`: nothing of it can be read), or with its header. */
async function flawOfFile({
  source,
  segmentId,
  place,
}: ExaminedSegment): Promise<{ readonly isWhole: boolean; readonly reason: string } | undefined> {
  if (source.bytes === 0) return { isWhole: true, reason: "the file is missing, or empty, or cannot be opened" };
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  const got = await source.read(bytes, 0, bytes.length, 0);
  const header = decodeSegmentHeader(bytes.subarray(0, got));
  // The manifest, which is of this version, lists no segment of a later one.
  if (header.kind === "version") return { isWhole: false, reason: `version ${header.version} of the format` };
  if (header.kind === "damaged") return { isWhole: false, reason: header.reason };
  const { value } = header;
  if (value.segmentId === segmentId && value.identity === place.identity) return undefined;
  return { isWhole: true, reason: "it is another segment than the one that the manifest lists" };
}

function headerDamage(reason: string, expected: number, merged: boolean): DamagedRange {
  const sequences = merged ? undefined : { first: expected, last: expected - 1 };
  return { offset: 0, bytes: SEGMENT_HEADER_BYTES, reason, sequences };
}

/** Sequences are missing at the end: behind a range that reaches to it, or without a trace. */
function endMissing(
  content: SegmentContent,
  missing: { readonly first: number; readonly last: number },
): DamagedRange[] {
  const { damaged, segment } = content;
  const last = damaged.at(-1);
  if (last?.sequences === undefined || last.offset + last.bytes !== segment.bytes) {
    return [{ offset: segment.bytes, bytes: 0, reason: "its end is missing", sequences: missing }];
  }
  damaged.pop();
  return [{ ...last, sequences: { first: Math.min(last.sequences.first, missing.first), last: missing.last } }];
}

function firstOf(content: SegmentContent | undefined): number | undefined {
  return (content?.segment.listed as UnsealedSegment | undefined)?.firstSequence;
}

const SLICE_BYTES = 128 * 1024;
