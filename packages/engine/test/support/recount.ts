import {
  decodeManifest,
  MANIFEST_NAME,
  newRecordFields,
  placeOf,
  readRecord,
  recordBytes,
  scanFrames,
  segmentFileName,
  SEGMENT_HEADER_BYTES,
  type Manifest,
  type ManifestSegment,
  type ScannedFrame,
} from "@hashlog/format";
import type { FileSystem } from "@hashlog/fs-io";

/** What the files of a store say, read anew with nothing but the format. */
export interface Recount {
  readonly manifest: Manifest;
  readonly segments: readonly CountedSegment[];
  /** By the key's bytes as latin1; tombstones included. With a merge half published a record may be there twice. */
  readonly newest: ReadonlyMap<string, readonly CountedRecord[]>;
}

export interface CountedSegment {
  readonly listed: ManifestSegment;
  /** Bytes that were read: the sealed length, or the whole file. */
  readonly bytes: number;
  readonly records: readonly CountedRecord[];
}

export interface CountedRecord {
  readonly segmentId: number;
  readonly sequence: number;
  readonly offset: number;
  readonly bytes: number;
  /** As latin1. */
  readonly key: string;
  readonly value: Uint8Array;
  readonly tombstone: boolean;
  readonly expiresAtMs: number;
}

/** A store in a directory. */
export interface StorePlace {
  readonly fileSystem: FileSystem;
  readonly directory: string;
}

/** Reads every segment that the manifest lists, and of the unsealed ones no record above `sequenceMax`. */
export async function recount(place: StorePlace, sequenceMax: number = Number.MAX_SAFE_INTEGER): Promise<Recount> {
  const manifest = await readManifest(place);
  const segments: CountedSegment[] = [];
  for (const listed of manifest.segments) segments.push(await countSegment(place, listed, sequenceMax));
  const newest = new Map<string, CountedRecord[]>();
  for (const record of segments.flatMap(({ records }) => records)) {
    const found = newest.get(record.key);
    if (found === undefined || isNewer(record, found[0]!)) newest.set(record.key, [record]);
    else if (!isNewer(found[0]!, record)) found.push(record);
  }
  return { manifest, segments, newest };
}

/** Of two records with the same sequence a put counts for newer than a tombstone. */
export function isNewer(record: CountedRecord, other: CountedRecord): boolean {
  if (record.sequence !== other.sequence) return record.sequence > other.sequence;
  return other.tombstone && !record.tombstone;
}

/** The manifest as it lies on disk. */
export async function readManifest({ fileSystem, directory }: StorePlace): Promise<Manifest> {
  const decoded = decodeManifest(await readFile(fileSystem, fileSystem.join(directory, MANIFEST_NAME)));
  if (decoded.kind !== "ok") throw new Error(`the manifest does not parse: ${JSON.stringify(decoded)}`);
  return decoded.value;
}

/** The whole content of a file. */
export async function readFile(fileSystem: FileSystem, path: string): Promise<Uint8Array> {
  const file = await fileSystem.openRead(path);
  try {
    const bytes = new Uint8Array(file.size());
    await file.read(bytes, 0, bytes.length, 0);
    return bytes;
  } finally {
    await file.close();
  }
}

async function countSegment(place: StorePlace, listed: ManifestSegment, sequenceMax: number): Promise<CountedSegment> {
  const { fileSystem, directory } = place;
  const file = await fileSystem.openRead(fileSystem.join(directory, segmentFileName(listed.segmentId)));
  const bytes = listed.state === "sealed" ? listed.sealedBytes : file.size();
  const records: CountedRecord[] = [];
  try {
    const end = await scanFrames(
      { bytes, read: (target, at, count, position) => file.read(target, at, count, position) },
      {
        place: placeOf(listed.identity),
        from: SEGMENT_HEADER_BYTES,
        ...(listed.state === "unsealed" ? { expectedSequence: listed.firstSequence } : {}),
        onFrame: (frame) => {
          records.push(...recordsOf(frame, listed.segmentId));
        },
      },
    );
    if (end.kind === "unreadable" && records.every(({ sequence }) => sequence < sequenceMax)) {
      throw new Error(`${file.path} is unreadable at ${end.offset}: ${end.reason}`);
    }
  } finally {
    await file.close();
  }
  const counted = listed.state === "sealed" ? records : records.filter(({ sequence }) => sequence <= sequenceMax);
  return { listed, bytes, records: counted };
}

function recordsOf(frame: ScannedFrame, segmentId: number): CountedRecord[] {
  const fields = newRecordFields();
  const { bytes } = frame;
  const shift = frame.end - frame.payloadEnd;
  const records: CountedRecord[] = [];
  for (let at = frame.payloadStart; at < frame.payloadEnd; at = fields.end) {
    readRecord(bytes, at, frame.payloadEnd, fields);
    const { keyStart, keyEnd, valueStart, valueEnd, sequence, tombstone, expiresAtMs } = fields;
    records.push({
      segmentId,
      sequence,
      offset: at + shift,
      bytes: recordBytes(keyEnd - keyStart, valueEnd - valueStart, expiresAtMs !== 0),
      key: Buffer.from(bytes.subarray(keyStart, keyEnd)).toString("latin1"),
      value: bytes.slice(valueStart, valueEnd),
      tombstone,
      expiresAtMs,
    });
  }
  return records;
}
