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

/**
 * Some records of one input. The arrays are the compactor's, which fills them anew for every call; of each only the first
 * `count` elements mean something.
 */
export interface RecordBatch {
  readonly input: MergeInput;
  readonly count: number;
  /** Record `i` has its key at `bytes[keyStarts[i]..keyEnds[i])`, and begins at `offsets[i]` of the input. */
  readonly bytes: Uint8Array;
  readonly keyStarts: Uint32Array;
  readonly keyEnds: Uint32Array;
  readonly offsets: Uint32Array;
  /** 0: of a record that the keydir does not point to it is all the same whether its key is absent or elsewhere. Else 1. */
  readonly absenceMatters: Uint8Array;
}

/** What `lookUp` says of a record whose key the keydir does not know. */
export const KEY_ABSENT = 0;
/** What `lookUp` says of a record that the keydir points to. */
export const KEY_HERE = 1;
/** What `lookUp` says of a record whose key the keydir knows, at another place. */
export const KEY_ELSEWHERE = 2;

/** Some records of one output, and where they were before. The arrays are as those of a `RecordBatch`. */
export interface MoveBatch {
  readonly output: MergeOutput;
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly keyStarts: Uint32Array;
  readonly keyEnds: Uint32Array;
  /** The `segmentId` of the input, and the offset of the record there. */
  readonly sourceIds: Uint32Array;
  readonly sourceOffsets: Uint32Array;
  readonly targetOffsets: Uint32Array;
  readonly valueBytes: Uint32Array;
  readonly expiresAtMs: Float64Array;
}

/**
 * The store around a merge. Every method may reject; a rejection ends the merge as merge.ts describes.
 *
 * What asks the keydir, or changes it, does so for many records at once, and may answer later: then the merge may run in
 * another thread than the keydir. It need not, and where it answers at once no turn of the event loop is given away.
 */
export interface MergeStore {
  /**
   * The lowest sequence of any segment that is not among `inputs`, unsealed ones included; `Infinity` if there is none.
   * While a merge runs no record older than that may come into the store, only records newer than all of the inputs'.
   */
  lowestSequenceOutside(inputs: readonly MergeInput[]): number | Promise<number>;

  /**
   * Says what the keydir knows of each record's key: sets `found[i]` to `KEY_ABSENT`, `KEY_HERE` (it says that the newest
   * record of the key is the one at `offsets[i]` of the input) or `KEY_ELSEWHERE`, each whether expired or not; where
   * `absenceMatters[i]` is 0, either of the other two where it is not here. That it is a moment old when the record is judged
   * does no harm (verdict.ts).
   */
  lookUp(records: RecordBatch, found: Uint8Array): void | Promise<void>;

  /** The time for expiry: never runs backwards within an open. */
  now(): number | Promise<number>;

  /** The last sequence known durable, for the frames of the outputs. An older answer is as good. */
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

  /** Moves each key's entry from its old place to its new one if it still has exactly the old one. How many it moved. */
  relocate(moves: MoveBatch): number | Promise<number>;

  /**
   * Removes the entries of expired records that were dropped or buried, each if its key still lies at exactly that place.
   * How many it removed. Called when the inputs are retired.
   */
  dropExpired(records: RecordBatch): number | Promise<number>;

  /** How many keys still point into each of the inputs, but for those of records that had expired by `now`, which go later. */
  keysPointingInto(inputs: readonly MergeInput[], now: number): readonly number[] | Promise<readonly number[]>;

  /**
   * One durable manifest edit that takes all inputs out. They stay readable until `removeInputs`, and the keys that are to be
   * dropped still point into them.
   */
  retire(inputs: readonly MergeInput[]): Promise<void>;

  /**
   * Removes retired inputs: the keydir's entries that still point into them (there are some only if dropping has failed) and
   * the files. Once `retire` has resolved it is called whatever fails. Never rejects.
   */
  removeInputs(inputs: readonly MergeInput[]): Promise<void>;

  /** Removes the files of outputs that were abandoned before they were published. Never rejects. */
  abandonOutputs(outputs: readonly MergeOutput[]): Promise<void>;

  /**
   * Lets other work of the event loop have its turn. `bytes` is how much was read, written or looked through since the
   * last call. The store may resolve as late as it likes, and so slow the merge down or hold it. It need not reject when
   * the merge's signal aborts, but must resolve soon then: the signal is looked at when it has.
   */
  yield(bytes: number): Promise<void>;
}
