import type { RecordLocation } from "@hashlog/index";
import type { SegmentTable } from "./segment-table.ts";

/**
 * Versions that were read for an earlier verdict, by the places of their records. Until `release` the slot of each stays
 * that of its segment: else another record could lie at the same place.
 */
export class ReadVersions {
  readonly #table: Pick<SegmentTable, "holdSlots">;
  readonly #versions = new Map<number, number>();
  #release: (() => void) | undefined;

  constructor(table: Pick<SegmentTable, "holdSlots">) {
    this.#table = table;
  }

  /** To be called in the same turn of the event loop in which the places were found. */
  hold(): void {
    this.#release ??= this.#table.holdSlots();
  }

  release(): void {
    this.#release?.();
  }

  at(location: Readonly<RecordLocation>): number | undefined {
    return this.#versions.get(placeOf(location));
  }

  note(location: Readonly<RecordLocation>, version: number): void {
    this.#versions.set(placeOf(location), version);
  }
}

/** Slots are below 2^14 and offsets below 2^32: one number tells both. */
function placeOf({ segmentSlot, offset }: Readonly<RecordLocation>): number {
  return segmentSlot * 2 ** 32 + offset;
}
