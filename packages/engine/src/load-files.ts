import type { Manifest } from "@hashlog/format";
import type { Clock, FileSystem } from "@hashlog/fs-io";
import type { Keydir, KeydirFactory } from "@hashlog/index";
import { loadCheckpoint, type LoadedCheckpoint } from "./load-checkpoint.ts";
import type { LoadProgress } from "./load-progress.ts";
import { openSegments, type OpenedSegments } from "./open-segments.ts";
import type { SegmentTable } from "./segment-table.ts";
import { newTally } from "./slot-counts.ts";

/** What a loading begins with: a keydir, filled by the checkpoint where there is one of use, and every segment open. */
export interface LoadedFiles {
  readonly keydir: Keydir;
  readonly checkpoint: LoadedCheckpoint | undefined;
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
  const segments = await openSegments({ ...shared, table, checkpoint: checkpoint?.header, readOnly });
  return { keydir, checkpoint, segments };
}

/** How many bytes there are to load, as far as the manifest tells. */
export function bytesToLoad(manifest: Manifest): number {
  return manifest.segments.reduce(
    (sum, listed) => sum + (listed.state === "sealed" ? listed.sealedBytes : listed.cleanBytes),
    manifest.checkpoint?.bytes ?? 0,
  );
}

/**
 * What of each segment is live: what the checkpoint said, with what was counted since, or else a count of all keys, some
 * thousand at a time, with what has expired as of `asOfMs`.
 */
export async function countLive(
  { keydir, checkpoint }: Pick<LoadedFiles, "keydir" | "checkpoint">,
  table: SegmentTable,
  clock: Pick<Clock, "yield">,
  asOfMs: number,
): Promise<void> {
  if (checkpoint !== undefined) return table.setCounts(checkpoint.counts.tally);
  await countAll(keydir, table, clock, asOfMs);
}

/** Counts what of each segment is live, from the keys alone. Without a clock nobody else has a turn; with one, what they change may be missed. */
export async function countAll(
  keydir: Pick<Keydir, "size" | "shardCount" | "tally">,
  table: SegmentTable,
  clock: Pick<Clock, "yield"> | undefined,
  asOfMs: number,
): Promise<void> {
  const tally = newTally(table.slotCount, asOfMs);
  let keys = 0;
  for (let shard = 0; shard < keydir.shardCount; shard += 1) {
    keydir.tally(shard, tally);
    keys += keydir.size / keydir.shardCount;
    if (keys < KEYS_IN_A_TURN) continue;
    keys = 0;
    if (clock !== undefined) await clock.yield();
  }
  table.setCounts(tally);
}

/** How many keys are looked at before others have their turn. */
export const KEYS_IN_A_TURN: number = 8192;
