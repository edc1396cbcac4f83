import type { Timer } from "@hashlog/fs-io";
import type { Segment } from "./segment.ts";
import type { StoreParts } from "./store-parts.ts";

/**
 * Sealed segments whose hint files wait until the log is quiet. To make one a segment is read again as a whole, which takes
 * a third of the time in which small records were written, and who reads it is an opening that finds no checkpoint. In a
 * store that is overwritten most segments are merged before their hint would have been of any use.
 */
export class HintsPutOff {
  readonly #parts: Pick<StoreParts, "clock" | "limits" | "table" | "writePace">;
  readonly #write: (segment: Segment) => void;
  #waiting: Segment[] = [];
  #timer: Timer | undefined;
  /** Bytes that the log had taken when the timer was set. */
  #appendedBefore = 0;
  #isOver = false;

  constructor(parts: Pick<StoreParts, "clock" | "limits" | "table" | "writePace">, write: (segment: Segment) => void) {
    this.#parts = parts;
    this.#write = write;
  }

  add(segment: Segment): void {
    this.#waiting.push(segment);
    this.#setTimer();
    const { table, limits } = this.#parts;
    let bytes = this.#waiting.reduce((sum, waiting) => sum + waiting.bytes, 0);
    if (bytes <= limits.hintsPutOffBytesMost) return;
    // What was merged meanwhile needs none.
    this.#waiting = this.#waiting.filter((waiting) => table.byId(waiting.segmentId) === waiting);
    bytes = this.#waiting.reduce((sum, waiting) => sum + waiting.bytes, 0);
    while (bytes > limits.hintsPutOffBytesMost) {
      // mark: hint/put-off-for-long-enough
      const oldest = this.#waiting.shift()!;
      bytes -= oldest.bytes;
      this.#write(oldest);
    }
  }

  /** Nothing is written any more, and no timer fires: what has no hint gets one when the store is opened again. */
  stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  #setTimer(): void {
    if (this.#timer !== undefined || this.#isOver) return;
    this.#appendedBefore = this.#parts.writePace.appendedBytes;
    this.#timer = this.#parts.clock.setTimer(() => this.#look(), LOOK_MS);
  }

  #look(): void {
    this.#timer = undefined;
    const { limits, writePace } = this.#parts;
    if (writePace.appendedBytes - this.#appendedBefore > limits.quietBytesMost) {
      // mark: hint/put-off-while-the-log-is-busy
      this.#setTimer();
      return;
    }
    // mark: hint/written-when-the-log-is-quiet
    for (const segment of this.#waiting.splice(0)) this.#write(segment);
  }
}

const LOOK_MS = 1000;
