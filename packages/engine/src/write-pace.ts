import type { Clock } from "@hashlog/fs-io";

/**
 * How fast the log grows while a merge in the background has to keep up with it. Only then (`hold`) anybody waits, and for
 * two reasons.
 *
 * - The log takes so many bytes in a turn of the event loop and no more: a merge goes on in slices, one a turn, but a writer
 *   that awaits one unsynced write after another never gives the loop away.
 * - It takes so many bytes more, and from then on only a share of what the merge gets done: what is overwritten faster
 *   than any merge copies would fill the disk.
 */
export class WritePace {
  readonly #clock: Pick<Clock, "yield">;
  readonly #bytesPerTurn: number;
  #isHeld = false;
  /** Bytes left in this turn. */
  #credit = 0;
  /** Bytes left until writes have to wait for the merge. */
  #room = Number.POSITIVE_INFINITY;
  #onRoom: (() => void) | undefined;
  #appendedBytes = 0;
  /** Told of every append, and of every write that was refused for want of room. */
  onAppended: (bytes: number) => void = () => undefined;
  onRefused: () => void = () => undefined;

  constructor(clock: Pick<Clock, "yield">, bytesPerTurn: number) {
    this.#clock = clock;
    this.#bytesPerTurn = bytesPerTurn;
  }

  /**
   * From now on, until `release`, the log waits for its turn, and after `room` bytes for a merge. So nothing that a merge
   * waits for may wait for what the log has not taken yet.
   */
  hold(room: number = Number.POSITIVE_INFINITY): void {
    this.#isHeld = true;
    this.#credit = Math.min(this.#credit, this.#bytesPerTurn);
    this.#setRoom(room);
  }

  release(): void {
    this.#isHeld = false;
    this.#setRoom(Number.POSITIVE_INFINITY);
  }

  /** The merge has got so many bytes done. */
  progressed(bytes: number): void {
    this.#setRoom(this.#room + bytes / PROGRESS_PER_BYTE);
  }

  /** How many bytes the log has taken since the store was opened. */
  get appendedBytes(): number {
    return this.#appendedBytes;
  }

  /** Whether the next append has to wait for `nextTurn`. */
  get isSpent(): boolean {
    return this.#isHeld && (this.#credit <= 0 || this.#room <= 0);
  }

  appended(bytes: number): void {
    this.#appendedBytes += bytes;
    if (this.#isHeld) {
      this.#credit -= bytes;
      this.#room -= bytes;
    }
    this.onAppended(bytes);
  }

  /** Resolves when others had their turn. More than is due in one is made good for in those that follow. */
  async nextTurn(): Promise<void> {
    await this.#clock.yield();
    this.#credit = Math.min(this.#credit + this.#bytesPerTurn, this.#bytesPerTurn);
    if (!this.#isHeld || this.#room > 0) return;
    // mark: commit/waits-for-a-merge
    await new Promise<void>((resolve) => {
      this.#onRoom = resolve;
    });
  }

  #setRoom(room: number): void {
    this.#room = room;
    if (room <= 0) return;
    this.#onRoom?.();
    this.#onRoom = undefined;
  }
}

/** For every byte that is written a merge has to get so many done: read, written, or read again. */
const PROGRESS_PER_BYTE = 8;
