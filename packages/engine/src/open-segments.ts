import {
  decodeSegmentHeader,
  placeOf,
  segmentFileName,
  SEGMENT_HEADER_BYTES,
  type CheckpointHeader,
  type Manifest,
  type ManifestSegment,
  type SealedSegment,
  type UnsealedSegment,
} from "@hashlog/format";
import { FsError, SegmentWriter, type FileSystem, type ReadFile } from "@hashlog/fs-io";
import { corrupt, HashlogError } from "./errors.ts";
import type { LogSegment } from "./log-segments.ts";
import type { SegmentTable } from "./segment-table.ts";
import { newTotals, Segment, type SegmentTotals } from "./segment.ts";

export interface OpenSegmentsParts {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly manifest: Manifest;
  readonly table: SegmentTable;
  /** Gives the slots, and the totals of what it covers. */
  readonly checkpoint: CheckpointHeader | undefined;
  /** `true`: nothing is opened for writing, whether or not it could be continued. */
  readonly readOnly: boolean;
}

export interface OpenedSegments {
  readonly sealed: readonly Segment[];
  /** Oldest first. */
  readonly unsealed: readonly LogSegment[];
}

/**
 * Opens every segment that the manifest lists, and checks that it is there, is the one that is meant, and is as long as
 * the manifest vouches for.
 * @throws HashlogError `HASHLOG_CORRUPT` | `HASHLOG_VERSION` | FsError
 */
export async function openSegments(parts: OpenSegmentsParts): Promise<OpenedSegments> {
  const { manifest, table, checkpoint } = parts;
  const known = new Map((checkpoint?.segments ?? []).map((segment) => [segment.segmentId, segment]));
  for (const { slot } of known.values()) table.takeSlotNumber(slot);
  const sealed: Segment[] = [];
  const unsealed: LogSegment[] = [];
  for (const listed of manifest.segments) {
    const covered = known.get(listed.segmentId);
    const slot = covered?.slot ?? table.takeSlot();
    const totals = covered === undefined ? newTotals() : copyTotals(covered);
    const segment = await openSegment(listed, slot, totals, parts);
    table.add(segment);
    if (listed.state === "sealed") sealed.push(segment);
    else {
      const { firstSequence } = listed;
      unsealed.push({ segment, firstSequence, lastSequence: 0, recordsEnd: SEGMENT_HEADER_BYTES });
    }
  }
  return { sealed, unsealed };
}

/** Opens one listed segment. @throws HashlogError `HASHLOG_CORRUPT` | `HASHLOG_VERSION` | FsError */
export function openSegment(
  listed: ManifestSegment,
  slot: number,
  totals: SegmentTotals,
  parts: SegmentPlace,
): Promise<Segment> {
  return listed.state === "sealed"
    ? openSealed(listed, slot, totals, parts)
    : openUnsealed(listed, slot, totals, parts);
}

/** Where segments lie, and for what they are opened. */
export type SegmentPlace = Pick<OpenSegmentsParts, "fileSystem" | "directory" | "readOnly">;

function copyTotals(totals: SegmentTotals): SegmentTotals {
  const { recordCount, recordBytes, tombstoneCount, tombstoneBytes, expiringCount } = totals;
  return { recordCount, recordBytes, tombstoneCount, tombstoneBytes, expiringCount };
}

async function openSealed(
  listed: SealedSegment,
  slot: number,
  totals: SegmentTotals,
  parts: SegmentPlace,
): Promise<Segment> {
  const path = pathOf(listed, parts);
  const file = await openListed(path, listed, parts);
  await checkSegment(file, listed, listed.sealedBytes);
  const { segmentId, sealedBytes, lowestSequence, highestSequence, merged } = listed;
  const state = { kind: "sealed", sealedBytes, lowestSequence, highestSequence, merged } as const;
  return new Segment({ slot, segmentId, place: placeOf(listed.identity), path, file, state, totals });
}

async function openUnsealed(
  listed: UnsealedSegment,
  slot: number,
  totals: SegmentTotals,
  parts: SegmentPlace,
): Promise<Segment> {
  const path = pathOf(listed, parts);
  const writer = parts.readOnly ? undefined : await continueClean(path, listed, parts);
  const file = writer?.file ?? (await openListed(path, listed, parts));
  // Nobody else appends to it; and it is asked for after the file was closed, too.
  const found = await checkSegment(file, listed, SEGMENT_HEADER_BYTES);
  const { segmentId, firstSequence } = listed;
  const bytes = writer === undefined ? () => found : () => writer.position;
  return new Segment({
    slot,
    segmentId,
    place: placeOf(listed.identity),
    path,
    file,
    ...(writer === undefined ? {} : { writer }),
    state: { kind: "unsealed", firstSequence, bytes },
    totals,
  });
}

// Only a file of exactly the recorded length is one that a writer closed.
async function continueClean(
  path: string,
  listed: UnsealedSegment,
  { fileSystem }: SegmentPlace,
): Promise<SegmentWriter | undefined> {
  if (listed.cleanBytes === 0) return undefined;
  try {
    return await SegmentWriter.continueAt(fileSystem, path, listed.cleanBytes);
  } catch (error) {
    if (FsError.is(error) && (error.code === "FS_INVALID_ARGUMENT" || error.code === "FS_NOT_FOUND")) {
      // mark: open/clean-mark-mistrusted
      return undefined;
    }
    throw error;
  }
}

async function openListed(path: string, listed: ManifestSegment, { fileSystem }: SegmentPlace): Promise<ReadFile> {
  try {
    return await fileSystem.openRead(path);
  } catch (error) {
    if (!(FsError.is(error) && error.code === "FS_NOT_FOUND")) throw error;
    // mark: open/segment-missing
    const { segmentId } = listed;
    throw corrupt(`${path} is missing, which the manifest lists`, { path, segmentId, cause: error });
  }
}

/** Resolves to how long it is. Closes the file where something is wrong with it. */
async function checkSegment(file: ReadFile, listed: ManifestSegment, leastBytes: number): Promise<number> {
  const { segmentId, identity } = listed;
  const { path } = file;
  try {
    const actual = file.size();
    if (actual < leastBytes) {
      // mark: open/segment-too-short
      throw corrupt(`${path} has ${actual} bytes instead of ${leastBytes}`, {
        path,
        segmentId,
        expected: leastBytes,
        actual,
      });
    }
    const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
    await file.read(bytes, 0, bytes.length, 0);
    const header = decodeSegmentHeader(bytes);
    if (header.kind === "version") {
      // mark: open/segment-of-another-version
      throw new HashlogError("HASHLOG_VERSION", `${path} is of version ${header.version} of the format`, {
        path,
        segmentId,
      });
    }
    if (header.kind === "damaged") {
      // mark: open/segment-header-damaged
      throw corrupt(`the header of ${path} is damaged: ${header.reason}`, { path, segmentId, offset: 0 });
    }
    if (header.value.segmentId !== segmentId || header.value.identity !== identity) {
      // mark: open/segment-is-another
      throw corrupt(`${path} is another segment than the one that the manifest lists`, {
        path,
        segmentId,
        offset: 0,
        expected: identity,
        actual: header.value.identity,
      });
    }
    return actual;
  } catch (error) {
    await file.close();
    throw error;
  }
}

function pathOf(listed: ManifestSegment, { fileSystem, directory }: SegmentPlace): string {
  return fileSystem.join(directory, segmentFileName(listed.segmentId));
}
