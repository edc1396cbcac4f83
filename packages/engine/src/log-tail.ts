import {
  findTestimony,
  FRAME_HEADER_BYTES,
  readFrameHeader,
  scanFrames,
  SEGMENT_HEADER_BYTES,
  type ScannedFrame,
  type ScanEnd,
} from "@hashlog/format";
import type { Clock } from "@hashlog/fs-io";
import { corrupt, type HashlogError } from "./errors.ts";
import { wholeSource } from "./files.ts";
import type { Limits } from "./limits.ts";
import type { Segment } from "./segment.ts";

/**
 * The unsealed segments as one log, read on and on while a writer appends to them:
 *
 *     | frame 1..4 | frame 5..6 | frame 7..8, when synced | frame 9 | half a fr
 *     `------ shown ----------->`------- held back ------>`- not there yet ---
 *                                    until a later frame, or the manifest, testifies a floor of 8 or more
 *
 * What the writer has acknowledged is shown, in the order of the log: all but what begins with the first frame that is
 * acknowledged only when synced and lies above every floor that is testified. Frames that are held back are kept as copies,
 * so that nothing is read twice.
 *
 * An unreadable place is judged as an opening judges it (log-run.ts): damage if anything testifies that what is missing
 * there was durable, else the end of the log as far as it goes. But here the writer may be writing that very place: so
 * once testimony is found, the place is looked at again, as by then it must be whole.
 */
export class LogTail {
  readonly #limits: Pick<Limits, "scanBytes">;
  readonly #clock: Pick<Clock, "yield">;
  readonly #show: (segment: Segment, frame: ScannedFrame) => void;
  #parts: TailPart[] = [];
  #held: HeldFrame[] = [];
  #testified: number;
  #shownBefore: number;
  #lastShown = 0;
  #isSpoilt = false;
  /** Records that were shown since the event loop was given away. */
  #shownInTurn = 0;

  /**
   * `floor` is what the manifest testifies. Frames up to `shownBefore` are shown in any case: they were, by an earlier
   * reading. `show` gets each frame when it is to be shown, in log order; its bytes are valid during the call only.
   */
  constructor(options: {
    limits: Pick<Limits, "scanBytes">;
    clock: Pick<Clock, "yield">;
    floor: number;
    shownBefore: number;
    show: (segment: Segment, frame: ScannedFrame) => void;
  }) {
    this.#limits = options.limits;
    this.#clock = options.clock;
    this.#testified = options.floor;
    this.#shownBefore = options.shownBefore;
    this.#show = options.show;
  }

  /** The segments that are read, oldest first. */
  get parts(): readonly TailPart[] {
    return this.#parts;
  }

  /** The last sequence that was shown; 0 if none was. */
  get lastShown(): number {
    return this.#lastShown;
  }

  /** The last sequence that was read, whether or not it is held back; 0 if none was. */
  get lastRead(): number {
    return this.#held.at(-1)?.lastSequence ?? this.#lastShown;
  }

  /** Whether a frame could not be shown, for want of memory: nothing is to be read any more then. */
  get isSpoilt(): boolean {
    return this.#isSpoilt;
  }

  /** Whether anything is held back. */
  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  /**
   * Another segment, which comes after those that are there. The first of all may be read from a later place on: `from` is
   * where a frame begins, or will, and the sequence that follows on what has been shown, and is durable. In a segment that was
   * empty then, a later one may be expected: those that a writer left out before it are nobody's.
   */
  add(segment: Segment, firstSequence: number, from?: { readonly offset: number; readonly sequence: number }): void {
    const part: TailPart = {
      segment,
      firstSequence,
      position: from?.offset ?? SEGMENT_HEADER_BYTES,
      expected: Math.max(firstSequence, from?.sequence ?? 0),
      bytesSeen: 0,
    };
    if (from !== undefined) this.#lastShown = from.sequence - 1;
    if (segment.state.kind === "unsealed") {
      segment.state = { kind: "unsealed", firstSequence, bytes: () => part.position };
    }
    this.#parts.push(part);
  }

  /** Everything up to `floor` is known to be durable: the next reading shows it. */
  testify(floor: number): void {
    this.#testified = Math.max(this.#testified, floor);
  }

