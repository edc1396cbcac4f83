import type { Checkpointer } from "./checkpointer.ts";
import { writeHint } from "./hint-files.ts";
import { HintsPutOff } from "./hints-put-off.ts";
import type { Maintenance } from "./maintenance.ts";
import type { Segment } from "./segment.ts";
import type { StoreParts } from "./store-parts.ts";

/**
 * The caches that are written in the background: a hint file for each segment that is sealed, also one that a crash
 * sealed, when there is time for it, and a checkpoint whenever the log has grown by enough that replaying it would take long.
 */
export class BackgroundFiles {
  readonly #parts: StoreParts;
  readonly #maintenance: Maintenance;
  readonly #putOff: HintsPutOff;
  #checkpointer: Checkpointer | undefined;
  readonly #sealedWhileOpening: Segment[] = [];
  #bytesSinceCheckpoint = 0;

  constructor(parts: StoreParts, maintenance: Maintenance) {
    this.#parts = parts;
    this.#maintenance = maintenance;
    this.#putOff = new HintsPutOff(parts, (segment) => this.#writeHint(segment));
  }

  /** The store is closing: nothing is begun any more, and no timer fires. */
  stop(): void {
    this.#putOff.stop();
  }

  /**
   * The store is open: checkpoints may be written, and the hints that the opening found missing. Whoever waits for the
   * store has the first turn.
   */
  begin(checkpointer: Checkpointer, withoutHint: readonly Segment[]): void {
    this.#checkpointer = checkpointer;
    const missing = [...withoutHint, ...this.#sealedWhileOpening];
    if (missing.length === 0) return;
    this.#later(() => this.#parts.clock.yield());
    for (const segment of missing) this.hint(segment);
  }

  /** A segment of the log was sealed; by the opening, if the store is not open yet. */
  sealed(segment: Segment): void {
    if (this.#checkpointer === undefined) this.#sealedWhileOpening.push(segment);
    else this.hint(segment);
    this.#grown(segment.bytes, this.#parts.limits.checkpointBytesLeast);
  }

  /** A merge in the background has read and written so many bytes, and dropped the checkpoint with its inputs. */
  merged(bytes: number): void {
    this.#grown(bytes, 0);
  }

  // A checkpoint must not cost more than a part of what was written anyhow.
  #grown(bytes: number, least: number): void {
    this.#bytesSinceCheckpoint += bytes;
    const enough = Math.max(least, CHECKPOINT_SHARE * this.#parts.keydir.memoryBytes);
    if (this.#checkpointer === undefined || this.#bytesSinceCheckpoint < enough) return;
    // mark: checkpoint/as-the-log-grows
    this.#bytesSinceCheckpoint = 0;
    const checkpointer = this.#checkpointer;
    this.#later(() => checkpointer.write());
  }

  /** Writes the segment's hint file when its turn comes, if it is still part of the store then; a large one's not while the log is busy. */
  hint(segment: Segment): void {
    if (segment.bytes > this.#parts.limits.hintAtOnceBytesMost) this.#putOff.add(segment);
    else this.#writeHint(segment);
  }

  #writeHint(segment: Segment): void {
    this.#later(async () => {
      if (this.#parts.table.byId(segment.segmentId) !== segment) {
        // mark: hint/segment-gone-before-its-turn
        return;
      }
      segment.pin();
      try {
        await writeHint(segment, this.#parts);
      } finally {
        segment.unpin();
      }
    });
  }

  #later(work: () => Promise<void>): void {
    this.#maintenance.runInBackground(work).catch((error: unknown) => this.#parts.failures.note(error));
  }
}

/** So many times as much as a checkpoint takes has to be written between two of them. */
const CHECKPOINT_SHARE = 4;
