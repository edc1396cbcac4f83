import { findRecords, FRAME_HEADER_BYTES, type Manifest } from "@hashlog/format";
import type { Clock } from "@hashlog/fs-io";
import { SEGMENT_SLOTS_MAX, type Keydir, type KeydirFactory, type KeydirLoader } from "@hashlog/index";
import { newLocation } from "../segment-table.ts";
import { examine, type ExamineParts } from "../verify/examine.ts";
import type { ExaminedSegment, LostEntry, SegmentContent } from "../verify/examined-segment.ts";
import type { DamagedRange } from "../verify/read-past-damage.ts";
import { RecordLoader } from "../verify/record-loader.ts";
import type { SalvageWriter } from "./salvage-writer.ts";

/** A key whose newest value is gone. */
export interface LostKey {
  /** As it is stored: what the codec for keys made of it. */
  readonly key: Uint8Array;
  /** The sequence of the write that is lost. */
  readonly version: number;
  /** Where it lay. */
  readonly segmentId: number;
  readonly offset: number;
}

/** Bytes that may have held writes of which nothing is known but, at best, their sequences. */
export interface LostRange {
  readonly segmentId: number;
  readonly offset: number;
  readonly bytes: number;
  readonly reason: string;
  /**
   * Where known: the sequences of the writes that lay there, those included that were saved. At the end of the log those that are
   * known to have been durable; behind them there may have been more.
   */
  readonly firstSequence: number | undefined;
  readonly lastSequence: number | undefined;
  /** Where these are known, how many of them could not be saved. */
  readonly writes: number | undefined;
}

/** What could be saved, and what not. */
export interface Salvage {
  readonly lost: readonly LostKey[];
  readonly mayBeLost: readonly LostRange[];
  /** Records in damaged ranges that verify all the same, and are saved. */
  readonly recordsSaved: number;
  /** Frames of which only a part could be saved, at least: a batch in one of those is not whole any more. */
  readonly framesInPart: number;
  readonly keys: number;
}

export interface SalvageParts extends Omit<ExamineParts, "onRecord" | "needed" | "atRest" | "clock"> {
  readonly clock: Pick<Clock, "yield" | "now">;
  readonly manifest: Manifest;
  readonly index: KeydirFactory;
  /** Takes what is left of a segment; `undefined` for one that stays as it is. */
  readonly writerOf: (segmentId: number) => SalvageWriter | undefined;
}

/**
 * Reads all segments, searches the damaged ranges for records that verify, and learns from the hint files what else lay there.
 * Everything that verifies of a segment that has a writer goes to that.
 *
 * What a hint names and nothing gives back is loaded into an index together with all that is left, as if it still lay there: in
 * the end a key is lost if, and only if, that is the newest of it.
 * @throws what the file system or a writer throws
 */
export function salvage(parts: SalvageParts): Promise<Salvage> {
  return new Salvager(parts).run();
}

class Salvager {
  readonly #parts: SalvageParts;
  readonly #keydir: Keydir;
  readonly #loader: KeydirLoader;
  readonly #recordLoader: RecordLoader;
  readonly #location = newLocation();
  readonly #named: { readonly entry: LostEntry; readonly segmentId: number }[] = [];
  readonly #mayBeLost: LostRange[] = [];
  #recordsSaved = 0;
  #framesInPart = 0;

  constructor(parts: SalvageParts) {
    this.#parts = parts;
    this.#keydir = parts.index({ hashKey: parts.manifest.hashKey });
    this.#loader = this.#keydir.beginLoad();
    this.#recordLoader = new RecordLoader(this.#loader);
  }

