import { findTestimony, scanFrames, SEGMENT_HEADER_BYTES, type Place, type ScannedFrame } from "@hashlog/format";
import type { ReadFile } from "@hashlog/fs-io";
import { corrupt } from "./errors.ts";
import { wholeSource } from "./files.ts";
import type { Limits } from "./limits.ts";

/**
 * The unsealed segments read as one log: the longest run of consecutive sequences, what of it is testified to be
 * durable, and whether what ends it is the end, a torn tail, or damage.
 *
 *     segment 4                      segment 5
 *     [frame 1-3][frame 4 floor 3]   [frame 5-6 floor 4][fence floor 6][fr%%%
 *      `------- testified: <= 6 --------------------'                  `- torn tail: nobody testifies a floor >= 7
 *
 * An unreadable place where sequence n was expected is corruption if the manifest, or any valid frame header beyond the
 * place, in this segment or a later one, testifies a floor of n or more; otherwise nothing that was acknowledged as
 * durable can have been there, and it is a torn tail. Frames beyond the place testify and are never replayed.
 */
export interface LogRun {
  /** One for each unsealed segment, in log order. */
  readonly parts: readonly RunPart[];
  /** The highest sequence of the run; one less than its first where the run is empty. */
  readonly lastSequence: number;
  /** The highest floor that the manifest or any frame testifies. */
  readonly testifiedFloor: number;
  readonly tornTail: TornTail | undefined;
}

/** What was dropped from the end of the log, as it was never acknowledged as durable. */
export interface TornTail {
  readonly segmentId: number;
  readonly offset: number;
  /** Bytes from there to the end of the last unsealed segment. */
  readonly bytes: number;
  readonly reason: string;
  /** Valid frames found beyond, none of which is replayed. */
  readonly framesBeyond: number;
}

export interface RunSource {
  readonly segmentId: number;
  readonly place: Place;
  readonly path: string;
  readonly file: ReadFile;
  readonly bytes: number;
  readonly firstSequence: number;
}

export interface RunPart {
  readonly source: RunSource;
  /** The end of the last frame that holds a record at or below the testified floor; 0 if there is none. */
  testifiedEnd: number;
  /** The last sequence before `testifiedEnd`. */
  testifiedLast: number;
  /** The frames with records above the testified floor, in log order. */
  readonly tail: TailExtent[];
}

/** A run of frames: one after the other in the file, with nothing but fences between. */
export interface TailExtent {
  readonly offset: number;
  end: number;
  readonly firstSequence: number;
  lastSequence: number;
  frameCount: number;
  /** Whether some write in it was to be acknowledged only when synced. */
  acknowledgedWhenSynced: boolean;
}

export interface RunOptions {
  readonly limits: Pick<Limits, "scanBytes" | "extentFramesMax">;
  /**
   * No testimony above it counts: writes that were refused may be testified by a frame whose own append failed. Default:
   * all counts.
   */
  readonly floorMax?: number;
}

/**
 * Reads the run. `onFrame` gets every frame of it, in order.
 * @throws HashlogError `HASHLOG_CORRUPT` for damage below the floor.
 */
export async function readRun(
  sources: readonly RunSource[],
  manifestFloor: number,
  onFrame: (source: RunSource, frame: ScannedFrame) => void | Promise<void>,
  options: RunOptions,
): Promise<LogRun> {
  const reader = new RunReader(sources, manifestFloor, options);
  return reader.read(onFrame);
}

/** The segments of which the run holds no record. */
export function segmentsWithoutRecords(run: LogRun): readonly number[] {
  return run.parts
    .filter((part) => part.testifiedEnd === 0 && part.tail.length === 0)
    .map(({ source }) => source.segmentId);
}

class RunReader {
  readonly #parts: RunPart[];
  /** Extents with anything above the floor, oldest first; only the first can begin below it. */
  readonly #pending: { part: RunPart; extent: TailExtent }[] = [];
  #floor: number;
  readonly #floorMax: number;
  readonly #limits: RunOptions["limits"];
  #expected: number;

  constructor(sources: readonly RunSource[], manifestFloor: number, options: RunOptions) {
    this.#parts = sources.map((source) => ({ source, testifiedEnd: 0, testifiedLast: 0, tail: [] }));
    this.#floor = manifestFloor;
    this.#floorMax = options.floorMax ?? Number.MAX_SAFE_INTEGER;
    this.#limits = options.limits;
    this.#expected = sources[0]?.firstSequence ?? 1;
  }

  async read(onFrame: (source: RunSource, frame: ScannedFrame) => void | Promise<void>): Promise<LogRun> {
    let tornTail: TornTail | undefined;
    for (const [index, part] of this.#parts.entries()) {
      const stopped = await this.#readPart(part, onFrame);
      if (stopped !== undefined) {
        tornTail = await this.#judge(index, stopped.offset, stopped.reason);
        break;
      }
    }
    if (tornTail === undefined) this.#checkComplete();
    await this.#settleTail();
    return { parts: this.#parts, lastSequence: this.#expected - 1, testifiedFloor: this.#floor, tornTail };
  }

  async #readPart(
    part: RunPart,
    onFrame: (source: RunSource, frame: ScannedFrame) => void | Promise<void>,
  ): Promise<{ offset: number; reason: string } | undefined> {
    const { source } = part;
    if (source.firstSequence !== this.#expected) {
      // mark: recovery/segment-begins-elsewhere
      return { offset: SEGMENT_HEADER_BYTES, reason: `begins with sequence ${source.firstSequence}` };
    }
    const end = await scanFrames(wholeSource(source.file, source.bytes), {
      place: source.place,
      chunkBytes: this.#limits.scanBytes,
      from: SEGMENT_HEADER_BYTES,
      expectedSequence: this.#expected,
      onFrame: (frame) => {
        this.#note(part, frame);
        return onFrame(source, frame);
      },
    });
    return end.kind === "unreadable" ? end : undefined;
  }

