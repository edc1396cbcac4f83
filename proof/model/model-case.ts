import type { RangeOptions } from "@hashlog/engine";
import * as fc from "fast-check";
import type { ConditionKind } from "../oracle/conditions.ts";
import type { StoreShape } from "../world/text-store.ts";

/** Keys that begin each other, and such as are in another order by their bytes than by their UTF-16 units. */
export const KEYS: readonly string[] = ["", "a", "a\u0000", "a\u0000b", "ab", "b", "é", "\uffff", "\u{10000}"];

/** One key of a write. */
export interface WrittenKey {
  readonly key: string;
  /** The value's length; -1: it is deleted. */
  readonly length: number;
  readonly ttlMs: number;
  readonly condition: ConditionKind;
}

export type ModelWrite = readonly WrittenKey[];

export type ModelOperation =
  /** Called at once, one after the other, and awaited together. */
  | readonly ["write", readonly ModelWrite[]]
  /** Called at once; then the process is killed, or the power is cut. */
  | readonly ["crash", readonly ModelWrite[], ModelCrash]
  /** Called at once, and then something else; meanwhile all readers catch up, or another one is opened. */
  | readonly ["beside", readonly ModelWrite[], Beside]
  | readonly ["range", RangeOptions<string>]
  /** Some of a range, then from a key on. */
  | readonly ["seek", RangeOptions<string>, number, string]
  | readonly ["clear", RangeOptions<string>]
  /** Of the writer, or of one of the readers, as the number says. */
  | readonly ["snapshot", number]
  | readonly ["close snapshot"]
  | readonly ["iterate", RangeOptions<string>, number]
  /** Whether it follows the writer. */
  | readonly ["open reader", boolean]
  | readonly ["refresh" | "close reader"]
  | readonly ["drain"]
  | readonly ["tick", number]
  | readonly ["compact" | "checkpoint" | "reopen"]
  /** Of those that can be merged, the ones whose place is a bit of the number. */
  | readonly ["compact-some", number];

interface Meanwhile {
  /** So many microtasks after the calls. */
  readonly turns: number;
  /** Whether no sync of a segment returns up to then, nor while readers catch up. */
  readonly holdsSyncs: boolean;
}

export interface ModelCrash extends Meanwhile {
  /** Even: the process is killed; odd: the power is cut, and so fares what is not synced. */
  readonly seed: number;
  /** Readers catch up from before the crash on, once nobody writes any more, and while the next writer opens. */
  readonly catchesUp: { readonly before: boolean; readonly alone: boolean; readonly opening: boolean };
}

export interface Beside extends Meanwhile {
  readonly work: "nothing" | "compact" | "compact-some" | "checkpoint" | "reopen";
  readonly readers: "refresh" | "open";
}

export interface ModelCase extends StoreShape {
  readonly operations: readonly ModelOperation[];
}

const key = fc.constantFrom(...KEYS);
const bound = fc.option(key, { nil: undefined, freq: 2 });
const range = fc.record({
  gt: bound,
  gte: bound,
  lt: bound,
  lte: bound,
  prefix: fc.option(fc.constantFrom("", "a", "a\u0000", "é"), { nil: undefined, freq: 2 }),
  reverse: fc.boolean(),
  limit: fc.option(fc.nat({ max: 4 }), { nil: undefined, freq: 2 }),
}) as fc.Arbitrary<RangeOptions<string>>;

// There a bound that is `undefined` is refused.
const clearedRange = range.map(
  (options) => Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as typeof options,
);

const written: fc.Arbitrary<WrittenKey> = fc.record({
  key,
  length: fc.constantFrom(-1, -1, 1, 40, 300, 430),
  ttlMs: fc.constantFrom(0, 0, 0, 20, 1000),
  condition: fc.constantFrom("none", "none", "absent", "current", "old"),
});
const write: fc.Arbitrary<ModelWrite> = fc.oneof(
  { weight: 3, arbitrary: written.map((one) => [one]) },
  { weight: 1, arbitrary: fc.array(written, { minLength: 1, maxLength: 4 }) },
);
const writes = fc.array(write, { minLength: 1, maxLength: 5 });

const crash: fc.Arbitrary<ModelCrash> = fc.record({
  turns: fc.nat({ max: 60 }),
  holdsSyncs: fc.boolean(),
  seed: fc.nat({ max: 1000 }),
  catchesUp: fc.record({ before: fc.boolean(), alone: fc.boolean(), opening: fc.boolean() }),
});

const beside: fc.Arbitrary<Beside> = fc.record({
  turns: fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 300 })),
  holdsSyncs: fc.boolean(),
  work: fc.constantFrom("nothing", "compact", "compact-some", "checkpoint", "reopen"),
  readers: fc.constantFrom("refresh", "refresh", "open"),
});

const operation: fc.Arbitrary<ModelOperation> = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.constant("write" as const), writes) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("crash" as const), writes, crash) },
  { weight: 6, arbitrary: fc.tuple(fc.constant("beside" as const), fc.oneof(fc.constant([]), writes, writes), beside) },
  { weight: 6, arbitrary: fc.tuple(fc.constant("open reader" as const), fc.boolean()) },
  { weight: 3, arbitrary: fc.constant(["refresh"] as const) },
  { weight: 1, arbitrary: fc.constant(["close reader"] as const) },
  { weight: 4, arbitrary: fc.tuple(fc.constant("range" as const), range) },
  { weight: 4, arbitrary: fc.tuple(fc.constant("seek" as const), range, fc.nat({ max: 2 }), key) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("clear" as const), clearedRange) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("snapshot" as const), fc.nat({ max: 3 })) },
  { weight: 1, arbitrary: fc.constant(["close snapshot"] as const) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("iterate" as const), range, fc.nat({ max: 3 })) },
  { weight: 1, arbitrary: fc.constant(["drain"] as const) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("tick" as const), fc.constantFrom(1, 25, 2000)) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(["compact"] as const, ["checkpoint"] as const, ["reopen"] as const),
  },
  { weight: 2, arbitrary: fc.tuple(fc.constant("compact-some" as const), fc.nat({ max: 63 })) },
);

export const modelCase: fc.Arbitrary<ModelCase> = fc.record({
  sync: fc.constantFrom("always", "always", "never", "interval"),
  segments: fc.constantFrom(0, 0, 2),
  keydir: fc.constantFrom("map", "real", "real"),
  limits: fc.constantFrom("usual", "small"),
  ordered: fc.boolean(),
  merging: fc.constantFrom("usual", "usual", "eager"),
  operations: fc.array(operation, { minLength: 1, maxLength: 25, size: "max" }),
});
