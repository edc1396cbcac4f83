import {
  decodeHintHeader,
  decodeSegmentHeader,
  FRAME_HEADER_BYTES,
  findRecords,
  findTestimony,
  hintFileName,
  HINT_HEADER_BYTES,
  MANIFEST_NAME,
  placeOf,
  readHint,
  segmentFileName,
  SEGMENT_HEADER_BYTES,
  type HintSegment,
  type HintTotals,
  type Manifest,
  type ManifestSegment,
  type SealedSegment,
} from "@hashlog/format";
import { replacementPath, type Clock, type FileSystem, type ReadFile } from "@hashlog/fs-io";
import { HashlogError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { decodeManifestBytes, ofAnotherVersion, readManifestBytes } from "../manifest-file.ts";
import { randomBytes, randomIdentity, type RandomSource } from "../random.ts";
import { sameBytes } from "../same-bytes.ts";
import { backupCutOff, idsOf, listFiles, type ListedFile } from "../store-directory.ts";
import { examinedSegment, SegmentContent, type ExaminedSegment } from "./examined-segment.ts";
import { isRefusal, isUnreadable, openPatiently, patientSource } from "./patient-source.ts";
import { readPastDamage } from "./read-past-damage.ts";

/** The files of a store that nobody has open, damaged or not: as the manifest lists them, or what stands for it. */
export interface StoreFiles {
  readonly manifest: Manifest;
  /** Why the manifest is not the file of that name, and what stands for it; `undefined`: it is. */
  readonly manifestFlaw: string | undefined;
  /** Whether the segments that are there stand for it. */
  readonly isRebuilt: boolean;
  /** The bytes of the file of that name; `undefined` if there is none. */
  readonly manifestBytes: Uint8Array | undefined;
  /** In the order of the manifest. All files are open that are there. */
  readonly segments: readonly ExaminedSegment[];
  /** Everything with a name of ours. */
  readonly files: readonly ListedFile[];
  /** Segment files of which it cannot be told what they are: there is no manifest, and their header is damaged. */
  readonly unknown: readonly UnknownSegment[];
  close(): Promise<void>;
}

/** A file that nothing tells the identity of, so that none of its records can be believed. */
export interface UnknownSegment {
  readonly name: string;
  readonly segmentId: number;
  readonly bytes: number;
}

export interface StoreFilesParts {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly random: RandomSource;
  readonly clock: Pick<Clock, "yield">;
  readonly limits: Pick<Limits, "scanBytes" | "sequencesReserved">;
}

/**
 * Finds out which files are the store. Where the manifest cannot be read, the replacement of it that a crash left counts, if
 * that can; else everything that can be read of all segments that are there (`distrust`: also where it can be read).
 * @throws HashlogError `HASHLOG_NOT_FOUND` (nothing there that could be a store) | `HASHLOG_VERSION` | `HASHLOG_CORRUPT` (a
 * backup that was cut off), FsError
 */
export async function openStoreFiles(parts: StoreFilesParts, distrust?: string): Promise<StoreFiles> {
  const { fileSystem, directory } = parts;
  const stat = await fileSystem.stat(directory);
  if (stat?.kind !== "directory") throw nothingThere(directory);
  const files = await listFiles(fileSystem, directory);
  const path = fileSystem.join(directory, MANIFEST_NAME);
  const read = await readManifestAt(fileSystem, path);
  if (read.manifest !== undefined && distrust === undefined) {
    return open(parts, files, {
      ...{ manifest: read.manifest, isRebuilt: false, flaw: undefined, bytes: read.bytes, unknown: [] },
    });
  }
  if (read.bytes === undefined) refuseWhatIsNoStore(directory, files);
  const flaw = distrust ?? `${path} is ${read.bytes === undefined ? "missing" : `damaged: ${read.reason}`}`;
  const replacement = await readManifestAt(fileSystem, replacementPath(path));
  if (replacement.manifest !== undefined && distrust === undefined) {
    const found = { manifest: replacement.manifest, isRebuilt: false, bytes: read.bytes, unknown: [] };
    return open(parts, files, { ...found, flaw: `${flaw}; its replacement, which a crash left, stands for it` });
  }
  const { manifest, unknown } = await manifestOf(parts, files);
  const found = { manifest, isRebuilt: true, bytes: read.bytes, unknown };
  return open(parts, files, { ...found, flaw: `${flaw}; all segments that are there stand for it` });
}

function nothingThere(directory: string): HashlogError {
  return new HashlogError("HASHLOG_NOT_FOUND", `there is no store at ${directory}`, { path: directory });
}

function refuseWhatIsNoStore(directory: string, files: readonly ListedFile[]): void {
  if (files.some(({ file }) => file.kind === "backup-mark")) throw backupCutOff(directory);
  if (!files.some(({ file }) => "id" in file || file.kind === "manifest-replacement")) throw nothingThere(directory);
}

/** Whether the manifest was replaced since the files were opened: whoever writes a store begins with that. */
export async function isWrittenSince(
  { manifestBytes }: StoreFiles,
  fileSystem: FileSystem,
  path: string,
): Promise<boolean> {
  const { manifest, bytes } = await readManifestAt(fileSystem, path);
  // One that cannot be read, now or before, was replaced by nobody.
  if (manifest === undefined || manifestBytes?.length === 0) return false;
  return manifestBytes === undefined || !sameBytes(bytes!, manifestBytes);
}

/** What is in a file that is to be a manifest; without `bytes` there is none. */
interface FoundManifest {
  readonly manifest?: Manifest;
  readonly bytes?: Uint8Array;
  /** Why the bytes are no manifest. */
  readonly reason?: string;
}

/**
 * Asked twice, as for all other bytes: what stands for a manifest has keys that were deleted. Nothing stands for one that may be
 * whole, and cannot be read for another reason than that its bytes cannot be.
 * @throws HashlogError `HASHLOG_VERSION`; FsError
 */
async function readManifestAt(fileSystem: FileSystem, path: string): Promise<FoundManifest> {
  const first = await readManifestOnce(fileSystem, path).catch((error: unknown) => {
    if (isRefusal(error)) return undefined;
    throw error;
  });
  if (first !== undefined && first.reason === undefined) return first;
  return readManifestOnce(fileSystem, path).catch((error: unknown) => {
    if (isUnreadable(error)) return { bytes: new Uint8Array(), reason: error.message };
    throw error;
  });
}

async function readManifestOnce(fileSystem: FileSystem, path: string): Promise<FoundManifest> {
  const stat = await fileSystem.stat(path);
  if (stat === undefined) return {};
  if (stat.kind !== "file") return { bytes: new Uint8Array(), reason: "it is no file" };
  const bytes = await readManifestBytes(fileSystem, path);
  const decoded = decodeManifestBytes(bytes);
  if (decoded.kind === "ok") return { manifest: decoded.value, bytes };
  if (decoded.kind === "damaged") return { bytes, reason: decoded.reason };
  throw ofAnotherVersion(path, decoded.version);
}

async function open(
  { fileSystem, directory }: StoreFilesParts,
  files: readonly ListedFile[],
  found: {
    readonly manifest: Manifest;
    readonly isRebuilt: boolean;
    readonly flaw: string | undefined;
    readonly bytes: Uint8Array | undefined;
    readonly unknown: readonly UnknownSegment[];
  },
): Promise<StoreFiles> {
  const opened: ReadFile[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((file) => file.close()));
  };
  try {
    const segments: ExaminedSegment[] = [];
    for (const [slot, listed] of found.manifest.segments.entries()) {
      const path = fileSystem.join(directory, segmentFileName(listed.segmentId));
      const file = await openPatiently(fileSystem, path);
      if (file !== undefined) opened.push(file);
      const bytes = listed.state === "sealed" ? listed.sealedBytes : (file?.size() ?? 0);
      segments.push(examinedSegment(listed, slot, path, file, bytes));
    }
    const { manifest, flaw, bytes, unknown } = found;
    return {
      manifest,
      isRebuilt: found.isRebuilt,
      manifestFlaw: flaw,
      manifestBytes: bytes,
      segments,
      files,
      unknown,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * A manifest that lists all segments that are there, each sealed behind the last record that can be read, and those that are
 * gone of which a hint tells. What a merge or an opening would have removed is among them: keys that were deleted may be there
 * again.
 */
async function manifestOf(
  parts: StoreFilesParts,
  files: readonly ListedFile[],
): Promise<{ readonly manifest: Manifest; readonly unknown: readonly UnknownSegment[] }> {
  const { fileSystem, directory, random, limits } = parts;
  const segments: SealedSegment[] = [];
  const unknown: UnknownSegment[] = [];
  let nextFileId = 1;
  const withSegment = idsOf("segment", files);
  for (const { name, file } of files) {
    if (file.kind !== "segment" && file.kind !== "hint") continue;
    const { id } = file;
    nextFileId = Math.max(nextFileId, id + 1);
    if (file.kind === "hint" && withSegment.has(id)) continue;
    const hint = await hintOf(parts, id);
    const path = fileSystem.join(directory, name);
    const opened = file.kind === "hint" ? undefined : await openPatiently(fileSystem, path);
    if (opened === undefined) {
      // Of a segment that is gone its hint tells the keys.
      if (hint !== undefined) segments.push(sealedAsHinted(hint, true));
      else if (file.kind === "segment") unknown.push({ name, segmentId: id, bytes: 0 });
      continue;
    }
    try {
      const listed = await sealedAsItIs(opened, id, hint, parts);
      if (listed === undefined) unknown.push({ name, segmentId: id, bytes: opened.size() });
      else if (listed.highestSequence > 0) segments.push(listed);
    } finally {
      await opened.close();
    }
  }
  segments.sort((left, right) => left.lowestSequence - right.lowestSequence || left.segmentId - right.segmentId);
  const highest = segments.reduce((most, { highestSequence }) => Math.max(most, highestSequence), 0);
  const nextSequence = highest + limits.sequencesReserved;
  // Up to where the log is whole again there is nothing any more: a feed that begins with the state is not behind that.
  const floor = nextSequence - 1;
  return {
    manifest: {
      storeId: randomIdentity(random, 16),
      hashKey: randomBytes(random, 16),
      epoch: 1,
      ...{ floor, nextFileId, nextSequence, logCompleteFrom: nextSequence },
      segments: segments satisfies readonly ManifestSegment[],
      checkpoint: undefined,
    },
    unknown,
  };
}

/** What the hint file of that segment says of it, if there is one of use. */
async function hintOf({ fileSystem, directory }: StoreFilesParts, id: number): Promise<SegmentByHint | undefined> {
  const file = await openPatiently(fileSystem, fileSystem.join(directory, hintFileName(id)));
  if (file === undefined) return undefined;
  try {
    const source = patientSource(file, file.size());
    const head = new Uint8Array(HINT_HEADER_BYTES);
    const header = decodeHintHeader(head.subarray(0, await source.read(head, 0, head.length, 0)));
    if (header.kind !== "ok" || header.value.segmentId !== id) return undefined;
    const read = await readHint(source, header.value, () => {});
    return read.kind === "ok" ? { ...header.value, ...read.totals } : undefined;
  } finally {
    await file.close();
  }
}

type SegmentByHint = HintSegment & HintTotals;

function sealedAsHinted(hint: SegmentByHint, merged: boolean): SealedSegment {
  const { segmentId, identity, sealedBytes, lowestSequence, highestSequence } = hint;
  return { state: "sealed", segmentId, identity, sealedBytes, lowestSequence, highestSequence, merged };
}

/**
 * `undefined` where neither the header nor the hint tells what it is, or nothing of it verifies; with a highest sequence of 0 where
 * it holds nothing. It is as long as the hint says; else it ends with its last frame, or, where anything is damaged, with its file.
 */
async function sealedAsItIs(
  file: ReadFile,
  id: number,
  hint: SegmentByHint | undefined,
  { limits: { scanBytes: chunkBytes }, clock }: StoreFilesParts,
): Promise<SealedSegment | undefined> {
  const source = patientSource(file, file.size());
  const head = new Uint8Array(SEGMENT_HEADER_BYTES);
  const header = decodeSegmentHeader(head.subarray(0, await source.read(head, 0, head.length, 0)));
  const identity = header.kind === "ok" && header.value.segmentId === id ? header.value.identity : hint?.identity;
  if (identity === undefined) return undefined;
  const place = placeOf(identity);
  let merged = false;
  const shared = { place, chunkBytes: Math.max(chunkBytes, FRAME_HEADER_BYTES) };
  await findTestimony(source, {
    ...{ ...shared, from: SEGMENT_HEADER_BYTES },
    onTestimony: ({ sparse }) => {
      merged = sparse;
      return false;
    },
  });
  const listed = { state: "sealed" as const, segmentId: id, identity, merged };
  if (hint?.identity === identity) return sealedAsHinted(hint, merged);
  const nothing = { ...listed, sealedBytes: 0, lowestSequence: 0, highestSequence: 0 };
  const content = new SegmentContent(examinedSegment(nothing, 0, file.path, file, source.bytes));
  let sealedBytes = 0;
  const { damaged } = await readPastDamage(source, {
    ...{ ...shared, bytes: source.bytes, expected: undefined, needed: Infinity },
    onFrame: (frame) => {
      sealedBytes = frame.end;
      return content.add(frame, clock, () => {});
    },
  });
  let { lowestSequence, highestSequence } = content;
  if (damaged.length === 0) return { ...listed, sealedBytes, lowestSequence, highestSequence };
  for (const { offset, bytes } of damaged) {
    await findRecords(source, {
      ...{ ...shared, from: offset, to: offset + bytes },
      onRecord: (_bytes, _at, { sequence }) => {
        lowestSequence = Math.min(lowestSequence, sequence);
        highestSequence = Math.max(highestSequence, sequence);
      },
    });
  }
  if (highestSequence === 0) return undefined;
  // What else was in it is not known: none of its sequences is expected, and all of its bytes may matter.
  return { ...listed, merged: true, sealedBytes: source.bytes, lowestSequence, highestSequence };
}
