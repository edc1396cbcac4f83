import type { SyncPolicy } from "@hashlog/fs-io";
import * as fc from "fast-check";

/** What somebody does with a store, as plain data. Nothing else decides what the store does: time and randomness are given. */
export interface StoreScript {
  readonly sync: SyncPolicy;
  readonly segmentBytesMax: number;
  /** For identities and the hash key. */
  readonly seed: number;
  readonly operations: readonly StoreOperation[];
}

/** One operation. It is begun and not waited for, but for `settle` and what opens and closes. */
export type StoreOperation =
  /** Key, and the value's length. */
  | readonly ["put" | "put-synced" | "put-expiring", string, number]
  | readonly ["delete" | "get", string]
  /** Keys with values' lengths; -1 deletes. */
  | readonly ["batch", readonly (readonly [string, number])[]]
  | readonly ["sync" | "checkpoint" | "compact" | "clear"]
  /** Milliseconds that pass. */
  | readonly ["tick", number]
  /** So many calls of the file system get their answers. */
  | readonly ["answers", number]
  /** Waits for everything, and for what goes on in the background. */
  | readonly ["settle"]
  /** All entries, by an iterator. */
  | readonly ["entries"]
  /** Opens the store a second time, which is refused. */
  | readonly ["open-twice"]
  /** Closes the store and opens it again, without some of its caches. */
  | readonly ["reopen", Removed]
  /** The process ends, with calls under way that nobody hears of any more; another opens the store, without some caches. */
  | readonly ["kill", Removed];

/** What is removed between two openings. */
export type Removed = "nothing" | "checkpoints" | "checkpoints and hints";

const key = fc.constantFrom("a", "b", "c", "");
const length = fc.oneof(fc.constantFrom(0, 1, 100, 480), fc.nat({ max: 700 }), fc.constant(5000));
const pairs = fc.array(fc.tuple(key, fc.oneof(fc.constant(-1), length)), { minLength: 1, maxLength: 4 });

const removed = fc.constantFrom<Removed>("nothing", "checkpoints", "checkpoints and hints");

const operation: fc.Arbitrary<StoreOperation> = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(fc.constant("put"), key, length) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom("put-synced", "put-expiring"), key, length) },
  { weight: 5, arbitrary: fc.tuple(fc.constantFrom("delete", "get"), key) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("batch"), pairs) },
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom("sync", "checkpoint", "compact", "compact")) },
  { weight: 1, arbitrary: fc.constant(["clear"] as const) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("tick"), fc.constantFrom(1, 50, 1000)) },
  { weight: 4, arbitrary: fc.tuple(fc.constant("answers"), fc.integer({ min: 1, max: 12 })) },
  { weight: 4, arbitrary: fc.constant(["settle"] as const) },
  { weight: 1, arbitrary: fc.constantFrom(["entries"] as const, ["open-twice"] as const) },
  { weight: 5, arbitrary: fc.tuple(fc.constantFrom("reopen", "kill"), removed) },
);

/** Scripts of up to 40 operations. */
export const storeScript: fc.Arbitrary<StoreScript> = fc.record({
  sync: fc.constantFrom<SyncPolicy>("always", "never", { intervalMs: 40 }),
  segmentBytesMax: fc.constantFrom(512, 700, 4096, 2 ** 20),
  seed: fc.nat({ max: 2 ** 31 - 1 }),
  operations: fc.array(operation, { minLength: 1, maxLength: 40, size: "max" }),
});
