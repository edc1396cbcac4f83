import { checkpointFileName, readCheckpoint, type CheckpointHeader, type Manifest } from "@hashlog/format";
import { FsError, type FileSystem } from "@hashlog/fs-io";
import { IndexError, type Keydir } from "@hashlog/index";
import { countingSource } from "./files.ts";
import { decodeSlotCounts, type SlotCounts } from "./slot-counts.ts";

/** What a checkpoint said that filled a keydir: of itself, and of what is live; the latter is counted on. */
export interface LoadedCheckpoint {
  readonly header: CheckpointHeader;
  readonly counts: SlotCounts;
}

/**
 * Fills an empty keydir from the checkpoint that the manifest names; resolves to what it says, or to `undefined` if there is
 * none or it is of no use, and then the keydir may hold anything and is to be thrown away. `onUnusable` is told why it is of
 * no use.
 */
export async function loadCheckpoint(
  parts: { fileSystem: FileSystem; directory: string; manifest: Manifest; keydir: Keydir },
  onRead: (bytes: number) => void,
  onUnusable: (reason: string) => void = () => {},
): Promise<LoadedCheckpoint | undefined> {
  const { fileSystem, directory, manifest, keydir } = parts;
  const named = manifest.checkpoint;
  if (named === undefined) return undefined;
  let header: CheckpointHeader | undefined;
  let counts: SlotCounts | undefined;
  try {
    const file = await fileSystem.openRead(fileSystem.join(directory, checkpointFileName(named.id)));
    try {
      const expected = { storeId: manifest.storeId, checkpointId: named.id, bytes: named.bytes, crc: named.crc };
      const read = await readCheckpoint(countingSource(file, file.size(), onRead), expected, {
        header(found) {
          header = found;
          return fits(found, manifest, keydir);
        },
        shard: (index, bytes) => {
          if (index < keydir.shardCount) keydir.loadShard(index, bytes);
          else counts = decodeSlotCounts(bytes);
        },
      });
      if (read.kind === "unusable" || header === undefined || counts === undefined) {
        // mark: load/checkpoint-unusable
        onUnusable(read.kind === "unusable" ? read.reason : "what is live in each segment");
        return undefined;
      }
      // mark: load/by-checkpoint
      return { header, counts };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (FsError.is(error) || IndexError.is(error)) {
      // mark: load/checkpoint-not-readable
      onUnusable(error.message);
      return undefined;
    }
    throw error;
  }
}

function fits(header: CheckpointHeader, manifest: Manifest, keydir: Keydir): boolean {
  const listed = new Map(manifest.segments.map((segment) => [segment.segmentId, segment.identity]));
  return (
    header.layout === layoutOf(keydir) &&
    header.shardCount === keydir.shardCount + 1 &&
    header.segments.every(({ segmentId, identity }) => listed.get(segmentId) === identity)
  );
}

/** Of a checkpoint: the shards are the keydir's own, and one more, what is live. */
export function layoutOf(keydir: Keydir): string {
  return `${keydir.layout}+counts/1`;
}
