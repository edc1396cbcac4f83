import * as fc from "fast-check";
import { describeOperation, type CrashCase } from "../cases/case.ts";
import type { StoreShape } from "../world/text-store.ts";
import { WAYS } from "./failures.ts";
import { KEYS } from "./reading.ts";

/** A life with failures, as plain data. Numbers are read modulo what there is. */
export interface FaultCase extends StoreShape {
  /** Chooses crash points and fates. */
  readonly seed: number;
  readonly operations: readonly FaultOperation[];
  /** Which of the calls fails that can fail so, how, and how many bytes of an append get through all the same. */
  readonly faults: readonly (readonly [number, number, number])[];
  /** Which waiting call of the file system returns next. */
  readonly schedule: readonly number[];
}

/** Whether it is a life with failures, and not one with crashes. */
export function isFaultCase(given: CrashCase | FaultCase): given is FaultCase {
  return "faults" in given;
}

export type FaultOperation =
  /** Key, value's length. */
  | readonly ["put" | "put-synced", number, number]
  /** Key, value's length, milliseconds until it expires. */
  | readonly ["put-expiring", number, number, number]
  /** So many milliseconds pass. */
  | readonly ["tick", number]
  | readonly ["delete" | "delete-synced", number]
  | readonly ["batch" | "batch-synced", readonly (readonly [number, number])[]]
  /** Waits for everything, and deletes everything. */
  | readonly ["clear" | "clear-synced"]
  /** Waits for everything, and looks at what is to be seen. */
  | readonly ["await"]
  | readonly ["turns", number]
  | readonly ["sync" | "compact" | "checkpoint"]
  /** Waits for everything first; or for nothing but the closing. */
  | readonly ["reopen" | "reopen-at-once"]
  /** What the cache alone holds leaves it. */
  | readonly ["evict"]
  /** The disk has room for so many bytes more; or for any number. */
  | readonly ["full", number]
  | readonly ["room"];

/** An operation in words. */
export function describeFaultOperation(operation: FaultOperation): string {
  switch (operation[0]) {
    case "reopen":
      return "close and open again";
    case "reopen-at-once":
      return "close with all that is under way, and open again";
    case "evict":
      return "what the cache alone holds leaves it";
    case "full":
      return `the disk has room for ${operation[1]} bytes more`;
    case "room":
      return "the disk has room for any number of bytes";
    default:
      return describeOperation(operation, KEYS);
  }
}

const key = fc.nat({ max: 3 });
const length = fc.constantFrom(0, 30, 200, 400, 480);

const operation: fc.Arbitrary<FaultOperation> = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.constant("put" as const), key, length) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("put-synced" as const), key, length) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("put-expiring" as const), key, length, fc.constantFrom(1, 45, 5000)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("tick" as const), fc.constantFrom(1, 50, 1000)) },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom("delete" as const, "delete" as const, "delete-synced" as const), key),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.constantFrom("batch" as const, "batch-synced" as const),
      fc.array(fc.tuple(key, fc.constantFrom(-1, 0, 200)), { minLength: 1, maxLength: 3 }),
    ),
  },
  { weight: 6, arbitrary: fc.constant(["await"] as const) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("turns" as const), fc.nat({ max: 20 })) },
  { weight: 6, arbitrary: fc.constantFrom(["sync"] as const, ["compact"] as const, ["checkpoint"] as const) },
  { weight: 1, arbitrary: fc.constantFrom(["clear"] as const, ["clear-synced"] as const) },
  { weight: 2, arbitrary: fc.constantFrom(["reopen"] as const, ["reopen-at-once"] as const) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("full" as const), fc.nat({ max: 1500 })) },
  { weight: 1, arbitrary: fc.constant(["room"] as const) },
  { weight: 2, arbitrary: fc.constant(["evict"] as const) },
);

export const faultCase: fc.Arbitrary<FaultCase> = fc.record({
  sync: fc.constantFrom("always", "never", "interval"),
  segments: fc.constantFrom(0, 0, 2),
  seed: fc.nat({ max: 2 ** 31 - 1 }),
  operations: fc.array(operation, { minLength: 1, maxLength: 24 }),
  faults: fc.array(fc.tuple(fc.nat({ max: 250 }), fc.nat({ max: WAYS.length - 1 }), fc.constantFrom(0, 40, 600)), {
    maxLength: 3,
  }),
  schedule: fc.array(fc.nat({ max: 3 }), { maxLength: 30 }),
});
