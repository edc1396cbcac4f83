import {
  decodeSegmentHeader,
  findRecords,
  findTestimony,
  newRecordFields,
  placeOf,
  readRecord,
  scanFrames,
  SEGMENT_HEADER_BYTES,
  verifyRecord,
  type ByteSource,
  type Place,
  type RecordFields,
  type RecordSearchOptions,
  type ScannedFrame,
} from "@hashlog/format";
import { moment } from "../moments.ts";
import type { DumpItem, Emit } from "./dump-item.ts";
import { readPart } from "./file-source.ts";

/** What is wanted of a segment. */
export interface SegmentDumpOptions {
  /** Whether values are given, or only how long they are. */
  readonly withValues: boolean;
  /** Its identity from the manifest, for when its header is damaged. */
  readonly identity: bigint | undefined;
}

/**
 * Frame by frame and record by record, to the end of the file: behind damage from the next frame header on that verifies, and
 * between them with each record that does. What is behind the last frame that belongs to the store, a torn tail for instance, is shown
 * as well.
 */
export async function dumpSegment(source: ByteSource, options: SegmentDumpOptions, emit: Emit): Promise<void> {
  const header = decodeSegmentHeader(await readPart(source, 0, SEGMENT_HEADER_BYTES));
  if (header.kind === "ok") {
    const { segmentId, identity } = header.value;
    await emit({
      offset: 0,
      what: "segment",
      checksum: "ok",
      fields: { id: segmentId, identity: identityText(identity) },
    });
  } else if (header.kind === "version") {
    return emit({ offset: 0, what: "segment", checksum: undefined, fields: { version: header.version, known: false } });
  } else {
    await emit({ offset: 0, what: "damage", checksum: "wrong", fields: { reason: header.reason } });
  }
  const identity = header.kind === "ok" ? header.value.identity : options.identity;
  if (identity === undefined) {
    const reason = "without the identity in the header, and without a manifest that has it, no checksum can be checked";
    return emit({ offset: SEGMENT_HEADER_BYTES, what: "damage", checksum: undefined, fields: { reason } });
  }
  await new SegmentDump(source, placeOf(identity), options.withValues, emit).run();
}

/** The identity of a file as it is written everywhere: 16 digits in hex. */
export function identityText(identity: bigint): string {
  return identity.toString(16).padStart(16, "0");
}

/** So many bytes of records are held at once, and a record. */
const SAVED_BYTES = 4 * 1024 * 1024;

/** As much as is held at once. */
class Enough extends Error {
  override readonly name = "Enough";
}

class SegmentDump {
  readonly #source: ByteSource;
  readonly #place: Place;
  readonly #withValues: boolean;
  readonly #emit: Emit;
  readonly #fields = newRecordFields();

  constructor(source: ByteSource, place: Place, withValues: boolean, emit: Emit) {
    this.#source = source;
    this.#place = place;
    this.#withValues = withValues;
    this.#emit = emit;
  }

  async run(): Promise<void> {
    const source = this.#source;
    for (let from = SEGMENT_HEADER_BYTES; from < source.bytes;) {
      const end = await scanFrames(source, {
        place: this.#place,
        from,
        verifyRecords: false,
        onFrame: (frame) => this.#frame(frame),
      });
      if (end.kind === "end") return;
      const next = await this.#nextFrame(end.offset + 1);
      await this.#damage(end.offset, next ?? source.bytes, end.reason);
      if (next === undefined) return;
      from = next;
    }
  }

  async #frame({ header, offset, end, bytes, payloadStart, payloadEnd }: ScannedFrame): Promise<void> {
    const { recordCount, firstSequence, floor, acknowledgedWhenSynced, sparse } = header;
    const fields = {
      records: recordCount,
      firstSequence,
      floor,
      acknowledged: acknowledgedWhenSynced ? "when synced" : "when written",
      sparse: sparse ? true : undefined,
    };
    await this.#emit({ offset, what: recordCount === 0 ? "fence" : "frame", checksum: "ok", fields });
    const record = this.#fields;
    const shift = end - payloadEnd;
    for (let at = payloadStart; at < payloadEnd; at = record.end) {
      if (!readRecord(bytes, at, payloadEnd, record)) {
        const reason = "here a record should begin";
        return this.#emit({
          offset: at + shift,
          what: "damage",
          checksum: "wrong",
          fields: { bytes: payloadEnd - at, reason },
        });
      }
      const holds = verifyRecord(bytes, at, record.end, this.#place, at + shift);
      await this.#emit(this.#record(bytes, record, at + shift, holds));
    }
  }

  /** The offset of the next frame whose header verifies. */
  async #nextFrame(from: number): Promise<number | undefined> {
    let found: number | undefined;
    await findTestimony(this.#source, {
      place: this.#place,
      from,
      onTestimony: (_header, offset) => {
        found = offset;
        return false;
      },
    });
    return found;
  }

  async #damage(from: number, to: number, reason: string): Promise<void> {
    await this.#emit({ offset: from, what: "damage", checksum: "wrong", fields: { bytes: to - from, reason } });
    for (let next: number | undefined = from; next !== undefined;) next = await this.#saved(next, to);
  }

  /** Shows records that verify between two places, some MiB of them at once; from where on there may be more of them. */
  async #saved(from: number, to: number): Promise<number | undefined> {
    const saved: DumpItem[] = [];
    let bytesLeft = SAVED_BYTES;
    let next: number | undefined;
    const onRecord: RecordSearchOptions["onRecord"] = (bytes, at, fields, offset) => {
      saved.push(this.#record(bytes, fields, offset, true));
      next = offset + fields.end - at;
      if ((bytesLeft -= fields.end - at) < 0) throw new Enough();
    };
    const isAll = await findRecords(this.#source, { place: this.#place, from, to, onRecord }).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Enough) return false;
        throw error;
      },
    );
    for (const item of saved) await this.#emit(item);
    return isAll ? undefined : next;
  }

  /** With copies of the bytes: the buffer is the reader's. */
  #record(bytes: Uint8Array, fields: RecordFields, offset: number, holds: boolean): DumpItem {
    const { tombstone, sequence, keyStart, keyEnd, valueStart, valueEnd, expiresAtMs } = fields;
    return {
      offset,
      what: tombstone ? "tombstone" : "put",
      checksum: holds ? "ok" : "wrong",
      fields: {
        sequence,
        valueBytes: tombstone ? undefined : valueEnd - valueStart,
        expires: expiresAtMs === 0 ? undefined : moment(expiresAtMs),
      },
      key: bytes.slice(keyStart, keyEnd),
      ...(this.#withValues && !tombstone ? { value: bytes.slice(valueStart, valueEnd) } : {}),
    };
  }
}
