import type { CrashCase } from "../cases/case.ts";
import type { FaultCase } from "../faults/fault-case.ts";

/** What the proof said of code with a bug in it. */
export type Verdict = Caught | Survived | NotRun;

/** Some property was broken. */
export interface Caught {
  readonly caught: true;
  /** The part of the campaign, or the test file. */
  readonly part: string;
  /** `P1` to `P25`; of a test that names none, the empty string. */
  readonly property: string;
  readonly seconds: number;
  /** How many cases were gone through, this one included. A test counts as one. */
  readonly cases: number;
  /** Of the smallest case; `undefined` where it is no crash case. */
  readonly operations?: number;
  readonly crashes?: number;
  /** What was seen. */
  readonly message: string;
  readonly counterexample?: CrashCase | FaultCase;
}

/** Nothing was noticed. */
export interface Survived {
  readonly caught: false;
  readonly seconds: number;
  readonly cases: number;
  readonly failure?: undefined;
}

/**
 * Nothing was found out: the patch does not apply any more, what it makes of the sources does not load, or the proof itself
 * does not run on it.
 */
export interface NotRun {
  readonly caught: false;
  readonly seconds: number;
  readonly cases: 0;
  /** Why. */
  readonly failure: string;
}
