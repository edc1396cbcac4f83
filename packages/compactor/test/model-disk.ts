import {
  encodeSegmentHeader,
  FRAME_HEADER_BYTES,
  newRecordFields,
  type Place,
  placeOf,
  readFrameHeader,
  readRecord,
  type RecordFields,
  SEGMENT_HEADER_BYTES,
  verifyRecord,
} from "@hashlog/format";

/** One file of the model's disk: what was written, and how much of it a power cut leaves. */
export class ModelFile {
  readonly segmentId: number;
  readonly place: Place;
  bytes: Uint8Array;
  syncedBytes = 0;
  /** Whether the directory entry is durable. */
  named = false;

  constructor(segmentId: number) {
    const identity = BigInt.asUintN(64, BigInt(segmentId) * 0x9e37_79b9_7f4a_7c15n);
    this.segmentId = segmentId;
    this.place = placeOf(identity);
    this.bytes = encodeSegmentHeader({ segmentId, identity });
  }

  append(more: Uint8Array): void {
    const bytes = new Uint8Array(this.bytes.length + more.length);
    bytes.set(this.bytes);
    bytes.set(more, this.bytes.length);
    this.bytes = bytes;
  }

  /** Makes durable what there was when the sync began: the first `bytes`. */
  sync(bytes: number = this.bytes.length): void {
    this.syncedBytes = Math.max(this.syncedBytes, bytes);
  }

  clone(): ModelFile {
    const file = new ModelFile(this.segmentId);
    file.bytes = this.bytes.slice();
    file.syncedBytes = this.syncedBytes;
    file.named = this.named;
    return file;
  }
}

/** A segment as the manifest lists it. The one that is not sealed is the active one, and the last. */
export interface Listed {
  readonly segmentId: number;
  readonly sealedBytes: number | undefined;
  readonly lowestSequence: number;
  readonly highestSequence: number;
}

/** What is on the disk. The manifest is always durable, as its edits are atomic. */
export interface Disk {
  readonly files: Map<number, ModelFile>;
  manifest: readonly Listed[];
}

/** A record as `visitRecords` shows it: `fields` are positions in `bytes`. */
export interface Visit {
  readonly fields: RecordFields;
  readonly bytes: Uint8Array;
  readonly segmentId: number;
  readonly offset: number;
  readonly frameEnd: number;
}

/**
 * Every record of a listed segment. Written apart from the scanner that the compactor uses, and throws at whatever is not
 * as it has to be.
 */
export function visitRecords(disk: Disk, listed: Listed, visit: (record: Visit) => void): void {
  const file = disk.files.get(listed.segmentId);
  if (file === undefined) throw new Error(`listed segment ${listed.segmentId} is missing`);
  const { bytes, place } = file;
  const limit = listed.sealedBytes ?? bytes.length;
  if (bytes.length < limit) throw new Error(`listed segment ${listed.segmentId} is too short`);
  const fields = newRecordFields();
  let at = SEGMENT_HEADER_BYTES;
  while (at < limit) {
    const header = readFrameHeader(bytes, at, limit, place, at);
    if (header === undefined) throw new Error(`segment ${listed.segmentId} has no frame at ${at}`);
    const frameEnd = at + FRAME_HEADER_BYTES + header.payloadBytes;
    const sequences: number[] = [];
    for (let offset = at + FRAME_HEADER_BYTES; offset < frameEnd; offset = fields.end) {
      const good =
        readRecord(bytes, offset, frameEnd, fields) && verifyRecord(bytes, offset, fields.end, place, offset);
      if (!good) throw new Error(`segment ${listed.segmentId} has no record at ${offset}`);
      sequences.push(fields.sequence);
      visit({ fields, bytes, segmentId: listed.segmentId, offset, frameEnd });
    }
    const isAsTold = sequences.length === header.recordCount && Math.min(...sequences) === header.firstSequence;
    if (sequences.length > 0 && !isAsTold) throw new Error(`segment ${listed.segmentId} tells other records at ${at}`);
    at = frameEnd;
  }
}

/** The value of the record at `offset`, as a reader gets it who was told so; `undefined` if none verifies there. */
export function readValue({ bytes, place }: ModelFile, offset: number): string | undefined {
  const fields = newRecordFields();
  const good =
    readRecord(bytes, offset, bytes.length, fields) && verifyRecord(bytes, offset, fields.end, place, offset);
  return good ? new TextDecoder().decode(bytes.subarray(fields.valueStart, fields.valueEnd)) : undefined;
}

/** What a power cut leaves of unsynced bytes: nothing, all, or what reaches to a sequence (in whole frames). */
export type Survival = "synced" | "all" | { readonly through: number };

/** The disk after a power cut. Of the active segment's unsynced frames a prefix survives, of anything else nothing. */
export function afterPowerCut(disk: Disk, survival: Survival): Disk {
  const active = disk.manifest.at(-1)!;
  const files = new Map<number, ModelFile>();
  for (const [id, file] of disk.files) {
    if (!file.named) continue;
    const copy = file.clone();
    copy.bytes = copy.bytes.slice(
      0,
      id === active.segmentId ? survivingBytes(disk, active, survival) : copy.syncedBytes,
    );
    copy.sync();
    files.set(id, copy);
  }
  return { files, manifest: disk.manifest };
}

function survivingBytes(disk: Disk, active: Listed, survival: Survival): number {
  const file = disk.files.get(active.segmentId)!;
  if (survival === "synced") return file.syncedBytes;
  if (survival === "all") return file.bytes.length;
  let bytes = file.syncedBytes;
  visitRecords(disk, active, ({ fields, frameEnd }) => {
    if (fields.sequence <= survival.through) bytes = Math.max(bytes, frameEnd);
  });
  return bytes;
}
