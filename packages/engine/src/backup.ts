import { hintFileName, segmentFileName, type Manifest, type SealedSegment } from "@hashlog/format";
import { FsError } from "@hashlog/fs-io";
import { BackupTarget } from "./backup-target.ts";
import type { CommitLog } from "./commit-log.ts";
import type { Compaction } from "./compaction.ts";
import { abortSignal, ofType, type Check } from "./check-options.ts";
import { inOwnWords, throwIfAborted } from "./errors.ts";
import type { Maintenance } from "./maintenance.ts";
import { lastSequenceIn } from "./manifest-file.ts";
import type { Segment } from "./segment.ts";
import { pathOf, type StoreParts } from "./store-parts.ts";
import { TRACES } from "./tracing.ts";

/** Options of `backup`. */
export interface BackupOptions {
  /** Back up onto a network or shared volume all the same. Default `false`. */
  readonly allowSharedVolume?: boolean | undefined;
  /** Cancels the backup as long as it has not become the one that counts: it rejects with `HASHLOG_ABORTED`. */
  readonly signal?: AbortSignal | undefined;
  /** Called now and then while files are copied. Where they can be linked there is little to tell. */
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined;
}

export const BACKUP_CHECKS: Readonly<Record<keyof BackupOptions, Check>> = {
  allowSharedVolume: ofType("boolean"),
  signal: abortSignal,
  onProgress: ofType("function"),
};

