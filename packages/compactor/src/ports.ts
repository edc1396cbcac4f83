import type { ByteSource, Place } from "@hashlog/format";

/**
 * What a merge needs of the store around it, in this package's own words. The compactor knows the order of the steps
 * and the rules for what may go; the store knows files, the manifest and the keydir.
 */

/**
 * A sealed segment that is to be merged. Every record inside of `sealedBytes` is visible: one that the keydir does not
 * point to is one that something newer replaced, never one that it does not know yet.
 */
export interface MergeInput {
  readonly segmentId: number;
  readonly place: Place;
  /** The bytes that the manifest vouches for; `source.bytes` is at least as much, and nothing beyond is looked at. */
  readonly sealedBytes: number;
  readonly lowestSequence: number;
  readonly highestSequence: number;
  readonly source: ByteSource;
}

/** A segment that a merge is writing. The store has written its header; `position` begins behind it. */
export interface MergeOutput {
  readonly segmentId: number;
  readonly place: Place;
  /** Where the next byte will lie. */
  readonly position: number;
  /** Hands bytes to the operating system at `position`. Throws what the file system throws. */
  append(bytes: Uint8Array, start: number, end: number): void;
  /** Resolves when everything appended is durable (not the directory entry). */
  sync(): Promise<void>;
  /** What was appended, for reading it back. `bytes` follows `position`. */
  readonly source: ByteSource;
}

/** What the manifest will say of a finished output. */
export interface FinishedOutput {
  readonly output: MergeOutput;
  readonly sealedBytes: number;
  readonly lowestSequence: number;
  readonly highestSequence: number;
  /** Of all records, tombstones included, with their headers. */
  readonly recordCount: number;
  readonly recordBytes: number;
  readonly tombstoneCount: number;
  readonly tombstoneBytes: number;
  /** Puts with an expiry. */
  readonly expiringCount: number;
}

/** The store around a merge. Every method may reject; a rejection ends the merge as merge.ts describes. */
export interface MergeStore {
  /**
   * The lowest sequence of any segment that is not among `inputs`, unsealed ones included; `Infinity` if there is none.
   * While a merge runs no record older than that may come into the store, only records newer than all of the inputs'.
   */
  lowestSequenceOutside(inputs: readonly MergeInput[]): number;

  /** Whether the keydir says that the newest record of key `bytes[keyStart..keyEnd)` is the one at `offset` of `input`. */
  isNewest(input: MergeInput, offset: number, bytes: Uint8Array, keyStart: number, keyEnd: number): boolean;

  /** Whether the keydir knows the key at all, at whatever place, expired or not. */
  hasKey(bytes: Uint8Array, keyStart: number, keyEnd: number): boolean;

  /** The time for expiry: never runs backwards within an open. */
  now(): number;

  /** The last sequence known durable, for the frames of the outputs. */
  floor(): number;

  /** A new segment, unlisted, its header written (not synced). If it rejects there is nothing to abandon. */
  createOutput(): Promise<MergeOutput>;

  /** Makes the directory entries of the outputs durable. */
  syncDirectory(): Promise<void>;

  /**
   * Resolves when every write that is visible by now is durable: what made a record dead must not be lost while the
   * dead record is.
   */
  syncLog(): Promise<void>;

  /** One durable manifest edit that lists the outputs beside the inputs. Not called when there are no outputs. */
  publish(outputs: readonly FinishedOutput[]): Promise<void>;

  /** Moves the key's entry from its old place to its new one if it still has exactly the old one. */
  relocate(move: Relocation, bytes: Uint8Array, keyStart: number, keyEnd: number): boolean;

  /** Removes the entry of an expired record that was dropped or buried, if the key still lies at exactly that place. */
  dropExpired(input: MergeInput, offset: number, bytes: Uint8Array, keyStart: number, keyEnd: number): boolean;

  /** How many keys still point into the input. */
  keysPointingInto(input: MergeInput): number;

  /** One durable manifest edit that takes all inputs out. */
  retire(inputs: readonly MergeInput[]): Promise<void>;

  /** Removes the files of retired inputs, or of outputs that were abandoned before they were published. Never rejects. */
  removeInputs(inputs: readonly MergeInput[]): Promise<void>;
  abandonOutputs(outputs: readonly MergeOutput[]): Promise<void>;

  /**
   * Lets other work of the event loop have its turn. `bytes` is how much was read, written or looked through since the
   * last call. The store may resolve as late as it likes, and so slow the merge down or hold it. It need not reject when
   * the merge's signal aborts, but must resolve soon then: the signal is looked at when it has.
   */
  yield(bytes: number): Promise<void>;
}

/** Where a record was and where its copy is. */
export interface Relocation {
  readonly input: MergeInput;
  readonly sourceOffset: number;
  readonly output: MergeOutput;
  readonly targetOffset: number;
  readonly valueBytes: number;
  readonly expiresAtMs: number;
}
