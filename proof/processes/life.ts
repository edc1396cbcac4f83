import type { IndexRoad } from "@hashlog/engine";
import type { Change } from "../oracle/model.ts";

/**
 * One life of a process with a store: what it does, and how it dies. Plain data, drawn by the parent from a seed
 * (draw-life.ts) and handed to the process that lives it (mortal.ts), so that a line tells the whole of it.
 */
export interface Life {
  readonly directory: string;
  readonly sync: "always" | "never" | "interval";
  readonly segmentBytesMax: number;
  /** What the process takes for the time, in milliseconds: it stands still but for `tick`, so that expiry is exact. */
  readonly nowMs: number;
  readonly steps: readonly Step[];
  /** It waits for merges and checkpoints that are under way before it closes the store, or closes beneath them. */
  readonly isPatient: boolean;
  readonly death: Death;
}

export type Step =
  /** A write; of several changes: a batch. It is not waited for. */
  | readonly ["write", readonly Change[]]
  /** Waits until every write so far is acknowledged. */
  | readonly ["settle"]
  /** The event loop turns so many times. */
  | readonly ["turns", number]
  /** So many milliseconds pass. */
  | readonly ["tick", number]
  /** Begun, and not waited for. Merges and checkpoints run one after another. */
  | readonly ["compact"]
  | readonly ["checkpoint"]
  | readonly ["sync"];

/** What a process is in the middle of; several at once, as merges go on beside writes. */
export type Stage = "opening" | "writing" | "merging" | "checkpointing" | "closing";

/** - `within`: of a write a part is done; of anything else it is left open how far it comes. */
export type Moment = "before" | "within" | "after";

export type Death =
  /** At the n-th call of deadly-fs.ts, from 1, while the stage lasts; at its end if there are fewer. */
  | {
      readonly by: "itself";
      readonly stage: Stage;
      readonly call: number;
      readonly moment: Moment;
      /** Only calls count whose description this regular expression matches. Default: all. */
      readonly only?: string;
    }
  /** So many microseconds after the parent has got the n-th report, from 1, that begins with these words. */
  | { readonly by: "its parent"; readonly report: string; readonly count: number; readonly microseconds: number };

/**
 * What a process tells of its life, a line each, written synchronously: what it has told is in the kernel, and arrives
 * however the process ends.
 */
export type Report =
  | readonly ["begins", Stage]
  | readonly ["ends", Stage]
  | readonly ["opened", Opened]
  /** The write of that number, from 0, is going to be issued next. */
  | readonly ["issues", number]
  /** Its promise has resolved. */
  | readonly ["acknowledged", number]
  /** It is going to kill itself at that call. */
  | readonly ["dies", string]
  /** Something was refused or failed, which no fault explains. */
  | readonly ["fails", string];

/** What a process found when it opened the store. */
export interface Opened {
  readonly entries: readonly (readonly [string, string])[];
  readonly road: IndexRoad;
  readonly clean: boolean;
  /** The end of an unfinished write was dropped. */
  readonly torn: boolean;
  readonly writesRescued: number;
}
