import type { CheckpointHeader, Manifest } from "@hashlog/format";
import type { Clock, FileSystem } from "@hashlog/fs-io";
import type { Keydir, KeydirFactory } from "@hashlog/index";
import { loadCheckpoint } from "./checkpointer.ts";
import type { LoadProgress } from "./load-progress.ts";
import { openSegments, type OpenedSegments } from "./open-segments.ts";
import type { SegmentTable } from "./segment-table.ts";

/** What a loading begins with: a keydir, filled by the checkpoint where there is one of use, and every segment open. */
export interface LoadedFiles {
  readonly keydir: Keydir;
  readonly checkpoint: CheckpointHeader | undefined;
  readonly segments: OpenedSegments;
}

/**
 * Loads the checkpoint that the manifest names, and opens the segments that it lists. On failure those that are open by
 * then are in the table.
 * @throws HashlogError `HASHLOG_CORRUPT` | `HASHLOG_VERSION` | `HASHLOG_ABORTED`, FsError
 */
export async function loadFiles(parts: {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly manifest: Manifest;
  readonly index: KeydirFactory;
  readonly table: SegmentTable;
  readonly readOnly: boolean;
  readonly progress: LoadProgress;
}): Promise<LoadedFiles> {
  const { fileSystem, directory, manifest, index, table, readOnly, progress } = parts;
  const shared = { fileSystem, directory, manifest };
  const newKeydir = (): Keydir => index({ hashKey: manifest.hashKey });
  let keydir = newKeydir();
  const checkpoint = await loadCheckpoint({ ...shared, keydir }, (bytes) => progress.read("checkpoint", bytes));
  if (checkpoint === undefined) keydir = newKeydir();
  const segments = await openSegments({ ...shared, table, checkpoint, readOnly });
  return { keydir, checkpoint, segments };
}

/** How many bytes there are to load, as far as the manifest tells. */
export function bytesToLoad(manifest: Manifest): number {
  return manifest.segments.reduce(
    (sum, listed) => sum + (listed.state === "sealed" ? listed.sealedBytes : listed.cleanBytes),
    manifest.checkpoint?.bytes ?? 0,
  );
}

/** Counts what of each segment is live, some thousand keys at a time. */
export async function tally(keydir: Keydir, table: SegmentTable, clock: Pick<Clock, "yield">): Promise<void> {
  const records = new Float64Array(table.slotCount);
  const bytes = new Float64Array(table.slotCount);
  let keys = 0;
  for (let shard = 0; shard < keydir.shardCount; shard += 1) {
    keydir.tally(shard, records, bytes);
    keys += keydir.size / keydir.shardCount;
    if (keys < KEYS_IN_A_TURN) continue;
    keys = 0;
    await clock.yield();
  }
  for (const segment of table.all()) {
    segment.liveRecords = records[segment.slot]!;
    segment.liveBytes = bytes[segment.slot]!;
  }
}

const KEYS_IN_A_TURN = 8192;
