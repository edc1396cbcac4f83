import * as fc from "fast-check";

/**
 * A crash case: plain data, so that it shrinks, prints as JSON, and replays. Numbers are read modulo what there is, and a
 * missing one is 0, the harmless choice, so that whatever shrinking leaves is a case.
 */
export interface CrashCase {
  readonly sync: "always" | "never" | "interval";
  /** Index into `SEGMENT_BYTES`. */
  readonly segments: number;
  /** The store is made by the case, and may crash while it is; else there is an empty one. */
  readonly fresh: boolean;
  readonly operations: readonly CrashOperation[];
  /** Which waiting call of the file system returns next. */
  readonly schedule: readonly number[];
  /** Chooses crash points and fates. */
  readonly seed: number;
}

export type CrashOperation =
  /** Key, value's length. */
  | readonly ["put", number, number]
  | readonly ["put-synced", number, number]
  /** Key, value's length, milliseconds until it expires. */
  | readonly ["put-expiring", number, number, number]
  | readonly ["delete", number]
  /** Key and value's length, or -1 to delete. */
  | readonly ["batch", readonly (readonly [number, number])[]]
  /** Waits for everything that was written so far, and for what goes on in the background. */
  | readonly ["await"]
  /** So many microtasks pass: about as many calls of the file system return. */
  | readonly ["turns", number]
  | readonly ["sync"]
  | readonly ["checkpoint"]
  | readonly ["compact"]
  /** The clock goes on by so many milliseconds, or is set back. */
  | readonly ["tick", number]
  /** Looks at every key: what is seen was acknowledged. */
  | readonly ["read"]
  /** Opens an iterator; all that are open are read to their end at the next `drain`. */
  | readonly ["iterate"]
  | readonly ["drain"]
  /** Closes the store and opens it again, without some of its caches (`CACHES_REMOVED`). */
  | readonly ["reopen", number]
  /** The process dies, and another opens the store, without some of its caches. */
  | readonly ["kill", number]
  /** The power goes, what is not synced fares as the number says, and the store is opened again. */
  | readonly ["power", number];

export const KEYS: readonly string[] = ["a", "b", "c", ""];
export const SEGMENT_BYTES: readonly number[] = [512, 700, 4096];
export const INTERVAL_MS = 40;
/** What is removed between two openings. The first is the harmless choice. */
export const CACHES_REMOVED: readonly ("nothing" | "checkpoint" | "hints" | "both")[] = [
  "nothing",
  "checkpoint",
  "hints",
  "both",
];

const key = fc.nat({ max: KEYS.length - 1 });
const length = fc.oneof(fc.constantFrom(0, 1, 40, 200, 480, 600), fc.nat({ max: 700 }));
const removed = fc.nat({ max: CACHES_REMOVED.length - 1 });

const operation: fc.Arbitrary<CrashOperation> = fc.oneof(
  { weight: 10, arbitrary: fc.tuple(fc.constant("put" as const), key, length) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("put-synced" as const), key, length) },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constant("put-expiring" as const), key, length, fc.constantFrom(1, 45, 900, 5000)),
  },
  { weight: 5, arbitrary: fc.tuple(fc.constant("delete" as const), key) },
  {
    weight: 3,
    arbitrary: fc.tuple(
      fc.constant("batch" as const),
      fc.array(fc.tuple(key, fc.oneof(fc.constant(-1), length)), { minLength: 1, maxLength: 4 }),
    ),
  },
  { weight: 5, arbitrary: fc.constant(["await"] as const) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("turns" as const), fc.nat({ max: 20 })) },
  { weight: 1, arbitrary: fc.constant(["sync"] as const) },
  { weight: 2, arbitrary: fc.constant(["checkpoint"] as const) },
  { weight: 4, arbitrary: fc.constant(["compact"] as const) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("tick" as const), fc.constantFrom(1, 50, 1000, -60)) },
  { weight: 2, arbitrary: fc.constant(["read"] as const) },
  { weight: 1, arbitrary: fc.constant(["iterate"] as const) },
  { weight: 1, arbitrary: fc.constant(["drain"] as const) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("reopen" as const), removed) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("kill" as const), removed) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("power" as const), fc.nat({ max: 2 ** 20 })) },
);

export const crashCase: fc.Arbitrary<CrashCase> = fc.record({
  sync: fc.constantFrom("always", "never", "interval"),
  segments: fc.nat({ max: SEGMENT_BYTES.length - 1 }),
  fresh: fc.boolean(),
  operations: fc.array(operation, { minLength: 1, maxLength: 20 }),
  schedule: fc.array(fc.nat({ max: 3 }), { maxLength: 30 }),
  seed: fc.nat({ max: 2 ** 31 - 1 }),
});