  /** Shows what is held back: nobody is alive who could still acknowledge it or not. */
  async showHeld(): Promise<void> {
    this.#shownBefore = Math.max(this.#shownBefore, this.lastRead);
    await this.#release();
  }

  /**
   * Reads on as far as it goes. Segments that are sealed by now are read to their end, and left.
   * @param onRead is told of the bytes of every frame, and may throw to end the reading
   * @throws HashlogError `HASHLOG_CORRUPT`, FsError; what was read before stays read
   */
  async read(onRead: (bytes: number) => void): Promise<void> {
    await this.#release();
    if (this.#parts.every(isSeen)) return;
    try {
      await this.#readOn(onRead);
    } catch (error) {
      // To be told again, or to be better, the next time.
      for (const part of this.#parts) part.bytesSeen = 0;
      throw error;
    }
  }

  async #readOn(onRead: (bytes: number) => void): Promise<void> {
    let index = 0;
    while (index < this.#parts.length) {
      const end = await this.#scan(index, onRead);
      if (this.#isComplete(index, end)) index += 1;
      else if (!(await this.#isGoingOn(index, end, onRead))) break;
    }
    if (index === this.#parts.length) this.#checkEnd();
    this.#parts = this.#parts.filter(({ segment }) => segment.state.kind === "unsealed");
  }

  async #scan(index: number, onRead: (bytes: number) => void): Promise<ScanEnd> {
    const part = this.#parts[index]!;
    const { segment } = part;
    const bytes = endOf(part);
    if (part.position >= bytes) return { kind: "end", offset: part.position };
    const end = await scanFrames(wholeSource(segment.file, bytes), {
      place: segment.place,
      chunkBytes: this.#limits.scanBytes,
      from: part.position,
      expectedSequence: part.expected,
      onFrame: (frame) => {
        onRead(frame.end - frame.offset);
        return this.#note(part, frame);
      },
    });
    part.bytesSeen = bytes;
    return end;
  }

  /** Returns a promise where there is something to be waited for before the next frame. */
  #note(part: TailPart, frame: ScannedFrame): Promise<void> | undefined {
    const { recordCount, floor } = frame.header;
    part.position = frame.end;
    part.expected += recordCount;
    this.testify(floor);
    if (this.#held.length > 0) return this.#release().then(() => this.#noteNext(part, frame));
    return this.#noteNext(part, frame);
  }

  #noteNext({ segment }: TailPart, frame: ScannedFrame): Promise<void> | undefined {
    const { recordCount, firstSequence, acknowledgedWhenSynced } = frame.header;
    if (recordCount === 0) return undefined;
    const lastSequence = firstSequence + recordCount - 1;
    if (this.#held.length === 0 && this.#isAcknowledged(acknowledgedWhenSynced, lastSequence)) {
      return this.#showNow({ segment, frame, lastSequence });
    }
    // mark: tail/held-back
    this.#held.push({ segment, frame: copyOf(frame), lastSequence });
    return undefined;
  }

  #isAcknowledged(whenSynced: boolean, lastSequence: number): boolean {
    return !whenSynced || lastSequence <= this.#testified || lastSequence <= this.#shownBefore;
  }

  /** Shows what is held back no longer. */
  async #release(): Promise<void> {
    const stays = this.#held.findIndex(
      ({ frame, lastSequence }) => !this.#isAcknowledged(frame.header.acknowledgedWhenSynced, lastSequence),
    );
    for (const held of this.#held.splice(0, stays < 0 ? this.#held.length : stays)) await this.#showNow(held);
  }

  /** Returns a promise where others should have their turn before the next frame. */
  #showNow({ segment, frame, lastSequence }: HeldFrame): Promise<void> | undefined {
    try {
      this.#show(segment, frame);
    } catch (error) {
      // mark: tail/not-shown
      this.#isSpoilt = true;
      throw error;
    }
    this.#lastShown = lastSequence;
    this.#shownInTurn += frame.header.recordCount;
    if (this.#shownInTurn < RECORDS_IN_A_TURN) return undefined;
    this.#shownInTurn = 0;
    return this.#clock.yield();
  }

  /** Whether the part was read to its end, so that the next one goes on. @throws HashlogError `HASHLOG_CORRUPT` */
  #isComplete(index: number, end: ScanEnd): boolean {
    const { segment, expected } = this.#parts[index]!;
    const { state } = segment;
    if (state.kind === "sealed") {
      if (end.kind === "end" && expected === state.highestSequence + 1) return true;
      // mark: tail/sealed-segment-damaged
      throw this.#damage(index, state.highestSequence, end.kind === "end" ? "its end is missing" : end.reason);
    }
    const next = this.#parts[index + 1];
    return end.kind === "end" && (next === undefined || next.firstSequence === expected);
  }