/** How far a backup has come. */
export interface BackupProgress {
  /** Bytes that were copied, and that have to be in all. */
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

/** What a backup has done. */
export interface BackupReport {
  /** It holds all writes up to this sequence, and none after it. */
  readonly sequence: number;
  /** Segments that are other names for the store's own files. */
  readonly linked: number;
  /** Segments that were copied, and the bytes of those. */
  readonly copied: number;
  readonly bytesCopied: number;
  /** Segments that were there from an earlier backup. */
  readonly kept: number;
  /** Segments of the earlier backup that it needs no more. */
  readonly removed: number;
  readonly durationMs: number;
}

/** What it takes to back a store up. */
export interface BackupParts {
  readonly parts: StoreParts;
  readonly log: CommitLog;
  readonly compaction: Compaction;
  readonly maintenance: Maintenance;
}

/**
 * Backs the store up into a directory, while it is read and written: every acknowledged write of before the call, and a
 * prefix of the log in any case.
 *
 * The active segment is ended, so that everything in the backup is sealed: neither store ever appends to a file that both
 * have. Links are made while no merge publishes, as they need the names; what has to be copied is kept open until it is.
 * @throws HashlogError as `BackupTarget.enter`, or what sealing, linking, copying or the signal gave
 */
export function backUp(parts: BackupParts, directory: string, options: BackupOptions): Promise<BackupReport> {
  return TRACES.backup.around(
    () => ({ directory: parts.parts.directory, target: directory }),
    () => makeBackup(parts, directory, options),
    (trace, report) => {
      trace.report = report;
    },
  );
}

async function makeBackup(
  { parts, log, compaction, maintenance }: BackupParts,
  directory: string,
  options: BackupOptions,
): Promise<BackupReport> {
  const begun = parts.clock.elapsedMs();
  const { signal } = options;
  const { fileSystem, random } = parts;
  throwIfAborted(signal, "the backup");
  try {
    const shared = { fileSystem, random, allowSharedVolume: options.allowSharedVolume ?? false };
    const target = await BackupTarget.enter(directory, shared, parts.manifest.current);
    try {
      compaction.makeWay();
      const linked = await maintenance.run(() => linkAll(parts, log, target, signal));
      const bytesCopied = await copyAll(parts, linked.unlinked, target, options);
      throwIfAborted(signal, "the backup");
      await target.publish(linked.manifest);
      const removed = await target.tidy().catch((error: unknown) => {
        // mark: backup/not-tidied
        parts.failures.note(error);
        return 0;
      });
      return {
        sequence: linked.manifest.floor,
        linked: linked.linked,
        copied: linked.unlinked.length,
        kept: linked.kept,
        removed,
        bytesCopied,
        durationMs: parts.clock.elapsedMs() - begun,
      };
    } finally {
      await target.release();
    }
  } catch (error) {
    throw inOwnWords(error, `backing up into ${directory} failed`);
  }
}

interface Linked {
  /** What the backup consists of. */
  readonly manifest: Omit<Manifest, "storeId" | "epoch" | "checkpoint">;
  readonly linked: number;
  readonly kept: number;
  /** To be copied; pinned until they are. */
  readonly unlinked: readonly Segment[];
}

async function linkAll(
  parts: StoreParts,
  log: CommitLog,
  target: BackupTarget,
  signal: AbortSignal | undefined,
): Promise<Linked> {
  const { table } = parts;
  // What is acknowledged is in it, and nothing is waited for that may itself be waiting for a merge.
  await log.sealAll();
  if (log.state.kind !== "ready") throw log.state.error;
  const { hashKey, nextSequence, logCompleteFrom, segments: listed, floor } = parts.manifest.current;
  const segments = listed.filter((segment): segment is SealedSegment => segment.state === "sealed");
  const firstUnsealed = listed.find((segment) => segment.state === "unsealed");
  const nextFileId = parts.fileIds.next;
  await target.expect(nextFileId, segments);
  const missing = segments.filter((segment) => !target.has(segment)).map(({ segmentId }) => table.byId(segmentId)!);
  const unlinked: Segment[] = [];
  try {
    for (const segment of missing) {
      throwIfAborted(signal, "the backup");
      if (unlinked.length === 0 && (await linkSegment(parts, segment, target))) continue;
      segment.pin();
      unlinked.push(segment);
    }
  } catch (error) {
    // mark: backup/linking-failed
    for (const segment of unlinked) segment.unpin();
    throw error;
  }
  return {
    manifest: {
      ...{ hashKey, nextFileId, nextSequence, logCompleteFrom, segments },
      // What is sealed is durable, and the log is sealed from its beginning on. The manifest's own floor may not have come
      // that far yet: a sync that goes on with newer segments has not returned.
      floor: firstUnsealed === undefined ? lastSequenceIn({ segments, floor }) : firstUnsealed.firstSequence - 1,
    },
    linked: missing.length - unlinked.length,
    kept: segments.length - missing.length,
    unlinked,
  };
}

/** Resolves to whether it could be linked. Its hint is a cache, and comes along if it can. */
async function linkSegment(parts: StoreParts, segment: Segment, target: BackupTarget): Promise<boolean> {
  try {
    await target.link(segment.path, segmentFileName(segment.segmentId));
  } catch (error) {
    if (!FsError.is(error) || error.code !== "FS_NOT_SUPPORTED") throw error;
    // mark: backup/not-linked
    return false;
  }
  const hint = hintFileName(segment.segmentId);
  await target.link(pathOf(parts, hint), hint).catch((error: unknown) => {
    if (!FsError.is(error)) throw error;
  });
  return true;
}

async function copyAll(
  parts: StoreParts,
  segments: readonly Segment[],
  target: BackupTarget,
  { signal, onProgress }: BackupOptions,
): Promise<number> {
  const bytesTotal = segments.reduce((sum, { bytes }) => sum + bytes, 0);
  let bytesDone = 0;
  try {
    for (const segment of segments) {
      await copySegment(segment, target, parts.limits.scanBytes, (bytes) => {
        bytesDone += bytes;
        onProgress?.({ bytesDone, bytesTotal });
        throwIfAborted(signal, "the backup");
      });
    }
  } finally {
    for (const segment of segments) segment.unpin();
  }
  return bytesDone;
}

/** Copies what belongs to the store, and makes it durable. */
async function copySegment(
  { file, bytes, segmentId, path }: Segment,
  target: BackupTarget,
  chunkBytes: number,
  onCopied: (bytes: number) => void,
): Promise<void> {
  const copy = await target.create(segmentFileName(segmentId));
  try {
    const chunk = new Uint8Array(Math.min(chunkBytes, bytes));
    for (let at = 0; at < bytes;) {
      const got = await file.read(chunk, 0, Math.min(chunk.length, bytes - at), at);
      // mark: backup/segment-shorter-than-it-was
      if (got === 0)
        throw new FsError("FS_IO", `read ${path}: it ends at ${at} instead of ${bytes}`, { operation: "read", path });
      copy.append(chunk, 0, got);
      at += got;
      onCopied(got);
    }
    await copy.sync();
  } finally {
    await copy.close();
  }
}
