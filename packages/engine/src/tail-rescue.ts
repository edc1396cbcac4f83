import {
  FRAME_HEADER_BYTES,
  newRecordFields,
  readRecord,
  scanFrames,
  sealFrame,
  SEGMENT_HEADER_BYTES,
  type ManifestSegment,
  type ScannedFrame,
} from "@hashlog/format";
import type { FileMaker } from "./directory-entries.ts";
import { corrupt } from "./errors.ts";
import { wholeSource } from "./files.ts";
import type { LogRun, RunPart, RunSource, TailExtent } from "./log-run.ts";
import type { NewSegment } from "./new-files.ts";

/**
 * Bringing the log to rest after a crash or a failed write: what lies above the last testified floor is appended again,
 * sequences unchanged, to new segments that no manifest lists yet, and synced there; one edit then seals every unsealed
 * segment at its testified end, drops those with nothing testified, and lists the new ones.
 *
 * Why not sync the old bytes again: a sync that failed has marked its pages clean. They read well, a second sync
 * succeeds without writing them, and a power cut takes them. What was testified was durable before anything failed.
 * No file is truncated or rewritten.
 */
export interface Rescue {
  /** The segments as the manifest shall list them instead of the unsealed ones, in log order, copies last. */
  readonly segments: readonly ManifestSegment[];
  readonly copies: readonly CopySegment[];
}

/** A new, sealed segment of copied frames. */
export interface CopySegment extends NewSegment {
  readonly lowestSequence: number;
  readonly highestSequence: number;
  readonly ranges: readonly CopiedRange[];
}

/** Bytes that lie in the copy as they lay in the source, but for their checksums. */
interface CopiedRange {
  readonly source: RunSource;
  readonly sourceOffset: number;
  readonly targetOffset: number;
  bytes: number;
}

interface GrowingCopy extends CopySegment {
  highestSequence: number;
  readonly ranges: CopiedRange[];
}

export interface RescueParts {
  readonly files: FileMaker;
  readonly directory: string;
  readonly segmentBytesMax: number;
  /** How much is read at once. */
  readonly scanBytes: number;
  /** Makes a segment that nothing lists yet. */
  readonly newSegment: () => Promise<NewSegment>;
}

/**
 * Copies the frames of the run's tail whose records are at or below `upTo`, and syncs the copies and the directory.
 * Nothing is listed or removed: that is one manifest edit of the caller's. On failure what was made is closed and
 * removed as far as possible.
 * @throws FsError | HashlogError `HASHLOG_CORRUPT`
 */
export async function rescueTail(run: LogRun, upTo: number, parts: RescueParts): Promise<Rescue> {
  const copier = new TailCopier(parts, run.testifiedFloor);
  try {
    for (const part of run.parts) {
      for (const extent of part.tail) await copier.copy(part.source, extent, upTo);
    }
    const copies = await copier.finish();
    const sealed = run.parts.filter((part) => part.testifiedEnd > 0).map(sealedPart);
    return {
      segments: [...sealed, ...copies.map(sealedCopy)],
      copies,
    };
  } catch (error) {
    await copier.abandon();
    throw error;
  }
}

function sealedPart(part: RunPart): ManifestSegment {
  return {
    state: "sealed",
    segmentId: part.source.segmentId,
    identity: part.source.place.identity,
    sealedBytes: part.testifiedEnd,
    lowestSequence: part.source.firstSequence,
    highestSequence: part.testifiedLast,
    merged: false,
  };
}

function sealedCopy(copy: CopySegment): ManifestSegment {
  return {
    state: "sealed",
    segmentId: copy.segmentId,
    identity: copy.place.identity,
    sealedBytes: copy.writer.position,
    lowestSequence: copy.lowestSequence,
    highestSequence: copy.highestSequence,
    merged: false,
  };
}

class TailCopier {
  readonly #parts: RescueParts;
  readonly #floor: number;
  readonly #copies: GrowingCopy[] = [];

  constructor(parts: RescueParts, floor: number) {
    this.#parts = parts;
    this.#floor = floor;
  }

  async copy(source: RunSource, extent: TailExtent, upTo: number): Promise<void> {
    const wanted = Math.min(extent.lastSequence, upTo);
    let copiedTo = extent.firstSequence - 1;
    const end = await scanFrames(wholeSource(source.file, extent.end), {
      place: source.place,
      chunkBytes: this.#parts.scanBytes,
      from: extent.offset,
      expectedSequence: extent.firstSequence,
      onFrame: async (frame) => {
        const { firstSequence, recordCount } = frame.header;
        if (recordCount === 0 || firstSequence > wanted) return;
        await this.#append(source, frame);
        copiedTo = firstSequence + recordCount - 1;
      },
    });
    if (copiedTo >= wanted) return;
    // mark: rescue/tail-not-readable-any-more
    throw corrupt(`${source.path} is not readable any more at offset ${end.offset}`, {
      path: source.path,
      segmentId: source.segmentId,
      offset: end.offset,
    });
  }

