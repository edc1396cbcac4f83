import fc from "fast-check";

/**
 * A crash case: plain data, so that it shrinks, prints as JSON, and replays. Numbers are read modulo what there is, and a
 * missing one is 0, the harmless choice, so that whatever shrinking leaves is a case.
 */
export interface CrashCase {
  readonly sync: "always" | "never" | "interval";
  /** Index into `SEGMENT_BYTES`. */
  readonly segments: number;
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
  | readonly ["delete", number]
  /** Key and value's length, or -1 to delete. */
  | readonly ["batch", readonly (readonly [number, number])[]]
  /** Waits for everything that was written so far. */
  | readonly ["await"]
  | readonly ["sync"]
  | readonly ["checkpoint"]
  | readonly ["compact"]
  /** The clock goes on by so many milliseconds. */
  | readonly ["tick", number]
  /** Closes the store and opens it again. */
  | readonly ["reopen"]
  /** The process dies, and another opens the store. */
  | readonly ["kill"];

export const KEYS: readonly string[] = ["a", "b", "c", "d"];
export const SEGMENT_BYTES: readonly number[] = [512, 700, 4096];

const key = fc.nat({ max: KEYS.length - 1 });
const length = fc.oneof(fc.constantFrom(0, 1, 40, 200, 480, 600), fc.nat({ max: 700 }));

const operation: fc.Arbitrary<CrashOperation> = fc.oneof(
  { weight: 10, arbitrary: fc.tuple(fc.constant("put" as const), key, length) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("put-synced" as const), key, length) },
  { weight: 5, arbitrary: fc.tuple(fc.constant("delete" as const), key) },
  {
    weight: 3,
    arbitrary: fc.tuple(
      fc.constant("batch" as const),
      fc.array(fc.tuple(key, fc.oneof(fc.constant(-1), length)), { minLength: 1, maxLength: 4 }),
    ),
  },
  { weight: 5, arbitrary: fc.constant(["await"] as const) },
  { weight: 1, arbitrary: fc.constant(["sync"] as const) },
  { weight: 2, arbitrary: fc.constant(["checkpoint"] as const) },
  { weight: 4, arbitrary: fc.constant(["compact"] as const) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("tick" as const), fc.constantFrom(1, 50, 1000)) },
  { weight: 3, arbitrary: fc.constant(["reopen"] as const) },
  { weight: 3, arbitrary: fc.constant(["kill"] as const) },
);

export const crashCase: fc.Arbitrary<CrashCase> = fc.record({
  sync: fc.constantFrom("always", "never", "interval"),
  segments: fc.nat({ max: SEGMENT_BYTES.length - 1 }),
  operations: fc.array(operation, { minLength: 1, maxLength: 20 }),
  schedule: fc.array(fc.nat({ max: 3 }), { maxLength: 30 }),
  seed: fc.nat({ max: 2 ** 31 - 1 }),
});
