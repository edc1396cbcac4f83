import type { FinishedOutput, MergeOptions, MergeProgress, MergeReport } from "@hashlog/compactor";
import type { SentError } from "./sent-errors.ts";

/**
 * What the thread of a merge and the thread of its store say to one another.
 *
 *     store's thread                              merge's thread
 *     start ------------------------------------> opens the inputs, and merges
 *     <------------------------------------- call (one of `StoreCalls`; one at a time)
 *     reply, or refusal ------------------------>
 *     <--------------------------------- progress
 *     abort ------------------------------------>
 *     <--------------------------- done, or failed
 *     end -------------------------------------->  exits; between merges only
 */
export type ToThread =
  | {
      readonly type: "start";
      readonly inputs: readonly SentInput[];
      readonly options: Omit<MergeOptions, "signal" | "onProgress">;
      readonly floor: number;
    }
  | { readonly type: "reply"; readonly value: unknown; readonly floor: number }
  /** `error` is a number by which the store's thread knows what was thrown. */
  | { readonly type: "refusal"; readonly error: number; readonly message: string }
  | { readonly type: "abort" }
  | { readonly type: "end" };

/** What comes from the merge's thread. */
export type FromThread =
  | { readonly type: "call"; readonly call: StoreCall }
  | { readonly type: "progress"; readonly progress: MergeProgress }
  | { readonly type: "done"; readonly report: MergeReport }
  | { readonly type: "failed"; readonly error: SentError };

/** An input, without its handle. */
export interface SentInput {
  readonly segmentId: number;
  readonly identity: bigint;
  readonly path: string;
  readonly sealedBytes: number;
  readonly lowestSequence: number;
  readonly highestSequence: number;
}

/** An output whose header is written. */
export interface SentOutput {
  readonly segmentId: number;
  readonly identity: bigint;
  readonly path: string;
  readonly position: number;
}

/** A finished output: its id instead of the output. */
export type SentFinished = Omit<FinishedOutput, "output"> & { readonly segmentId: number };

/** A `RecordBatch`, keys packed. */
export interface SentRecords {
  readonly segmentId: number;
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly keyStarts: Uint32Array;
  readonly keyEnds: Uint32Array;
  readonly offsets: Uint32Array;
  readonly absenceMatters: Uint8Array;
}

/** A `MoveBatch`, keys packed. */
export interface SentMoves {
  readonly segmentId: number;
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly keyStarts: Uint32Array;
  readonly keyEnds: Uint32Array;
  readonly sourceIds: Uint32Array;
  readonly sourceOffsets: Uint32Array;
  readonly targetOffsets: Uint32Array;
  readonly valueBytes: Uint32Array;
  readonly expiresAtMs: Float64Array;
}

/** The methods of `MergeStore` that are asked for by message: what each is given, and what it answers. */
export interface StoreCalls {
  lowestSequenceOutside(ids: readonly number[]): number;
  lookUp(records: SentRecords): Uint8Array;
  now(): number;
  createOutput(): SentOutput;
  syncDirectory(): void;
  syncLog(): void;
  publish(outputs: readonly SentFinished[]): void;
  relocate(moves: SentMoves): number;
  dropExpired(records: SentRecords): number;
  keysPointingInto(ids: readonly number[], now: number): readonly number[];
  retire(ids: readonly number[]): void;
  removeInputs(ids: readonly number[]): void;
  abandonOutputs(ids: readonly number[]): void;
  yield(bytes: number): void;
}

/** One of those calls. */
export type StoreCall = {
  readonly [Name in keyof StoreCalls]: { readonly name: Name; readonly args: Parameters<StoreCalls[Name]> };
}[keyof StoreCalls];