  async #append(source: RunSource, frame: ScannedFrame): Promise<void> {
    // mark: rescue/frame-copied
    const bytes = frame.bytes.slice(frame.payloadStart - FRAME_HEADER_BYTES, frame.payloadEnd);
    const { firstSequence, recordCount } = frame.header;
    const copy = await this.#target(bytes.length, firstSequence);
    const targetOffset = copy.writer.position;
    // The frame says the floor of now, not the one of its first writing, which may since have been surpassed.
    const header = { ...frame.header, floor: this.#floor };
    sealFrame(bytes, 0, bytes.length, header, copy.place, targetOffset);
    copy.writer.append(bytes, 0, bytes.length);
    copy.highestSequence = firstSequence + recordCount - 1;
    addRange(copy.ranges, { source, sourceOffset: frame.offset, targetOffset, bytes: bytes.length });
  }

  async #target(bytes: number, firstSequence: number): Promise<GrowingCopy> {
    const last = this.#copies.at(-1);
    if (last === undefined) return this.#begin(firstSequence);
    if (last.writer.position + bytes <= this.#parts.segmentBytesMax) return last;
    // mark: rescue/another-segment
    return this.#begin(firstSequence);
  }

  async #begin(firstSequence: number): Promise<GrowingCopy> {
    // mark: rescue/segment-begun
    const copy: GrowingCopy = {
      ...(await this.#parts.newSegment()),
      lowestSequence: firstSequence,
      highestSequence: firstSequence,
      ranges: [],
    };
    this.#copies.push(copy);
    return copy;
  }

  async finish(): Promise<readonly CopySegment[]> {
    for (const copy of this.#copies) await copy.writer.sync();
    if (this.#copies.length > 0) await this.#parts.files.syncDirectory(this.#parts.directory);
    return this.#copies;
  }

  async abandon(): Promise<void> {
    // mark: rescue/abandoned
    for (const copy of this.#copies) {
      await copy.writer.close();
      await this.#parts.files.remove(copy.writer.file.path).catch(() => undefined);
    }
  }
}

function addRange(ranges: CopiedRange[], range: CopiedRange): void {
  const last = ranges.at(-1);
  if (last?.source === range.source && last.sourceOffset + last.bytes === range.sourceOffset) last.bytes += range.bytes;
  else ranges.push(range);
}

/** Calls `onRecord` for every record in the copies with its old and its new place. */
export async function forEachCopiedRecord(
  copies: readonly CopySegment[],
  scanBytes: number,
  onRecord: (record: CopiedRecord) => void,
): Promise<void> {
  const fields = newRecordFields();
  for (const copy of copies) {
    let ordinal = 0;
    const end = await scanFrames(wholeSource(copy.writer.file, copy.writer.position), {
      place: copy.place,
      chunkBytes: scanBytes,
      from: SEGMENT_HEADER_BYTES,
      onFrame(frame) {
        let range = copy.ranges[ordinal]!;
        while (frame.offset >= range.targetOffset + range.bytes) range = copy.ranges[++ordinal]!;
        const shift = range.sourceOffset - range.targetOffset;
        for (let at = frame.payloadStart; at < frame.payloadEnd; at = fields.end) {
          readRecord(frame.bytes, at, frame.payloadEnd, fields);
          const targetOffset = frame.offset + at - frame.payloadStart + FRAME_HEADER_BYTES;
          onRecord({
            bytes: frame.bytes,
            tombstone: fields.tombstone,
            keyStart: fields.keyStart,
            keyEnd: fields.keyEnd,
            valueBytes: fields.valueEnd - fields.valueStart,
            expiresAtMs: fields.expiresAtMs,
            source: range.source,
            sourceOffset: targetOffset + shift,
            copy,
            targetOffset,
          });
        }
      },
    });
    if (end.kind === "unreadable") throw unreadableCopy(copy, end);
  }
}

// Keys would go on pointing to where the records lay before.
function unreadableCopy(
  { segmentId, writer }: CopySegment,
  { offset, reason }: { offset: number; reason: string },
): Error {
  const { path } = writer.file;
  // mark: rescue/copy-not-readable
  return corrupt(`${path}, just written, is not readable at offset ${offset}: ${reason}`, { path, segmentId, offset });
}

/** `bytes` is valid during the call only. */
export interface CopiedRecord {
  readonly bytes: Uint8Array;
  readonly tombstone: boolean;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueBytes: number;
  readonly expiresAtMs: number;
  readonly source: RunSource;
  readonly sourceOffset: number;
  readonly copy: CopySegment;
  readonly targetOffset: number;
}
