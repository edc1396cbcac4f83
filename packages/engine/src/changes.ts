import { abortSignal, ofType, type Check } from "./check-options.ts";

/**
 * One committed write, as a feed delivers it. The changes of a batch come one by one, in the order of their sequences.
 *
 * `version` is the sequence of the write: it grows from change to change, but for the state that `since: 0` begins with.
 * `resume` is the `since` with which another feed goes on right behind this change, in the midst of a batch as well; 0 as
 * long as a state that is being delivered is not complete.
 */
export type Change<K, V> = PutChange<K, V> | DeleteChange<K>;

/** A key was given a value. */
export interface PutChange<K, V> {
  readonly type: "put";
  readonly key: K;
  /** The caller's own copy. */
  readonly value: V;
  readonly version: number;
  /** Milliseconds since 1970 from which on the key counts as absent, where there is such a time; it may have passed. */
  readonly expiresAtMs?: number | undefined;
  readonly resume: number;
}

/** A key was removed. */
export interface DeleteChange<K> {
  readonly type: "delete";
  readonly key: K;
  readonly version: number;
  readonly resume: number;
}

/** Options of `changes`. */
export interface ChangesOptions {
  /**
   * Delivers what was written after that sequence: the `resume` of the last change that was dealt with. 0: first the whole
   * state, then what is written after it. Default: what is written from the call on.
   */
  readonly since?: number | undefined;
  /**
   * Whether it waits at the end for the next write. Default `true`; `false`: it ends there, when everything was delivered that
   * was acknowledged when it looked last.
   */
  readonly wait?: boolean | undefined;
  /** Ends the feed, which then rejects with `HASHLOG_ABORTED`. */
  readonly signal?: AbortSignal | undefined;
}

export const CHANGES_CHECKS: Readonly<Record<keyof ChangesOptions, Check>> = {
  since: (value) => (Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : "an integer from 0"),
  wait: ofType("boolean"),
  signal: abortSignal,
};

/** What `changes` returns: it waits for the next change without end, unless `wait` is `false`, until it is left, or the store is closed. */
export interface ChangeFeed<K, V> extends AsyncIterableIterator<Change<K, V>, undefined> {
  /** Leaves the feed: what it keeps is given up, and a call of `next` that waits is answered with the end. */
  return(): Promise<IteratorResult<Change<K, V>, undefined>>;
  [Symbol.asyncDispose](): Promise<void>;
}
