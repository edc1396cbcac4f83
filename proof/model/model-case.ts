import type { RangeOptions } from "@hashlog/engine";
import * as fc from "fast-check";
import type { StoreShape } from "../world/text-store.ts";
import type { ConditionKind } from "./sorted-model.ts";

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
  /**
   * So many microtasks after the calls the process is killed, or the power cut, as the number says. Readers catch up at the
   * moments that the last number has bits for (`CATCHES_UP`).
   */
  | readonly ["crash", readonly ModelWrite[], number, number, number]
  /** Called at once, and then something else; so many microtasks later all readers catch up, or another one is opened. */
  | readonly ["beside", readonly ModelWrite[], BesideWork, number, "refresh" | "open"]
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
  | readonly ["compact" | "checkpoint" | "reopen"];

/** What goes on while readers catch up. */
export type BesideWork = "nothing" | "compact" | "checkpoint" | "reopen";

/** When readers catch up where the writer crashes: from before it on, when it is dead, and while the next one opens. */
export const CATCHES_UP = { before: 1, alone: 2, opening: 4 } as const;

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

const operation: fc.Arbitrary<ModelOperation> = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.constant("write" as const), writes) },
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.constant("crash" as const),
      writes,
      fc.nat({ max: 60 }),
      fc.nat({ max: 1000 }),
      fc.nat({ max: 7 }),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(
      fc.constant("beside" as const),
      fc.oneof(fc.constant([]), writes),
      fc.constantFrom(
        "nothing" as const,
        "compact" as const,
        "compact" as const,
        "checkpoint" as const,
        "reopen" as const,
      ),
      fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 300 })),
      fc.constantFrom("refresh" as const, "refresh" as const, "open" as const),
    ),
  },
  { weight: 4, arbitrary: fc.tuple(fc.constant("open reader" as const), fc.boolean()) },
  { weight: 3, arbitrary: fc.constant(["refresh"] as const) },
  { weight: 1, arbitrary: fc.constant(["close reader"] as const) },
  { weight: 4, arbitrary: fc.tuple(fc.constant("range" as const), range) },
  { weight: 4, arbitrary: fc.tuple(fc.constant("seek" as const), range, fc.nat({ max: 2 }), key) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("clear" as const), range) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("snapshot" as const), fc.nat({ max: 3 })) },
  { weight: 1, arbitrary: fc.constant(["close snapshot"] as const) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("iterate" as const), range, fc.nat({ max: 3 })) },
  { weight: 1, arbitrary: fc.constant(["drain"] as const) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("tick" as const), fc.constantFrom(1, 25, 2000)) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ["compact"] as const,
      ["compact"] as const,
      ["checkpoint"] as const,
      ["reopen"] as const,
    ),
  },
);

export const modelCase: fc.Arbitrary<ModelCase> = fc.record({
  sync: fc.constantFrom("always", "always", "never", "interval"),
  segments: fc.constantFrom(0, 0, 2),
  keydir: fc.constantFrom("map", "real", "real"),
  limits: fc.constantFrom("usual", "small"),
  ordered: fc.boolean(),
  operations: fc.array(operation, { minLength: 1, maxLength: 25 }),
});
