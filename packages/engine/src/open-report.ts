import type { IndexRoad } from "./load-index.ts";
import type { TornTail } from "./log-run.ts";

/** What an opening found and did; in `stats().open`. */
export interface OpenReport {
  /** There was no store: this opening made it. */
  readonly created: boolean;
  /** The last writer had closed the store, or there was nothing to recover. */
  readonly clean: boolean;
  /** How most of the keydir was filled. */
  readonly road: IndexRoad;
  /** The end of an unfinished write that was dropped: never acknowledged as durable. `undefined` if there was none. */
  readonly tornTail: TornTail | undefined;
  /** Writes above the last testified floor that were appended again, to be sure of them. */
  readonly writesRescued: number;
  /** Files of ours that no manifest lists, left by a crash, and removed. */
  readonly filesRemoved: readonly string[];
}