  /** Whether there is more by now at a place that could not be read. @throws HashlogError `HASHLOG_CORRUPT` */
  async #isGoingOn(index: number, end: ScanEnd, onRead: (bytes: number) => void): Promise<boolean> {
    const part = this.#parts[index]!;
    const { position, expected } = part;
    const isLast = index === this.#parts.length - 1;
    if (isLast && this.#testified < expected && (await this.#isUnfinished(part))) {
      // mark: tail/frame-half-written
      return false;
    }
    const witness = await this.#testimonyBeyond(index);
    if (witness < expected) {
      // mark: tail/torn-end
      return false;
    }
    await this.#scan(index, onRead);
    if (part.position > position) {
      // mark: tail/whole-at-the-second-look
      return true;
    }
    // mark: tail/testified-corruption-refused
    throw this.#damage(index, witness, end.kind === "end" ? "the next segment begins later" : end.reason);
  }

  /** Whether a frame begins there that is longer than what is left: nothing of the file lies beyond it. */
  async #isUnfinished({ segment, position }: TailPart): Promise<boolean> {
    const header = new Uint8Array(FRAME_HEADER_BYTES);
    const bytes = await segment.file.read(header, 0, header.length, position);
    const begun = readFrameHeader(header, 0, bytes, segment.place, position);
    return begun !== undefined && position + FRAME_HEADER_BYTES + begun.payloadBytes > segment.file.size();
  }

  async #testimonyBeyond(index: number): Promise<number> {
    let witness = this.#testified;
    for (const [later, part] of this.#parts.slice(index).entries()) {
      const { segment, position } = part;
      const bytes = endOf(part);
      // Searched, and not to be searched again as long as it is no longer.
      if (later > 0) part.bytesSeen = bytes;
      await findTestimony(wholeSource(segment.file, bytes), {
        place: segment.place,
        chunkBytes: Math.max(this.#limits.scanBytes, FRAME_HEADER_BYTES),
        from: position,
        onTestimony: ({ floor }) => {
          witness = Math.max(witness, floor);
        },
      });
    }
    return witness;
  }

  // The end of the log may be missing without a trace in what is left of it.
  #checkEnd(): void {
    const last = this.#parts.at(-1);
    if (last === undefined || this.#testified < last.expected) return;
    // mark: tail/end-of-log-missing
    throw this.#damage(this.#parts.length - 1, this.#testified, "it ends there");
  }

  #damage(index: number, witness: number, reason: string): HashlogError {
    const { segment, position, expected } = this.#parts[index]!;
    const { path, segmentId } = segment;
    return corrupt(
      `${path} is damaged at offset ${position}: sequence ${expected} was expected (${reason}), and all up to ${witness} ` +
        "was durable",
      { path, segmentId, offset: position, expected, actual: reason },
    );
  }
}

/** How far a segment was read. */
export interface TailPart {
  readonly segment: Segment;
  readonly firstSequence: number;
  /** The end of the last frame that was read. */
  position: number;
  /** The sequence of the next record. */
  expected: number;
  /** How long the file was when it was last looked at. */
  bytesSeen: number;
}

/** A few milliseconds' work. A frame with more is shown whole all the same: it is one moment in the log. */
const RECORDS_IN_A_TURN = 2000;

interface HeldFrame {
  readonly segment: Segment;
  readonly frame: ScannedFrame;
  readonly lastSequence: number;
}

// A file grows with what is written into it, never before.
function isSeen(part: TailPart): boolean {
  return part.segment.state.kind === "unsealed" && part.bytesSeen === endOf(part);
}

function endOf({ segment }: TailPart): number {
  return segment.state.kind === "sealed" ? segment.state.sealedBytes : segment.file.size();
}

function copyOf(frame: ScannedFrame): ScannedFrame {
  const bytes = frame.bytes.slice(frame.payloadStart, frame.payloadEnd);
  return { ...frame, bytes, payloadStart: 0, payloadEnd: bytes.length };
}