  #note(part: RunPart, frame: ScannedFrame): void {
    const { recordCount, firstSequence, floor, acknowledgedWhenSynced } = frame.header;
    if (recordCount > 0) {
      const lastSequence = firstSequence + recordCount - 1;
      this.#expected = lastSequence + 1;
      const { offset, end } = frame;
      this.#addPending(part, { offset, end, firstSequence, lastSequence, frameCount: 1, acknowledgedWhenSynced });
    }
    this.#testify(floor);
  }

  // Frames are kept by the thousand: a store that never syncs can have millions of small ones.
  #addPending(part: RunPart, frame: TailExtent): void {
    const last = this.#pending.at(-1);
    if (last?.part !== part) {
      this.#pending.push({ part, extent: frame });
    } else if (last.extent.frameCount >= this.#limits.extentFramesMax) {
      // mark: recovery/another-extent
      this.#pending.push({ part, extent: frame });
    } else {
      extend(last.extent, frame);
    }
  }

  #testify(floor: number): void {
    this.#floor = Math.max(this.#floor, Math.min(floor, this.#floorMax));
    let first = this.#pending[0];
    for (; first !== undefined && first.extent.lastSequence <= this.#floor; first = this.#pending[0]) {
      first.part.testifiedEnd = first.extent.end;
      first.part.testifiedLast = first.extent.lastSequence;
      this.#pending.shift();
    }
  }

  async #settleTail(): Promise<void> {
    this.#testify(this.#floor);
    for (const [index, { part, extent }] of this.#pending.entries()) {
      if (index > 0 || extent.firstSequence > this.#floor) part.tail.push(extent);
      else await this.#divide(part, extent);
    }
  }

  // The floor lies inside: what is testified and what is tail is told by reading the extent again.
  async #divide(part: RunPart, extent: TailExtent): Promise<void> {
    // mark: recovery/floor-inside-an-extent
    const { place, file } = part.source;
    await scanFrames(wholeSource(file, extent.end), {
      place,
      chunkBytes: this.#limits.scanBytes,
      from: extent.offset,
      expectedSequence: extent.firstSequence,
      onFrame: ({ header, offset, end }) => {
        const { recordCount, firstSequence, acknowledgedWhenSynced } = header;
        if (recordCount === 0) return;
        const lastSequence = firstSequence + recordCount - 1;
        const tail = part.tail.at(-1);
        const frame = { offset, end, firstSequence, lastSequence, frameCount: 1, acknowledgedWhenSynced };
        if (tail !== undefined) {
          extend(tail, frame);
        } else if (lastSequence > this.#floor) {
          part.tail.push(frame);
        } else {
          part.testifiedEnd = end;
          part.testifiedLast = lastSequence;
        }
      },
    });
  }

  // The end of the log may be missing without a trace in what is left of it.
  #checkComplete(): void {
    const last = this.#parts.at(-1);
    if (last === undefined || this.#floor < this.#expected) return;
    // mark: recovery/end-of-log-missing
    const { path, segmentId, bytes } = last.source;
    throw corrupt(
      `${path} ends too early: all up to sequence ${this.#floor} was durable, and ${this.#expected} is missing`,
      {
        path,
        segmentId,
        offset: bytes,
        expected: this.#floor,
        actual: this.#expected - 1,
      },
    );
  }

  async #judge(index: number, offset: number, reason: string): Promise<TornTail> {
    const missing = this.#expected;
    const { source } = this.#parts[index]!;
    let framesBeyond = 0;
    let bytes = 0;
    let witness = this.#floor;
    for (const [later, part] of this.#parts.slice(index).entries()) {
      const from = later === 0 ? offset : SEGMENT_HEADER_BYTES;
      bytes += Math.max(0, part.source.bytes - from);
      await findTestimony(wholeSource(part.source.file, part.source.bytes), {
        place: part.source.place,
        chunkBytes: this.#limits.scanBytes,
        from,
        onTestimony: (header) => {
          // mark: recovery/frame-beyond-the-tear
          framesBeyond += 1;
          witness = Math.max(witness, header.floor);
        },
      });
    }
    if (witness >= missing) {
      // mark: recovery/testified-corruption-refused
      throw corrupt(
        `${source.path} is damaged at offset ${offset}: sequence ${missing} was expected (${reason}), and what lies ` +
          `behind testifies that all up to ${witness} was durable`,
        { path: source.path, segmentId: source.segmentId, offset, expected: missing, actual: reason },
      );
    }
    // mark: recovery/torn-tail-dropped
    this.#testify(witness);
    return { segmentId: source.segmentId, offset, bytes, reason, framesBeyond };
  }
}

function extend(extent: TailExtent, frame: TailExtent): void {
  extent.end = frame.end;
  extent.lastSequence = frame.lastSequence;
  extent.frameCount += frame.frameCount;
  extent.acknowledgedWhenSynced ||= frame.acknowledgedWhenSynced;
}
