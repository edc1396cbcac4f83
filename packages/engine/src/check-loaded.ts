import {
  decodeSegmentHeader,
  findTestimony,
  FRAME_HEADER_BYTES,
  placeOf,
  readFrameHeader,
  SEGMENT_HEADER_BYTES,
  type ByteSource,
  type Manifest,
} from "@hashlog/format";
import { FsError, type FileSystem } from "@hashlog/fs-io";
import type { Keydir } from "@hashlog/index";
import { corrupt } from "./errors.ts";
import { wholeSource } from "./files.ts";
import type { SegmentTable } from "./segment-table.ts";
import type { ListedFile } from "./store-directory.ts";
import { isRefusal, patientSource } from "./verify/patient-source.ts";

/** What was loaded, as far as it is checked. */
export interface LoadedStore {
  readonly manifest: Manifest;
  readonly manifestPath: string;
  readonly table: SegmentTable;
  readonly keydir: Keydir;
  /** Unsealed segments in which no record is readable. */
  readonly emptyIds: readonly number[];
  /** The last sequence that is readable. */
  readonly lastSequence: number;
  readonly testimonies: readonly Testimony[];
}

/**
 * Asks of a store, between loading it and changing it, whether its files can belong to one another. Each file by
 * itself is in order by now; but a manifest with a right checksum may be an old one, from a write that never came, or
 * from a backup. It lists a store that was, and what has been written since would be cleared away as left over.
 *
 * What gives it away: records beyond the sequences that it reserves; and a segment that it does not know yet, with an id
 * that it has not given out, which testifies that more was durable than is there. The latter is never what a crash
 * leaves: a new segment of the log holds no frame before the manifest lists it, and in copies and merge outputs nothing
 * is testified but what the log holds. FORMAT.md, "Torn or corrupt".
 * @throws HashlogError `HASHLOG_CORRUPT`
 */
export function checkLoaded(store: LoadedStore): void {
  checkReservation(store);
  checkPlaces(store);
  checkTestimonies(store);
}

/** What a segment says that the manifest does not know yet. */
export interface Testimony {
  readonly path: string;
  readonly segmentId: number;
  /** The last sequence that was durable when it was written; 0 if it does not say. */
  readonly testified: number;
}

/**
 * What the unknown segments testify. Beside a live writer to be asked before the log is read: what is written meanwhile may
 * testify more than what was read.
 * @throws FsError
 */
export async function testimoniesOfUnlisted(parts: {
  readonly fileSystem: FileSystem;
  readonly manifest: Manifest;
  readonly files: readonly ListedFile[];
  readonly pathOf: (name: string) => string;
  /** Whether what the disk does not give is passed over. Default `false`: it is an error. */
  readonly readPatiently?: boolean;
}): Promise<readonly Testimony[]> {
  const { fileSystem, manifest, files, readPatiently = false } = parts;
  const testimonies: Testimony[] = [];
  for (const { name, file } of files) {
    if (file.kind !== "segment" || file.id < manifest.nextFileId) continue;
    const path = parts.pathOf(name);
    testimonies.push({
      path,
      segmentId: file.id,
      testified: await testimonyAt(fileSystem, path, file.id, readPatiently),
    });
  }
  return testimonies;
}

function checkReservation({ manifest, manifestPath, lastSequence }: LoadedStore): void {
  if (lastSequence < manifest.nextSequence) return;
  // mark: open/manifest-older-than-its-log
  throw corrupt(`${manifestPath} is older than the log: it has given out no sequence ${lastSequence} yet`, {
    path: manifestPath,
    expected: manifest.nextSequence,
    actual: lastSequence,
  });
}

// With a checkpoint the keydir is not made of what was read, so the two might differ: if the manifest says something else
// of an unsealed segment than it did when the checkpoint was named.
function checkPlaces({ manifestPath, table, keydir, emptyIds }: LoadedStore): void {
  const reached = [...table.all()].reduce((sum, { liveRecords }) => sum + liveRecords, 0);
  const lost = emptyIds.reduce((sum, segmentId) => sum + table.byId(segmentId)!.liveRecords, 0);
  if (reached === keydir.size && lost === 0) return;
  throw corrupt(
    `${manifestPath} does not fit its checkpoint: ${keydir.size - reached + lost} keys lie where nothing is`,
    { path: manifestPath, expected: keydir.size, actual: reached - lost },
  );
}

function checkTestimonies({ manifestPath, lastSequence, testimonies }: LoadedStore): void {
  for (const { path, segmentId, testified } of testimonies) {
    if (testified <= lastSequence) continue;
    // mark: open/manifest-older-than-a-segment
    throw corrupt(
      `${manifestPath} is older than ${path}: that one testifies that all up to ${testified} was durable, and what is ` +
        `listed ends with ${lastSequence}`,
      { path: manifestPath, segmentId, expected: testified, actual: lastSequence },
    );
  }
}

async function testimonyAt(
  fileSystem: FileSystem,
  path: string,
  segmentId: number,
  readPatiently: boolean,
): Promise<number> {
  if ((await fileSystem.stat(path))?.kind !== "file") return 0;
  const file = await fileSystem.openRead(path).catch((error: unknown) => {
    // Beside a live writer it may be gone by now.
    if (FsError.is(error) && error.code === "FS_NOT_FOUND") return undefined;
    if (readPatiently && isRefusal(error)) return undefined;
    throw error;
  });
  if (file === undefined) return 0;
  try {
    const source = (readPatiently ? patientSource : wholeSource)(file, file.size());
    return await testifiedBy(source, segmentId);
  } finally {
    await file.close();
  }
}

/**
 * The highest floor that any frame of the segment testifies; of a merge output, which may be long, the first one's. What is
 * not read whole is no testimony that there is none: the file would be cleared away.
 */
async function testifiedBy(source: ByteSource, segmentId: number): Promise<number> {
  const head = new Uint8Array(SEGMENT_HEADER_BYTES + FRAME_HEADER_BYTES);
  const bytes = await source.read(head, 0, head.length, 0);
  const header = decodeSegmentHeader(head.subarray(0, Math.min(bytes, SEGMENT_HEADER_BYTES)));
  if (header.kind !== "ok" || header.value.segmentId !== segmentId) return 0;
  const place = placeOf(header.value.identity);
  const first = readFrameHeader(head, SEGMENT_HEADER_BYTES, bytes, place, SEGMENT_HEADER_BYTES);
  if (first?.sparse === true) return first.floor;
  let highest = 0;
  await findTestimony(source, {
    place,
    from: SEGMENT_HEADER_BYTES,
    onTestimony: ({ floor }) => {
      highest = Math.max(highest, floor);
    },
  });
  return highest;
}
