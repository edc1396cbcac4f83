import {
  CheckpointEncoder,
  checkpointFileName,
  readCheckpoint,
  type CheckpointHeader,
  type Manifest,
} from "@hashlog/format";
import { FsError, type AppendFile, type FileSystem } from "@hashlog/fs-io";
import { IndexError, type Keydir } from "@hashlog/index";
import { inOwnWords, HashlogError, throwIfAborted } from "./errors.ts";
import type { CheckpointOptions } from "./checkpoint-options.ts";
import type { CommitLog } from "./commit-log.ts";
import { countingSource } from "./files.ts";
import { makeWithNewId } from "./new-files.ts";
import { decodeSlotCounts, newTally, SlotCounts } from "./slot-counts.ts";
import { pathOf, removeFile, type StoreParts } from "./store-parts.ts";
import { TRACES } from "./tracing.ts";

/**
 * Writes the keydir as it lies in memory, shard by shard, each copied in one go while writes go on between, and names
 * the file in the manifest only once everything that any shard holds is durable. A replay begins at the log position of
 * the first shard's copy; what later shards already hold is replayed over itself, which changes nothing.
 *
 * A cache: a failure abandons the file. Not to be run while a merge publishes (`Maintenance`).
 */
export class Checkpointer {
  readonly #parts: StoreParts;
  readonly #log: CommitLog;
  #coveredSequence: number;
  #count = 0;

  constructor(parts: StoreParts, log: CommitLog, coveredSequence: number) {
    this.#parts = parts;
    this.#log = log;
    this.#coveredSequence = coveredSequence;
  }

  /** How many were written since the store was opened. */
  get count(): number {
    return this.#count;
  }

  /** Whether the manifest names one that holds every acknowledged write. */
  get isCurrent(): boolean {
    return this.#parts.manifest.current.checkpoint !== undefined && this.#coveredSequence === this.#log.acknowledged;
  }

  /**
   * Writes one, if the one there is does not hold everything already.
   * @throws HashlogError what writing failed of; the store is as it was
   */
  async write(options: CheckpointOptions = {}): Promise<void> {
    if (this.isCurrent) {
      // mark: checkpoint/current-already
      return;
    }
    await TRACES.checkpoint.around(
      () => ({ directory: this.#parts.directory }),
      () => this.#writeInWords(options),
      (trace, bytes) => {
        trace.bytes = bytes;
      },
    );
  }

  async #writeInWords(options: CheckpointOptions): Promise<number> {
    throwIfAborted(options.signal, CHECKPOINTING);
    try {
      return await this.#write(options);
    } catch (error) {
      throw inOwnWords(error, "writing a checkpoint failed");
    }
  }

  /** Resolves to the bytes of the file. */
  async #write(options: CheckpointOptions): Promise<number> {
    const { manifest } = this.#parts;
    const { state, failures } = this.#log;
    if (state.kind !== "ready") {
      // mark: checkpoint/refused-by-a-failed-log
      throw state.error;
    }
    const files = this.#parts.entries.begin();
    const { id, file } = await makeWithNewId(this.#parts, async (taken) => ({
      id: taken,
      file: await files.create(this.#path(taken)),
    }));
    let bytes: number;
    try {
      const { written, covered } = await this.#dump(id, file, options);
      await file.sync();
      await files.syncDirectory(this.#parts.directory);
      await this.#log.sync();
      const old = manifest.current.checkpoint;
      await manifest.edit((current) => {
        this.#checkPlaces(failures);
        return { ...current, nextFileId: this.#parts.fileIds.next, checkpoint: { id, ...written } };
      });
      // mark: checkpoint/named
      this.#coveredSequence = covered;
      this.#count += 1;
      if (old !== undefined) {
        // mark: checkpoint/old-one-removed
        await removeFile(this.#parts, this.#path(old.id));
      }
      ({ bytes } = written);
    } catch (error) {
      // Where open files cannot be removed it has to be closed first.
      await file.close();
      // While an edit's outcome is unknown the manifest may name the file.
      if (manifest.failure !== undefined) {
        // mark: checkpoint/failed-and-file-stays
        throw error;
      }
      // mark: checkpoint/failed-and-file-removed
      await removeFile(this.#parts, file.path);
      throw error;
    }
    await file.close();
    return bytes;
  }

  // A log that failed meanwhile may have resumed: shards copied before point to where the tail lay that was appended again
  // elsewhere, behind what is sealed of that segment, and nothing there was ever synced.
  #checkPlaces(failures: number): void {
    if (this.#log.failures === failures) return;
    const { state } = this.#log;
    if (state.kind !== "ready") {
      // mark: checkpoint/log-failed-meanwhile
      throw state.error;
    }
    // mark: checkpoint/log-resumed-meanwhile
    throw new HashlogError("HASHLOG_NO_SPACE", "the volume was full while a checkpoint was written; nothing is lost");
  }

  async #dump(
    id: number,
    file: AppendFile,
    { signal, onProgress }: CheckpointOptions,
  ): Promise<{ written: { bytes: number; crc: number }; covered: number }> {
    const { keydir, manifest, clock, table } = this.#parts;
    const covered = this.#log.acknowledged;
    const { expiry, slotCount } = table;
    const counts = new SlotCounts(newTally(slotCount, expiry.asOfMs));
    const encoder = new CheckpointEncoder(
      {
        storeId: manifest.current.storeId,
        checkpointId: id,
        layout: layoutOf(keydir),
        shardCount: keydir.shardCount + 1,
        replay: this.#log.replayPosition(),
        segments: this.#segmentStates(),
      },
      (bytes) => file.append(bytes, 0, bytes.length),
    );
    for (let shard = 0; shard < keydir.shardCount; shard += 1) {
      encoder.shard(shard, keydir.dumpShard(shard));
      counts.makeRoom(table.slotCount);
      keydir.tally(shard, counts.tally);
      if (shard % SHARDS_PER_SLICE === SHARDS_PER_SLICE - 1) await clock.yield();
      onProgress?.({ partsDone: shard + 1, partsTotal: keydir.shardCount });
      throwIfAborted(signal, CHECKPOINTING);
    }
    encoder.shard(keydir.shardCount, counts.encode());
    return { written: encoder.finish(), covered };
  }

  // As of the replay position: what is replayed is counted again, and what lies before it is not.
  #segmentStates(): CheckpointHeader["segments"] {
    return [...this.#parts.table.all()].map(({ slot, segmentId, place, totals }) => ({
      slot,
      segmentId,
      identity: place.identity,
      ...totals,
    }));
  }

  #path(id: number): string {
    return pathOf(this.#parts, checkpointFileName(id));
  }
}

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

// The shards are the keydir's own, and one more: what is live.
function layoutOf(keydir: Keydir): string {
  return `${keydir.layout}+counts/1`;
}

const CHECKPOINTING = "writing a checkpoint";
const SHARDS_PER_SLICE = 8;
