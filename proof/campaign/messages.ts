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
  /** How long it may try to make a counterexample smaller. */
  readonly shrinkMs: number;
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
      /** As it was found. */
      readonly found: string;
      /** As small as it could be made, and what it breaks. */
      readonly case: CrashCase | FaultCase;
      readonly message: string;
    }
  /** It has told everything. One that ends without this has not. */
  | { readonly type: "done" }
  /** The proof itself failed. */
  | { readonly type: "broken"; readonly message: string };
