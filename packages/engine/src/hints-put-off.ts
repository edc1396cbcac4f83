import type { Segment } from "./segment.ts";
import type { StoreParts } from "./store-parts.ts";

/**
 * Sealed segments whose hint files wait until the log is quiet. To make one a segment is read again as a whole, which takes
 * a third of the time in which small records were written, and who reads it is an opening that finds no checkpoint. In a
 * store that is overwritten most segments are merged before their hint would have been of any use.
 */
export class HintsPutOff {
  readonly #parts: Pick<StoreParts, "limits" | "table">;
  #waiting: Segment[] = [];

  constructor(parts: Pick<StoreParts, "limits" | "table">) {
    this.#parts = parts;
  }

  /** Returns those whose turn it is now, as too many wait otherwise: the oldest. */
  add(segment: Segment): readonly Segment[] {
    const { table, limits } = this.#parts;
    this.#waiting.push(segment);
    if (bytesOf(this.#waiting) <= limits.hintsPutOffBytesMost) return [];
    // What was merged meanwhile needs none.
    this.#waiting = this.#waiting.filter((waiting) => table.byId(waiting.segmentId) === waiting);
    const oldest: Segment[] = [];
    while (bytesOf(this.#waiting) > limits.hintsPutOffBytesMost) {
      // mark: hint/put-off-for-long-enough
      oldest.push(this.#waiting.shift()!);
    }
    return oldest;
  }

  /** Returns all of them: they wait no longer. */
  takeAll(): readonly Segment[] {
    return this.#waiting.splice(0);
  }
}

function bytesOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { bytes }) => sum + bytes, 0);
}
