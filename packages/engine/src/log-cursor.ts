import {
  FRAME_HEADER_BYTES,
  newRecordFields,
  readFrameHeader,
  readRecord,
  RECORD_HEADER_BYTES,
  recordBytesAt,
  SEGMENT_HEADER_BYTES,
  verifyRecord,
  type RecordFields,
} from "@hashlog/format";
import { corrupt, inOwnWords, type HashlogError } from "./errors.ts";
import type { Limits } from "./limits.ts";
import type { ReadPace } from "./read-pace.ts";
import type { LogRange } from "./feeds.ts";
import type { Segment } from "./segment.ts";
import type { ValueCopies } from "./value-copies.ts";

/**
 * Goes through the records of one segment of the log, in order of sequence, and stays where it is between two calls:
 *
 *     | frame 41..43            | frame 44..90000                                   | frame ...
 *     | header | 41 | 42 | 43   | header | 44 | 45 | 46 | ...
 *     `--- skipped: a header ---'        `---------------- a piece that was read ---'
 *
 * It reads a piece at a time, however large a frame is, and only a record that is larger than a piece as a whole. Every
 * record is verified by itself, bound to its place and in its turn; frames of which none is wanted are passed over by
 * their headers. What was committed is all there and sound, so whatever is not is damage.
 *
 * Invariant: the caller pins the segment while a call runs.
 */
export class LogCursor {
  /** The record that `step` has found; positions are in `bytes`. */
  readonly fields: RecordFields = newRecordFields();
  readonly #pieceBytes: number;
  #piece: Uint8Array | undefined;
  #segment: Segment;
  /** What the segment holds for this pass: it may be sealed before that meanwhile, though not before what is wanted. */
  #end = 0;
  /** Where the next frame or record begins, and its sequence. */
  #position = SEGMENT_HEADER_BYTES;
  #expected: number;
  #frameEnd = SEGMENT_HEADER_BYTES;
  #recordsLeft = 0;
  /** `#bytes` begins at `#from` of the file, and holds it up to `#to`. */
  #bytes: Uint8Array = NO_BYTES;
  #from = SEGMENT_HEADER_BYTES;
  #to = SEGMENT_HEADER_BYTES;

  constructor({ segment, first }: LogRange, { scanBytes }: Pick<Limits, "scanBytes">) {
    this.#segment = segment;
    this.#expected = first;
    this.#pieceBytes = Math.max(Math.min(scanBytes, PIECE_BYTES), FRAME_HEADER_BYTES);
  }

  /** Whether it goes through that file, be it by this handle or another. */
  isOf({ segmentId, place }: Segment): boolean {
    return this.#segment.segmentId === segmentId && this.#segment.place.identity === place.identity;
  }

  /** Goes on by that handle of the same file, as far as it holds anything now. */
  goOn(segment: Segment): void {
    this.#segment = segment;
    this.#end = segment.bytes;
  }

  /** The caller's own copy of the key that was found. */
  key(): Uint8Array {
    return this.#bytes.slice(this.fields.keyStart, this.fields.keyEnd);
  }

