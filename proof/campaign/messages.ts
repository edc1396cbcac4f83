import type { CrashCase } from "../cases/case.ts";
import type { FaultCase } from "../faults/fault-case.ts";
import type { Agenda } from "./tasks.ts";

/** What a worker is to do. Sent once, first. */
export interface ToWorker {
  readonly agenda: Agenda;
  /** It takes the tasks that fall to it, each to exactly one of them. */
  readonly index: number;
  readonly workers: number;
  /** It begins no task after that moment. */
  readonly deadlineMs: number;
}

/** A counterexample, as plain data. */
export interface Told {
  readonly case: CrashCase | FaultCase;
  /** The id of what it breaks: P1, P2 and so on. */
  readonly property: string;
  readonly message: string;
}

/** What a worker tells. */
export type FromWorker =
  | {
      readonly type: "progress";
      /** All that follows is of this part, and since it told last. */
      readonly part: string;
      readonly cases: number;
      /** Crashes derived, images opened. */
      readonly crashes: number;
      readonly recoveries: number;
      /** Processor time since its beginning. */
      readonly cpuSeconds: number;
      /** Hashes of images that are new to it, two words each. */
      readonly images: Uint32Array;
    }
  | {
      readonly type: "counterexample";
      readonly part: string;
      readonly found: Told;
      /** As small as it could be made. It may break another property. */
      readonly small: Told;
    }
  /** It has told everything. One that ends without this has not. */
  | { readonly type: "done" }
  /** The proof itself failed. */
  | { readonly type: "broken"; readonly message: string };
