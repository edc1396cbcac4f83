import type { Checkpointer } from "./checkpointer.ts";
import { writeHint } from "./hint-files.ts";
import { HintsPutOff } from "./hints-put-off.ts";
import type { Maintenance } from "./maintenance.ts";
import { Quiet } from "./quiet.ts";
import type { Segment } from "./segment.ts";
import type { StoreParts } from "./store-parts.ts";

/**
 * The caches that are written in the background: a hint file for each segment that is sealed, also one that a crash
 * sealed, when there is time for it, and a checkpoint when the log has grown by enough that replaying it would take long.
 */
export class BackgroundFiles {
  readonly #parts: StoreParts;
  readonly #maintenance: Maintenance;
  readonly #hintsPutOff: HintsPutOff;
  readonly #quiet: Quiet;
  #checkpointer: Pick<Checkpointer, "write"> | undefined;
  readonly #sealedWhileOpening: Segment[] = [];
  /** Bytes that were written since the last checkpoint was begun. */
  #bytesSinceCheckpoint = 0;
  /** Whether so much was written since that another would be due. */
  #checkpointIsDue = false;
  /** Whether one was written that no merge has dropped yet. */
  #checkpointLives = false;
  /** How many times as much as usual is written before the next one, unless the log is quiet. */
  #patience = 1;

  constructor(parts: StoreParts, maintenance: Maintenance) {
    this.#parts = parts;
    this.#maintenance = maintenance;
    this.#hintsPutOff = new HintsPutOff(parts);
    this.#quiet = new Quiet(parts, () => this.#catchUp());
  }

  /** The store is closing: nothing is begun any more, and no timer fires. */
  stop(): void {
    this.#quiet.stop();
  }

  /**
   * The store is open: checkpoints may be written, and the hints that the opening found missing. Whoever waits for the
   * store has the first turn.
   */
  begin(checkpointer: Pick<Checkpointer, "write">, withoutHint: readonly Segment[]): void {
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
    if (this.#checkpointLives) {
      this.#checkpointLives = false;
      const livedLong = this.#bytesSinceCheckpoint > this.#enough(0) / 2;
      // mark: checkpoint/dropped-by-a-merge
      this.#patience = livedLong ? 1 : Math.min(2 * this.#patience, PATIENCE_MOST);
    }
    this.#grown(bytes, 0);
  }

  // Where one merge after another drops the checkpoint that was just written, the next one waits for longer, or for quiet.
  #grown(bytes: number, least: number): void {
    this.#bytesSinceCheckpoint += bytes;
    const enough = this.#enough(least);
    if (this.#checkpointer === undefined || this.#bytesSinceCheckpoint < enough) return;
    this.#checkpointIsDue = true;
    if (this.#bytesSinceCheckpoint >= this.#patience * enough) {
      // mark: checkpoint/as-the-log-grows
      this.#checkpoint(this.#checkpointer);
    } else {
      // mark: checkpoint/put-off
      this.#quiet.await();
    }
  }

  // A checkpoint must not cost more than a part of what was written anyhow.
  #enough(least: number): number {
    return Math.max(least, CHECKPOINT_SHARE * this.#parts.keydir.memoryBytes);
  }

  #checkpoint(checkpointer: Pick<Checkpointer, "write">): void {
    // The last one has lived until now.
    if (this.#checkpointLives) this.#patience = 1;
    this.#bytesSinceCheckpoint = 0;
    this.#checkpointIsDue = false;
    this.#later(async () => {
      await checkpointer.write();
      // Not before: until it is named no merge can drop it.
      this.#checkpointLives = true;
    });
  }

  /** Writes the segment's hint file when its turn comes, if it is still part of the store then; a large one's not while the log is busy. */
  hint(segment: Segment): void {
    if (segment.bytes <= this.#parts.limits.hintAtOnceBytesMost) {
      this.#writeHint(segment);
      return;
    }
    for (const oldest of this.#hintsPutOff.add(segment)) this.#writeHint(oldest);
    this.#quiet.await();
  }

  // The log is quiet.
  #catchUp(): void {
    for (const segment of this.#hintsPutOff.takeAll()) this.#writeHint(segment);
    if (this.#checkpointIsDue) this.#checkpoint(this.#checkpointer!);
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
const PATIENCE_MOST = 8;
