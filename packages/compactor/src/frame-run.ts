import type { ScannedFrame } from "@hashlog/format";

/** Bytes of frames that are gathered. */
const RUN_BYTES = 128 * 1024;
/** A frame with more bytes of records is a run of its own, and is not copied. */
const GATHERED_BYTES_MAX = RUN_BYTES / 4;

/** Where a frame of a run lies in the run's bytes, and in its file. */
export interface RunFrame {
  readonly offset: number;
  readonly payloadStart: number;
  readonly payloadEnd: number;
  readonly recordCount: number;
}

/** Some frames that follow on one another in an input. Positions within `bytes` ascend from frame to frame. */
export interface Run {
  readonly bytes: Uint8Array;
  readonly frames: readonly RunFrame[];
}

/**
 * Gathers small frames, so that the records of many are looked up at once: where each write is a frame of its own a frame
 * holds one record. What is gathered is a copy, as the scanner's bytes are gone with the next frame.
 */
export class FrameRun implements Run {
  readonly bytes: Uint8Array = new Uint8Array(RUN_BYTES);
  readonly frames: RunFrame[] = [];
  #end = 0;

  /** Whether a frame is small enough to be gathered at all. */
  static gathers({ payloadStart, payloadEnd }: ScannedFrame): boolean {
    return payloadEnd - payloadStart <= GATHERED_BYTES_MAX;
  }

  hasRoom({ payloadStart, payloadEnd }: ScannedFrame): boolean {
    return this.#end + (payloadEnd - payloadStart) <= RUN_BYTES;
  }

  add({ header, offset, bytes, payloadStart, payloadEnd }: ScannedFrame): void {
    const start = this.#end;
    const end = start + (payloadEnd - payloadStart);
    this.bytes.set(bytes.subarray(payloadStart, payloadEnd), start);
    this.frames.push({ offset, payloadStart: start, payloadEnd: end, recordCount: header.recordCount });
    this.#end = end;
  }

  clear(): void {
    this.frames.length = 0;
    this.#end = 0;
  }
}

/** A frame by itself, where it lies. */
export function runOf({ header, offset, bytes, payloadStart, payloadEnd }: ScannedFrame): Run {
  return { bytes, frames: [{ offset, payloadStart, payloadEnd, recordCount: header.recordCount }] };
}
