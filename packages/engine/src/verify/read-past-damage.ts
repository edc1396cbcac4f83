import {
  findTestimony,
  FRAME_HEADER_BYTES,
  scanFrames,
  SEGMENT_HEADER_BYTES,
  type ByteSource,
  type FrameHeader,
  type Place,
  type ScannedFrame,
} from "@hashlog/format";

/** Bytes of a segment that are not what was written there, or are not there. */
export interface DamagedRange {
  readonly offset: number;
  readonly bytes: number;
  readonly reason: string;
  /**
   * The sequences of the records that lay there: none if `last` is below `first`. `undefined` in a merged segment, whose
   * sequences are in no order.
   */
  readonly sequences: { readonly first: number; readonly last: number } | undefined;
  /** Whether nothing at all of the file can be read: there is none, or it is another. */
  readonly isWholeFile?: boolean;
}

export interface ReadPastDamageOptions {
  readonly place: Place;
  /** How many bytes there have to be. */
  readonly bytes: number;
  readonly chunkBytes: number;
  /** The sequence of the first record, where sequences are consecutive; `undefined` in a merged segment. */
  readonly expected: number | undefined;
  /** Up to this sequence everything has to be there: what cannot be read behind it is where the log ends. */
  readonly needed: number;
  /** Every frame that can be read, in order; its bytes are valid during the call only. */
  readonly onFrame: (frame: ScannedFrame) => void | Promise<void>;
}

export interface PastDamage {
  readonly damaged: readonly DamagedRange[];
  /** The sequence expected next; `undefined` in a merged segment. */
  readonly expected: number | undefined;
  /** Where the log ends with something else than a frame, and why; nothing behind it was read. */
  readonly tear: { readonly offset: number; readonly reason: string } | undefined;
}

/**
 * Reads the frames of a segment from its beginning to its end, past whatever is damaged: it goes on at the next frame that
 * verifies. Whether an unreadable place is damage or a torn tail is told by `needed`, as FORMAT.md, "Torn or corrupt", has it.
 * @throws what `source` or `onFrame` throws
 */
export async function readPastDamage(source: ByteSource, options: ReadPastDamageOptions): Promise<PastDamage> {
  const { place, bytes: to, needed, onFrame } = options;
  const damaged: DamagedRange[] = [];
  let { expected } = options;
  let from = SEGMENT_HEADER_BYTES;
  for (let stops = 0; ; stops += 1) {
    const chunkBytes = chunkAfter(stops, from, options.chunkBytes);
    const end = await scanFrames(source, {
      ...{ place, from, to, chunkBytes },
      ...(expected === undefined ? {} : { expectedSequence: expected }),
      onFrame: (frame) => {
        if (expected !== undefined) expected += frame.header.recordCount;
        return onFrame(frame);
      },
    });
    if (end.kind === "end") return { damaged, expected, tear: undefined };
    const { offset, reason } = end;
    if (expected !== undefined && expected > needed) return { damaged, expected, tear: { offset, reason } };
    const next = await nextFrame(source, { place, chunkBytes, from: offset + 1, to, expected });
    const first = expected;
    // What comes behind the last frame is told by whoever knows how the log goes on.
    if (next !== undefined && expected !== undefined) expected = next.header.firstSequence;
    addDamage(damaged, {
      ...{ offset, bytes: (next?.offset ?? to) - offset, reason },
      sequences: first === undefined ? undefined : { first, last: expected! - 1 },
    });
    if (next === undefined) return { damaged, expected, tear: undefined };
    from = next.offset;
  }
}

/**
 * How much to read at once behind so many stops: as much as lies between two of them. So all that is read in vain, as each stop
 * reads some of it again, is no more than a few times the file, however many there are.
 */
function chunkAfter(stops: number, offset: number, chunkBytes: number): number {
  return stops === 0 ? chunkBytes : Math.min(chunkBytes, Math.max(CHUNK_BYTES_MIN, Math.ceil(offset / stops)));
}

/** The next frame whose header is valid, and whose sequence is one that can come now. */
async function nextFrame(
  source: ByteSource,
  options: { place: Place; chunkBytes: number; from: number; to: number; expected: number | undefined },
): Promise<{ readonly offset: number; readonly header: FrameHeader } | undefined> {
  const { place, from, expected } = options;
  let found: { offset: number; header: FrameHeader } | undefined;
  await findTestimony(source, {
    place,
    from,
    to: Math.min(options.to, source.bytes),
    chunkBytes: Math.max(options.chunkBytes, FRAME_HEADER_BYTES),
    onTestimony: (header, offset) => {
      if (expected !== undefined && (header.sparse || header.firstSequence < expected)) return true;
      found = { offset, header };
      return false;
    },
  });
  return found;
}

/** A frame that was found and could not be read all the same makes the range longer that it ends. */
function addDamage(damaged: DamagedRange[], range: DamagedRange): void {
  const last = damaged.at(-1);
  if (last === undefined || last.offset + last.bytes !== range.offset) {
    damaged.push(range);
    return;
  }
  damaged[damaged.length - 1] = {
    ...{ offset: last.offset, bytes: last.bytes + range.bytes, reason: last.reason },
    sequences: last.sequences && { first: last.sequences.first, last: range.sequences!.last },
  };
}

const CHUNK_BYTES_MIN = 512;
