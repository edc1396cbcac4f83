import { FRAME_HEADER_BYTES, newRecordFields, readRecord, type RecordFields } from "@hashlog/format";
import type { Group } from "./group.ts";

/** What the last waiting write of a key makes of it. */
export interface WaitingWrite {
  /** Of its group; not the group itself, whose bytes would be kept for as long as nobody asks again. */
  readonly settled: Promise<unknown>;
  readonly sequence: number;
  readonly isTombstone: boolean;
  readonly expiresAtMs: number;
}

/**
 * The keys of all writes that wait. Gathered when somebody asks, and then only what has come since; forgotten when none of
 * them waits any more.
 */
export class WaitingKeys {
  readonly #fields: RecordFields = newRecordFields();
  readonly #byKey = new Map<string, WaitingWrite>();
  /** By their promises, the oldest first; all but the last one are full. */
  #groups: readonly Promise<unknown>[] = [];
  /** How far the last one was gathered. */
  #at = FRAME_HEADER_BYTES;

  update(groups: readonly Group[]): void {
    // What was acknowledged is in the keydir by now. What was refused never will be, and may hide what waits before it.
    if (this.#groups.some((settled, index) => settled !== groups[index]?.settled)) this.#forget();
    const known = this.#groups.length;
    if (known > 0) this.#gather(groups[known - 1]!, this.#at);
    for (const group of groups.slice(known)) this.#gather(group, FRAME_HEADER_BYTES);
    this.#groups = groups.map(({ settled }) => settled);
    const last = this.#groups.at(-1);
    if (last !== undefined && groups.length > known) this.#forgetAfter(last);
  }

  get(key: Uint8Array): WaitingWrite | undefined {
    return this.#byKey.size === 0 ? undefined : this.#byKey.get(nameOf(key, 0, key.length));
  }

  #gather(group: Group, from: number): void {
    const fields = this.#fields;
    for (let at = from; at < group.length; at = fields.end) {
      readRecord(group.buffer, at, group.length, fields);
      this.#byKey.set(nameOf(group.buffer, fields.keyStart, fields.keyEnd), {
        settled: group.settled,
        sequence: fields.sequence,
        isTombstone: fields.tombstone,
        expiresAtMs: fields.expiresAtMs,
      });
    }
    this.#at = group.length;
  }

  #forgetAfter(last: Promise<unknown>): void {
    const forget = (): void => {
      if (this.#groups.at(-1) === last) this.#forget();
    };
    last.then(forget, forget);
  }

  #forget(): void {
    this.#byKey.clear();
    this.#groups = [];
  }
}

const latin1 = new TextDecoder("latin1");

/** The bytes as a string, one character each: other bytes, another string. */
function nameOf(bytes: Uint8Array, start: number, end: number): string {
  return latin1.decode(bytes.subarray(start, end));
}
