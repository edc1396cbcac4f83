import {
  decodeHintHeader,
  decodeSegmentHeader,
  describeCheckpoint,
  MANIFEST_NAME,
  parseFileName,
  type ByteSource,
  type Manifest,
  type StoreFile,
} from "@hashlog/format";
import type { FileSystem } from "@hashlog/fs-io";
import { Complaint } from "../complaint.ts";
import { dumpCheckpoint } from "./dump-checkpoint.ts";
import { dumpHint } from "./dump-hint.ts";
import type { Emit } from "./dump-item.ts";
import { dumpManifest, readManifest } from "./dump-manifest.ts";
import { dumpSegment } from "./dump-segment.ts";
import { fileSource, readPart } from "./file-source.ts";

/**
 * Shows any file of a store, whatever of it can be read. What it is its name says, or where that was changed its first bytes.
 * @throws Complaint for a file that is none of a store's; FsError
 */
export async function dumpFile(
  fileSystem: FileSystem,
  path: string,
  { withValues, check }: DumpOptions,
  emit: Emit,
): Promise<void> {
  // Opening a pipe would wait for whoever writes to it.
  const there = await fileSystem.stat(path);
  if (there !== undefined && there.kind !== "file") throw new Complaint(`${path} is no file: ${NAMES}`);
  const file = await fileSystem.openRead(path);
  try {
    const source = fileSource(file, check);
    const named = parseFileName(path.split(/[\\/]/).at(-1)!);
    switch (named?.kind ?? (await kindByContent(source))) {
      case "segment":
        return await dumpSegment(
          source,
          { withValues, identity: identityIn(await manifestBeside(fileSystem, path), named) },
          emit,
        );
      case "hint":
        return await dumpHint(source, emit);
      case "checkpoint":
        return await dumpCheckpoint(source, (await manifestBeside(fileSystem, path))?.hashKey, emit);
      case "manifest":
      case "manifest-replacement":
        return await dumpManifest(source, emit);
      case "reserve":
        return await emit(plain("reserve", source, "set aside for when the volume is full: its bytes mean nothing"));
      case "backup-mark":
        return await emit(plain("mark", source, "a first backup into this directory was begun and is not done"));
      case "lock":
        return await emit(plain("lock", source, "belongs to the lock; whether it is held the system knows"));
      default:
        throw new Complaint(`${path} is no file of a store: ${NAMES}`);
    }
  } finally {
    await file.close();
  }
}

/** What is wanted of a file. */
export interface DumpOptions {
  readonly withValues: boolean;
  /** Called before each reading, and may throw to end it. */
  readonly check: () => void;
}

const NAMES = "those of a store are called hashlog.manifest, hashlog-0000000001.segment, and so on";

function plain(what: string, { bytes }: ByteSource, meaning: string): Parameters<Emit>[0] {
  return { offset: 0, what, checksum: undefined, fields: { bytes, meaning } };
}

/** For a file that was given another name. */
async function kindByContent(source: ByteSource): Promise<StoreFile["kind"] | undefined> {
  const start = await readPart(source, 0, 64);
  if (decodeSegmentHeader(start).kind !== "damaged") return "segment";
  if (decodeHintHeader(start).kind !== "damaged") return "hint";
  if ((await describeCheckpoint(source)).kind === "ok") return "checkpoint";
  return (await readManifest(source)).kind === "damaged" ? undefined : "manifest";
}

/** The manifest in the same directory, where one can be read: it knows what other files need to be understood. */
async function manifestBeside(fileSystem: FileSystem, path: string): Promise<Manifest | undefined> {
  const manifestPath = fileSystem.join(fileSystem.parent(path), MANIFEST_NAME);
  if ((await fileSystem.stat(manifestPath))?.kind !== "file") return undefined;
  const file = await fileSystem.openRead(manifestPath);
  try {
    const manifest = await readManifest(fileSource(file));
    return manifest.kind === "ok" ? manifest.value : undefined;
  } finally {
    await file.close();
  }
}

/** The identity that a manifest gives a segment: needed only where the segment's own header is damaged. */
function identityIn(manifest: Manifest | undefined, named: StoreFile | undefined): bigint | undefined {
  if (named?.kind !== "segment") return undefined;
  return manifest?.segments.find(({ segmentId }) => segmentId === named.id)?.identity;
}
