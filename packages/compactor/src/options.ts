import { SEGMENT_BYTES_MAX } from "@hashlog/format";
import { checkNames, integerIn } from "./checks.ts";
import { invalidArgument } from "./errors.ts";
import type { MergeInput } from "./ports.ts";
import type { MergeProgress } from "./report.ts";

/** How to merge. Which segments, and when, is for the caller to decide. Unknown options are refused by name. */
export interface MergeOptions {
  /**
   * Bytes that an output may have, from 1 to 2^32 - 1. A record that does not fit gets an output of its own. Larger
   * means fewer files; smaller means that a later merge can leave more of them alone.
   */
  readonly outputBytesMax: number;

  /**
   * Bytes written to an output between two syncs of it, 1 or more. Default 8 MiB. Smaller keeps each sync short, so that
   * the store's own syncs, on the same disk, do not wait behind a huge one; larger merges faster.
   */
  readonly syncEveryBytes?: number | undefined;

  /**
   * Bytes processed between two calls of `MergeStore.yield`, 1 or more. Default 256 KiB. Smaller holds the event loop for
   * shorter times; larger merges faster.
   */
  readonly sliceBytes?: number | undefined;

  /**
   * Aborts the merge, as long as it has not begun to publish: the outputs are abandoned, and `merge` rejects with the
   * signal's reason. From then on the signal is not looked at, and the merge completes.
   */
  readonly signal?: AbortSignal | undefined;

  /** Called after every slice and at the ends of each phase. What it throws ends the merge as any failure does. */
  readonly onProgress?: ((progress: MergeProgress) => void) | undefined;
}

/** The options, checked, with the defaults filled in. */
export interface MergeSettings {
  readonly outputBytesMax: number;
  readonly syncEveryBytes: number;
  readonly sliceBytes: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (progress: MergeProgress) => void;
}

const KNOWN = ["outputBytesMax", "syncEveryBytes", "sliceBytes", "signal", "onProgress"];

/** @throws MergeError `MERGE_INVALID_ARGUMENT` */
export function checkOptions(options: MergeOptions): MergeSettings {
  checkNames(options, KNOWN);
  const bytes = (name: "outputBytesMax" | "syncEveryBytes" | "sliceBytes", initial: number, most: number): number =>
    integerIn(name, options[name], initial, 1, most);
  return {
    // There is none that would do for all: what is left out is refused.
    outputBytesMax: bytes("outputBytesMax", NaN, SEGMENT_BYTES_MAX),
    syncEveryBytes: bytes("syncEveryBytes", 8 * 1024 * 1024, Number.MAX_SAFE_INTEGER),
    sliceBytes: bytes("sliceBytes", 256 * 1024, Number.MAX_SAFE_INTEGER),
    signal: options.signal,
    onProgress: options.onProgress ?? (() => {}),
  };
}

/** No segment twice. @throws MergeError `MERGE_INVALID_ARGUMENT` */
export function checkInputs(inputs: readonly MergeInput[]): void {
  const ids = new Set(inputs.map((input) => input.segmentId));
  if (ids.size !== inputs.length) throw invalidArgument("inputs must not hold a segment twice");
}
