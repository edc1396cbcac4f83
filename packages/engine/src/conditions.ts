import type { RecordLocation } from "@hashlog/index";
import type { Group } from "./group.ts";
import { ReadVersions } from "./read-versions.ts";
import type { RecordReader } from "./record-reader.ts";
import { newLocation } from "./segment-table.ts";
import type { StoreParts } from "./store-parts.ts";
import { WaitingKeys } from "./waiting-keys.ts";

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