  async run(): Promise<Salvage> {
    const { clock, writerOf } = this.#parts;
    const { contents } = await examine({
      ...this.#parts,
      needed: undefined,
      atRest: (work) => work(),
      onRecord: (content, bytes, at, fields, offset) => {
        const { segmentId, place } = content.segment;
        this.#recordLoader.load(content, bytes, fields, offset);
        writerOf(segmentId)?.add(bytes, at, fields.end, place, offset);
      },
    });
    // What is saved anywhere is known before anything is given up: two segments may hold the same record.
    const saved: ReadonlySet<number>[] = [];
    for (const [index, content] of contents.entries()) {
      saved.push(await this.#searchDamage(content, contents[index + 1]));
    }
    for (const [index, content] of contents.entries()) await this.#buryWhatIsGone(content, saved[index]!);
    while (!this.#loader.finish()) await clock.yield();
    const gone = await this.#goneKeys();
    const nowMs = clock.now();
    // What had expired is no loss.
    const lost = gone.filter(({ expiresAtMs }) => expiresAtMs === 0 || expiresAtMs > nowMs);
    return {
      ...{
        lost: lost.map(({ key }) => key),
        mayBeLost: this.#mayBeLost,
        recordsSaved: this.#recordsSaved,
        framesInPart: this.#framesInPart,
      },
      keys: this.#keydir.size - gone.length,
    };
  }

  /** Saves what is in the damaged ranges, and lists those of which no hint tells. Resolves to the offsets of what it saved. */
  async #searchDamage(content: SegmentContent, next: SegmentContent | undefined): Promise<ReadonlySet<number>> {
    const { segment, damaged, hint } = content;
    const { segmentId, source } = segment;
    const saved = new Set<number>();
    const named = content.lostByRange();
    for (const range of damaged) {
      const inRange: Extent[] = [];
      await this.#searchRange(content, range, inRange);
      for (const { from } of inRange) saved.add(from);
      this.#recordsSaved += inRange.length;
      // Hints tell of every record that counts: the others are older than one that is there, or is named.
      if (hint.kind === "whole") {
        const isInPart = inRange.length > 0 && named.get(range)?.some(({ offset }) => !saved.has(offset));
        if (isInPart === true) this.#framesInPart += 1;
        continue;
      }
      const lost = lostOf(range, inRange, source.bytes, isEndOfLog(segment, range, next));
      if (lost === undefined) continue;
      const { offset, bytes, reason, sequences } = range;
      const { writes } = lost;
      // Of what lies behind records that are known, and saved, nobody can tell whether it was of their frame.
      if (inRange.length > 0 && (writes !== undefined || sequences === undefined)) this.#framesInPart += 1;
      this.#mayBeLost.push({
        ...{ segmentId, offset, bytes, reason, writes },
        firstSequence: writes === undefined ? undefined : sequences?.first,
        lastSequence: writes === undefined ? undefined : sequences?.last,
      });
    }
    return saved;
  }

  async #buryWhatIsGone(content: SegmentContent, saved: ReadonlySet<number>): Promise<void> {
    let inTurn = 0;
    for (const entry of content.lost) {
      if (saved.has(entry.offset)) continue;
      this.#bury(content, entry);
      inTurn += 1;
      if (inTurn % RECORDS_IN_A_TURN === 0) await this.#parts.clock.yield();
    }
  }

  /** Saves the records in the range that verify. */
  async #searchRange(content: SegmentContent, range: DamagedRange, found: Extent[]): Promise<void> {
    const { segment } = content;
    const { place, source, segmentId, listed } = segment;
    const ever = this.#parts.manifest.nextSequence - 1;
    const { first, last: known } = range.sequences ?? { first: 1, last: ever };
    // At the end of the log there may be more than was known to be durable.
    const isEnd = listed.state === "unsealed" && range.offset + range.bytes === segment.bytes;
    const last = isEnd ? ever : known;
    if (last < first || range.bytes === 0) return;
    await findRecords(source, {
      place,
      from: range.offset,
      to: range.offset + range.bytes,
      lowestSequence: first,
      highestSequence: last,
      chunkBytes: this.#parts.limits.scanBytes,
      onRecord: (bytes, at, fields, offset) => {
        found.push({ from: offset, to: offset + fields.end - at, sequence: fields.sequence });
        this.#recordLoader.load(content, bytes, fields, offset);
        this.#parts.writerOf(segmentId)?.add(bytes, at, fields.end, place, offset);
      },
    });
  }

  /** A record that is gone, of which its hint tells: nothing older of its key is to be seen again. */
  #bury({ segment }: SegmentContent, entry: LostEntry): void {
    const { key, sequence, tombstone } = entry;
    this.#parts.writerOf(segment.segmentId)?.addTombstone(key, sequence);
    if (tombstone) {
      // Nothing is lost of a deletion that is known.
      this.#loader.delete(key, 0, key.length, sequence);
      return;
    }
    const location = this.#location;
    location.segmentSlot = LOST_SLOT;
    location.offset = this.#named.length;
    location.valueBytes = 0;
    location.expiresAtMs = 0;
    this.#named.push({ entry, segmentId: segment.segmentId });
    this.#loader.put(key, 0, key.length, sequence, location);
  }

  /** Keys of which the newest record is gone, the oldest first. */
  async #goneKeys(): Promise<readonly { readonly key: LostKey; readonly expiresAtMs: number }[]> {
    const gone: { readonly key: LostKey; readonly expiresAtMs: number }[] = [];
    if (this.#named.length === 0) return gone;
    for (let shard = 0; shard < this.#keydir.shardCount; shard += 1) {
      this.#keydir.forEachPlace(shard, (slot, offset) => {
        if (slot !== LOST_SLOT) return;
        const { entry, segmentId } = this.#named[offset]!;
        const { expiresAtMs } = entry;
        gone.push({ key: { key: entry.key, version: entry.sequence, segmentId, offset: entry.offset }, expiresAtMs });
      });
      if (shard % SHARDS_IN_A_TURN === 0) await this.#parts.clock.yield();
    }
    return gone.sort((left, right) => left.key.version - right.key.version);
  }
}

