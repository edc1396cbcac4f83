import { FRAME_HEADER_BYTES, recordBytes, writeRecordHeader } from "@hashlog/format";
import { unheard } from "./unheard.ts";

/**
 * The commits that will go into the log together as one frame, encoded straight into the bytes that are written:
 *
 *     | room for the frame header | record | record | ...
 *
 * All writes of a group share one promise: what a frame costs, it costs once. The records keep their bytes here until
 * the group is acknowledged, when the keydir learns of them by a walk over this buffer.
 *
 * Invariant: sequences within a group are consecutive, so only the first is kept.
 */
export class Group {
  buffer: Uint8Array;
  length: number = FRAME_HEADER_BYTES;
  recordCount = 0;
  readonly firstSequence: number;
  /** Some write in it is acknowledged only when synced; then the whole group is. */
  needsSync = false;
  /** Whether it adds to the store; one of deletes alone makes room, in the end. */
  hasPuts = false;
  /** Where the frame lies once it was appended. */
  slot = -1;
  fileOffset = -1;
  /** Resolves to what all writes without a condition do: they were done. */
  readonly settled: Promise<true>;
  #resolve!: (done: true) => void;
  #reject!: (reason: unknown) => void;
  #deletes: WaitingDelete[] | undefined;

  constructor(firstSequence: number, buffer: Uint8Array) {
    this.firstSequence = firstSequence;
    this.buffer = buffer;
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    void unheard(this.settled);
  }

  /** As `settled`, for those who ask for no answer. */
  whenSettled(): Promise<void> {
    return unheard(this.settled.then(() => undefined));
  }

  get nextSequence(): number {
    return this.firstSequence + this.recordCount;
  }

  get lastSequence(): number {
    return this.firstSequence + this.recordCount - 1;
  }

  /** Copies a put into the group. */
  addPut(key: Uint8Array, value: Uint8Array, expiresAtMs: number): void {
    const { buffer, length, nextSequence } = this;
    const keyAt = writeRecordHeader(buffer, length, nextSequence, key.length, value.length, false, expiresAtMs);
    buffer.set(key, keyAt);
    buffer.set(value, keyAt + key.length);
    this.length = length + recordBytes(key.length, value.length, expiresAtMs !== 0);
    this.recordCount += 1;
    this.hasPuts = true;
  }

  /** Copies a tombstone into the group. */
  addTombstone(key: Uint8Array): void {
    const { buffer, length, nextSequence } = this;
    buffer.set(key, writeRecordHeader(buffer, length, nextSequence, key.length, 0, true, 0));
    this.length = length + recordBytes(key.length, 0, false);
    this.recordCount += 1;
  }

  /** Copies a tombstone into the group; resolves to whether the key was there at that place in the log. */
  addDelete(key: Uint8Array): Promise<boolean> {
    const at = this.length;
    this.addTombstone(key);
    const answer = new Promise<boolean>((resolve, reject) => {
      this.#deletes ??= [];
      this.#deletes.push({ at, resolve, reject });
    });
    return unheard(answer);
  }

  /** The deletes whose callers wait for an answer, in the order of their places in the buffer. */
  get deletes(): readonly WaitingDelete[] {
    return this.#deletes ?? [];
  }

  /** All of the group's writes are visible, and as durable as they were asked to be. */
  resolve(): void {
    this.#resolve(true);
  }

  /** None of the group's writes is visible or will be. */
  reject(reason: unknown): void {
    this.#reject(reason);
    for (const waiting of this.deletes) waiting.reject(reason);
  }

  /**
   * Makes sure that `bytes` more bytes of records fit. Nothing else in here allocates memory for bytes: once there is room
   * for a commit, all of it can be added.
   * @throws RangeError if there is no memory; nothing is changed then
   */
  makeRoom(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, Math.min(this.buffer.length * 2, needed + GROWTH_BYTES_MAX)));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
  }
}

interface WaitingDelete {
  /** Where the tombstone's record begins in the buffer. */
  readonly at: number;
  readonly resolve: (existed: boolean) => void;
  readonly reject: (reason: unknown) => void;
}

// Doubling a buffer of gigabytes would ask for memory that nobody needs.
const GROWTH_BYTES_MAX = 64 * 1024 * 1024;
