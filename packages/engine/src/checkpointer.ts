import { CheckpointEncoder, checkpointFileName, type CheckpointHeader } from "@hashlog/format";
import type { AppendFile } from "@hashlog/fs-io";
import { inOwnWords, HashlogError, throwIfAborted } from "./errors.ts";
import type { CheckpointOptions } from "./checkpoint-options.ts";
import type { CommitLog } from "./commit-log.ts";
import { layoutOf } from "./load-checkpoint.ts";
import { makeWithNewId } from "./new-files.ts";
import { newTally, SlotCounts } from "./slot-counts.ts";
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

const CHECKPOINTING = "writing a checkpoint";
const SHARDS_PER_SLICE = 8;