  /** The caller's own copy of the value that was found: a part of what was read where that holds nothing else. */
  value(copies: ValueCopies): Uint8Array {
    const { valueStart, valueEnd } = this.fields;
    return this.#bytes.length > this.#pieceBytes
      ? this.#bytes.subarray(valueStart, valueEnd)
      : copies.copy(this.#bytes, valueStart, valueEnd);
  }

  /**
   * Goes to the next record above `after` and up to `upTo`. Returns how many bytes have to be there before it can go on, by
   * `load`; 0 where it has found the record; -1 where there is none.
   * @throws HashlogError `HASHLOG_CORRUPT`
   */
  step(after: number, upTo: number): number {
    while (this.#expected <= upTo) {
      const isInside = this.#recordsLeft > 0;
      const wanted = isInside ? this.#takeRecord() : this.#takeHeader(after);
      if (wanted > 0) return wanted;
      if (isInside && this.fields.sequence > after) return 0;
    }
    return -1;
  }

  /** Enters the next frame, or passes over it. */
  #takeHeader(after: number): number {
    if (this.#position !== this.#frameEnd) throw this.damage("the records do not fill their frame");
    if (this.#to - this.#position < FRAME_HEADER_BYTES) return FRAME_HEADER_BYTES;
    const at = this.#position - this.#from;
    const { place } = this.#segment;
    const header = readFrameHeader(this.#bytes, at, this.#to - this.#from, place, this.#position);
    if (header === undefined) throw this.damage("no frame here");
    if (header.sparse || header.firstSequence !== this.#expected) throw this.damage("another sequence stands there");
    const end = this.#position + FRAME_HEADER_BYTES + header.payloadBytes;
    if (end > this.#end) throw this.damage("the frame does not fit");
    this.#frameEnd = end;
    const next = this.#expected + header.recordCount;
    if (next > after + 1) {
      this.#position += FRAME_HEADER_BYTES;
      this.#recordsLeft = header.recordCount;
    } else {
      this.#position = end;
      this.#expected = next;
    }
    return 0;
  }

  #takeRecord(): number {
    const left = this.#frameEnd - this.#position;
    if (left < RECORD_HEADER_BYTES) throw this.damage("the frame ends too early");
    const available = this.#to - this.#position;
    if (available < RECORD_HEADER_BYTES) return RECORD_HEADER_BYTES;
    const at = this.#position - this.#from;
    const bytes = recordBytesAt(this.#bytes, at, at + available);
    if (bytes === undefined || bytes > left) throw this.damage("the record is not well-formed");
    if (available < bytes) return bytes;
    const end = at + bytes;
    const { place } = this.#segment;
    if (!readRecord(this.#bytes, at, end, this.fields)) throw this.damage("the record is not well-formed");
    if (!verifyRecord(this.#bytes, at, end, place, this.#position)) {
      throw this.damage("the record's checksum does not match");
    }
    if (this.fields.sequence !== this.#expected) throw this.damage("another sequence stands there");
    this.#position += bytes;
    this.#expected += 1;
    this.#recordsLeft -= 1;
    return 0;
  }

  /** Holds no more than a piece while nothing is asked of it. */
  rest(): void {
    if (this.#bytes.length <= this.#pieceBytes) return;
    this.#bytes = NO_BYTES;
    this.#from = this.#position;
    this.#to = this.#position;
  }

  /** Reads at least `wanted` bytes from where it is, as many as a piece holds. */
  async load(wanted: number, pace: ReadPace): Promise<number> {
    const { file, segmentId } = this.#segment;
    const left = this.#end - this.#position;
    if (wanted > left) throw this.damage("it ends there");
    const isLarge = wanted > this.#pieceBytes;
    const bytes = isLarge ? new Uint8Array(wanted) : (this.#piece ??= new Uint8Array(this.#pieceBytes));
    const count = isLarge ? wanted : Math.min(bytes.length, left);
    let got: number;
    try {
      if (pace.readsAtOnce(count)) {
        const begun = pace.begin();
        got = file.readSync(bytes, 0, count, this.#position);
        pace.end(begun);
      } else {
        got = await file.read(bytes, 0, count, this.#position);
      }
    } catch (error) {
      throw inOwnWords(error, `reading segment ${segmentId} at offset ${this.#position} failed`);
    }
    if (got < wanted) throw this.damage(`the file ends ${wanted - got} bytes too early`);
    this.#bytes = bytes;
    this.#from = this.#position;
    this.#to = this.#position + got;
    return got;
  }

  /** That there is not what is wanted where it is. */
  damage(reason: string): HashlogError {
    const { path, segmentId } = this.#segment;
    const [offset, expected] = [this.#position, this.#expected];
    // mark: feed/damage
    return corrupt(`${path} is damaged at offset ${offset}: sequence ${expected} was expected (${reason})`, {
      path,
      segmentId,
      offset,
      expected,
      actual: reason,
    });
  }
}

/** What is read at once. A feed that waits keeps it, so that it is small. */
const PIECE_BYTES = 64 * 1024;
const NO_BYTES = new Uint8Array(0);
