import { HashlogError } from "@hashlog/engine";
import type { MergeDone, MergeEvents } from "./open-store.ts";
import type { Phase } from "./phases.ts";
import type { Merges } from "./result.ts";

/** Whether a merge is running, and the sum of what those that ended did. */
export class MergeLog implements MergeEvents {
  phase: Phase = "idle";
  #sum: Merges = { count: 0, failures: 0, bytesRead: 0, bytesWritten: 0, bytesFreed: 0, durationMs: 0 };

  get sum(): Merges {
    return this.#sum;
  }

  readonly onStart = (): void => {
    this.phase = "merging";
  };

  readonly onEnd = (done: MergeDone): void => {
    this.phase = "idle";
    const sum = this.#sum;
    this.#sum = {
      count: sum.count + 1,
      failures: sum.failures,
      bytesRead: sum.bytesRead + done.bytesRead,
      bytesWritten: sum.bytesWritten + done.bytesWritten,
      bytesFreed: sum.bytesFreed + done.bytesFreed,
      durationMs: sum.durationMs + done.durationMs,
    };
  };

  readonly onFailure = (error: unknown): void => {
    this.phase = "idle";
    // Only cancelled: the store was closed.
    if (HashlogError.is(error) && error.code === "HASHLOG_ABORTED") return;
    this.#sum = { ...this.#sum, failures: this.#sum.failures + 1 };
    console.error("a merge failed:", error);
  };
}
