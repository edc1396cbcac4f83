import type { RecordFields } from "@hashlog/format";
import type { KeydirLoader } from "@hashlog/index";
import { newLocation } from "../segment-table.ts";
import type { SegmentContent } from "./examined-segment.ts";

/** Hands records to an index that is filled from them, each under the slot of its segment. Allocates nothing. */
export class RecordLoader {
  readonly #loader: KeydirLoader;
  readonly #location = newLocation();

  constructor(loader: KeydirLoader) {
    this.#loader = loader;
  }

  /** The record whose key lies in `bytes`, and which begins at `offset` of its file. */
  load({ segment }: SegmentContent, bytes: Uint8Array, fields: RecordFields, offset: number): void {
    const { keyStart, keyEnd, sequence, valueStart, valueEnd, expiresAtMs } = fields;
    if (fields.tombstone) {
      this.#loader.delete(bytes, keyStart, keyEnd, sequence);
      return;
    }
    const location = this.#location;
    location.segmentSlot = segment.slot;
    location.offset = offset;
    location.valueBytes = valueEnd - valueStart;
    location.expiresAtMs = expiresAtMs;
    this.#loader.put(bytes, keyStart, keyEnd, sequence, location);
  }
}
