import { FRAME_HEADER_BYTES, newRecordFields, readRecord, type RecordFields } from "@hashlog/format";
import type { RecordLocation } from "@hashlog/index";
import type { Group } from "./group.ts";
import type { RecordReader } from "./record-reader.ts";
import { newLocation, type SegmentTable } from "./segment-table.ts";
import type { StoreParts } from "./store-parts.ts";

/** What has to be true of a key for a write to be done. */
export interface Condition {
  readonly key: Uint8Array;
  /** The version that it has to have; 0: it has to be absent; `undefined`: any will do. */
  readonly version?: number | undefined;
}

/** Whether all conditions hold at the end of the log, where the write would go. */
export type Verdict =
  | { readonly kind: "hold" }
  /** One does not; `restsOn` is the write on its way that says so, if it is one that is not acknowledged yet. */
  | { readonly kind: "fail"; readonly restsOn: Promise<unknown> | undefined }
  /** To tell, those records have to be read first, as the file system cannot do it synchronously. */
  | { readonly kind: "unread"; readonly records: readonly UnreadRecord[] };

/** The record of a key whose version is asked for. */
export interface UnreadRecord {
  readonly key: Uint8Array;
  readonly location: Readonly<RecordLocation>;
}

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

/**
 * Decides conditions by the log as it will be when all that waits is acknowledged. Of what waits the versions are known
 * (sequences are given when a write is called); of what is in the keydir the record says it, and is read.
 */
export class Conditions {
  readonly #parts: StoreParts;
  readonly #reader: RecordReader;
  readonly #hasPassed: (expiresAtMs: number) => boolean;
  readonly #waiting = new WaitingKeys();
  readonly #location = newLocation();

  constructor(parts: StoreParts, reader: RecordReader, hasPassed: (expiresAtMs: number) => boolean) {
    this.#parts = parts;
    this.#reader = reader;
    this.#hasPassed = hasPassed;
  }

  /** `groups`: all that waits, oldest first. `known`: what was read for an earlier verdict. */
  judge(conditions: readonly Condition[], groups: readonly Group[], known: ReadVersions): Verdict {
    this.#waiting.update(groups);
    const records: UnreadRecord[] = [];
    for (const condition of conditions) {
      const verdict = this.#judgeOne(condition, known);
      if (verdict.kind === "fail") return verdict;
      if (verdict.kind === "unread") records.push(...verdict.records);
    }
    return records.length === 0 ? HOLD : { kind: "unread", records };
  }

  /** For one decision. */
  newVersions(): ReadVersions {
    return new ReadVersions(this.#parts.table);
  }

  /** Notes the versions of the records in `known`, read without holding the event loop. */
  async read(records: readonly UnreadRecord[], known: ReadVersions): Promise<void> {
    const { table } = this.#parts;
    known.hold();
    const unread = records.map((record) => ({ ...record, segment: table.at(record.location.segmentSlot) }));
    for (const { segment } of unread) segment.pin();
    try {
      for (let at = 0; at < unread.length; at += READS_AT_ONCE) {
        const reads = unread.slice(at, at + READS_AT_ONCE).map(async ({ key, location, segment }) => {
          // On its own as well: where another one fails nobody waits for this one.
          segment.pin();
          try {
            const { sequence } = await this.#reader.readWithSequence(segment, location, key);
            known.note(location, sequence);
          } finally {
            segment.unpin();
          }
        });
        await Promise.all(reads);
      }
    } finally {
      for (const { segment } of unread) segment.unpin();
    }
  }

  #judgeOne({ key, version }: Condition, known: ReadVersions): Verdict {
    if (version === undefined) return HOLD;
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) {
      // mark: condition/decided-by-a-waiting-write
      const isThere = !waiting.isTombstone && !this.#hasPassed(waiting.expiresAtMs);
      return (isThere ? waiting.sequence : 0) === version ? HOLD : { kind: "fail", restsOn: waiting.settled };
    }
    const location = this.#location;
    const { keydir, fileSystem, table } = this.#parts;
    const isThere = keydir.find(key, 0, key.length, location) && !this.#hasPassed(location.expiresAtMs);
    if (!isThere || version === 0) return isThere === version > 0 ? HOLD : FAIL;
    const read = known.at(location);
    if (read === undefined && !fileSystem.readsSynchronously) {
      // mark: condition/version-to-be-read-first
      return { kind: "unread", records: [{ key, location: { ...location } }] };
    }
    const present = read ?? this.#reader.sequenceSync(table.at(location.segmentSlot), location, key);
    return present === version ? HOLD : FAIL;
  }
}

/** How many records are read at the same time. */
const READS_AT_ONCE = 64;
const HOLD: Verdict = { kind: "hold" };
const FAIL: Verdict = { kind: "fail", restsOn: undefined };

/** What the last waiting write of a key makes of it. */
interface WaitingWrite {
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
class WaitingKeys {
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
