import type { SimulatedDisk } from "@hashlog/fs-io/testing";
import type { Ledger } from "./ledger.ts";
import type { Session } from "./session.ts";

/** How the disk came to be as it is when the store is opened. */
export type After = "kill" | "power cut";

/** What a session goes on from. By default nothing. */
export interface SessionOptions {
  readonly ledger?: Ledger;
  readonly after?: After;
  readonly nowMs?: number;
  /** Reads may fail again and again, as long as the faults are there. */
  readonly readsMayFail?: boolean;
  /** How often the store was opened before: each opening has random numbers of its own. */
  readonly openings?: number;
}

/** A session as it was after so many steps of its disk. */
export interface Moment {
  readonly ordinal: number;
  readonly wasLiedTo: boolean;
  /** A session on another disk, after a crash at that moment. */
  readonly crashed: (disk: SimulatedDisk, after: After) => Session;
}
