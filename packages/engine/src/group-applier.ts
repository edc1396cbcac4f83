import { FRAME_HEADER_BYTES, newRecordFields, readRecord, type RecordFields } from "@hashlog/format";
import type { Group } from "./group.ts";
import { newLocation } from "./segment-table.ts";
import type { StoreParts } from "./store-parts.ts";

/**
 * Makes acknowledged groups visible: walks over a group's frame as it was written and tells the keydir of each record,
 * in log order, without allocating. What was dead or alive before is counted as it changes.
 */
export class GroupApplier {
  readonly #parts: StoreParts;
  readonly #hasPassed: (expiresAtMs: number) => boolean;
  readonly #fields: RecordFields = newRecordFields();
  readonly #location = newLocation();
  readonly #replaced = newLocation();

  constructor(parts: StoreParts, hasPassed: (expiresAtMs: number) => boolean) {
    this.#parts = parts;
    this.#hasPassed = hasPassed;
  }

  /** @throws IndexError `INDEX_FULL` */
  apply(group: Group): void {
    const { buffer, length, deletes } = group;
    const fields = this.#fields;
    const { table, counts } = this.#parts;
    const { totals } = table.at(group.slot);
    const tombstones = totals.tombstoneCount;
    let nextDelete = 0;
    this.#location.segmentSlot = group.slot;
    for (let at = FRAME_HEADER_BYTES; at < length; at = fields.end) {
      readRecord(buffer, at, length, fields);
      totals.recordCount += 1;
      totals.recordBytes += fields.end - at;
      if (fields.tombstone) {
        totals.tombstoneCount += 1;
        totals.tombstoneBytes += fields.end - at;
        const existed = this.#applyTombstone(buffer);
        if (deletes[nextDelete]?.at === at) deletes[nextDelete++]!.resolve(existed);
      } else {
        if (fields.expiresAtMs !== 0) totals.expiringCount += 1;
        this.#applyPut(buffer, group.fileOffset + at);
      }
    }
    const deletesApplied = totals.tombstoneCount - tombstones;
    counts.deletes += deletesApplied;
    counts.puts += group.recordCount - deletesApplied;
    counts.groups += 1;
    counts.bytesWritten += length;
  }

  #applyPut(buffer: Uint8Array, offset: number): void {
    const { table, keydir } = this.#parts;
    const { keyStart, keyEnd, valueStart, valueEnd, expiresAtMs } = this.#fields;
    const location = this.#location;
    location.offset = offset;
    location.valueBytes = valueEnd - valueStart;
    location.expiresAtMs = expiresAtMs;
    if (keydir.put(buffer, keyStart, keyEnd, location, this.#replaced)) {
      table.countDead(this.#replaced, buffer, keyStart, keyEnd);
    }
    table.countLive(location, buffer, keyStart, keyEnd);
  }

  #applyTombstone(buffer: Uint8Array): boolean {
    const { table, keydir } = this.#parts;
    const { keyStart, keyEnd } = this.#fields;
    if (!keydir.delete(buffer, keyStart, keyEnd, this.#replaced)) return false;
    table.countDead(this.#replaced, buffer, keyStart, keyEnd);
    return !this.#hasPassed(this.#replaced.expiresAtMs);
  }
}
