import type { Keydir, RecordLocation } from "@hashlog/index";
import { newLocation } from "./segment-table.ts";
import type { SlotCounts } from "./slot-counts.ts";

/**
 * Where the records go that an opening reads: where there is no checkpoint, a `KeydirLoader`, which takes them in any order and
 * keeps the highest sequence of each key.
 */
export interface RecordSink {
  put(bytes: Uint8Array, start: number, end: number, sequence: number, location: Readonly<RecordLocation>): void;
  delete(bytes: Uint8Array, start: number, end: number, sequence: number): void;
}

/** Into a keydir that a checkpoint filled, in log order: the last record of each key wins. What it changes is counted. */
export function replaySink(keydir: Keydir, counts: SlotCounts): RecordSink {
  const replaced = newLocation();
  return {
    put: (bytes, start, end, _sequence, location) => {
      if (keydir.put(bytes, start, end, location, replaced)) counts.count(replaced, end - start, -1);
      counts.count(location, end - start, 1);
    },
    delete: (bytes, start, end) => {
      if (keydir.delete(bytes, start, end, replaced)) counts.count(replaced, end - start, -1);
    },
  };
}

/** As `replaySink`, of records that can be taken back. */
export class RevocableSink implements RecordSink {
  readonly #keydir: Keydir;
  /** What was done since the last `begin`: the keys, and what there was of them before. */
  #done: Change[] = [];

  constructor(keydir: Keydir) {
    this.#keydir = keydir;
  }

  /** What was handed on before stays. */
  begin(): void {
    this.#done = [];
  }

  put(bytes: Uint8Array, start: number, end: number, _sequence: number, location: Readonly<RecordLocation>): void {
    const before = newLocation();
    const existed = this.#keydir.put(bytes, start, end, location, before);
    this.#done.push({ bytes, start, end, before: existed ? before : undefined });
  }

  delete(bytes: Uint8Array, start: number, end: number): void {
    const before = newLocation();
    if (this.#keydir.delete(bytes, start, end, before)) this.#done.push({ bytes, start, end, before });
  }

  /**
   * Takes back what was handed on since `begin`. The bytes must be the same still. What it puts back was there a moment ago:
   * there is room for it.
   */
  revoke(): void {
    for (const { bytes, start, end, before } of this.#done.toReversed()) {
      if (before === undefined) this.#keydir.delete(bytes, start, end, newLocation());
      else this.#keydir.put(bytes, start, end, before, newLocation());
    }
    this.#done = [];
  }
}

interface Change {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** `undefined`: the key was not there. */
  readonly before: RecordLocation | undefined;
}

/** Into nothing: for a segment of which only the totals are wanted. */
export const countingSink: RecordSink = { put: ignore, delete: ignore };

function ignore(): void {}
