import type { Manifest } from "@hashlog/format";
import type { FileSystem } from "@hashlog/fs-io";
import type { Keydir, KeydirFactory } from "@hashlog/index";
import { loadCheckpoint, type LoadedCheckpoint } from "./load-checkpoint.ts";
import type { LoadProgress } from "./load-progress.ts";
import { openSegments, type OpenedSegments } from "./open-segments.ts";
import type { SegmentTable } from "./segment-table.ts";

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