interface Extent {
  readonly from: number;
  readonly to: number;
  readonly sequence: number;
}

/** Whether the log ends in that range: nothing behind it tells how many writes were in it. */
function isEndOfLog(
  { listed, bytes }: ExaminedSegment,
  { offset, bytes: length, sequences }: DamagedRange,
  next: SegmentContent | undefined,
): boolean {
  if (listed.state === "sealed" || offset + length !== bytes) return false;
  const behind = next?.segment.listed;
  return behind?.state !== "unsealed" || behind.firstSequence !== sequences!.last + 1;
}

/**
 * Whether anything may be lost in a range of which no hint tells, and how many writes, where the sequences tell it. The file has
 * `fileBytes`.
 */
function lostOf(
  range: DamagedRange,
  saved: readonly Extent[],
  fileBytes: number,
  isEnd: boolean,
): { readonly writes: number | undefined } | undefined {
  const { sequences, isWholeFile = false } = range;
  if (sequences !== undefined) {
    const { first, last } = sequences;
    const writes = last - first + 1 - saved.filter(({ sequence }) => sequence <= last).length;
    if (writes > 0) return { writes };
    // What was in it beyond what is known to have been durable, nobody can tell.
    if (!isWholeFile && !isEnd) return undefined;
  }
  return isWholeFile || !isAllSaved(range, saved, fileBytes) ? { writes: undefined } : undefined;
}

/** A frame begins where the range does, or the segment: a header is no loss. Whatever else is not a record may have been one. */
function isAllSaved({ offset, bytes }: DamagedRange, saved: readonly Extent[], fileBytes: number): boolean {
  let at = offset + FRAME_HEADER_BYTES;
  for (const { from, to } of saved) {
    if (from > at) return false;
    at = to;
  }
  const end = offset + bytes;
  return end <= fileBytes && at >= end;
}

/** Stands for records that are gone. No segment has it: they are given from below, and there are fewer. */
const LOST_SLOT = SEGMENT_SLOTS_MAX - 1;
const SHARDS_IN_A_TURN = 8;
const RECORDS_IN_A_TURN = 512;
