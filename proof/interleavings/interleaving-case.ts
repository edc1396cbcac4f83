import * as fc from "fast-check";

/** The keys there are. */
export const KEYS: readonly string[] = ["a", "b", "c", "d", "e"];

/** Numbers are read modulo what there is. */
export type InterleavingOperation =
  | readonly ["put", number, number]
  | readonly ["put for a while", number, number]
  | readonly ["put, synced", number, number]
  | readonly ["delete", number]
  | readonly ["delete, synced", number]
  | readonly ["batch", readonly (readonly [number, number])[]]
  | readonly ["batch, synced", readonly (readonly [number, number])[]]
  /** One at a time: while one is under way another does nothing. */
  | readonly ["clear", boolean]
  | readonly ["read", number]
  | readonly ["iterate"]
  | readonly ["read on", number, number]
  | readonly ["leave", number]
  | readonly ["compact"]
  /** Only the segments whose place is a bit of the number. */
  | readonly ["compact some", number]
  | readonly ["pause merging"]
  | readonly ["resume merging"]
  | readonly ["checkpoint"]
  | readonly ["sync"]
  | readonly ["tick", number]
  | readonly ["pause", number]
  | readonly ["settle"]
  | readonly ["reopen"];

const key = fc.nat({ max: KEYS.length - 1 });
const length = fc.oneof(fc.constantFrom(0, 40, 200, 700), fc.nat({ max: 300 }));
const operation: fc.Arbitrary<InterleavingOperation> = fc.oneof(
  { weight: 10, arbitrary: fc.tuple(fc.constant("put" as const), key, length) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("put for a while" as const), key, fc.integer({ min: 1, max: 30 })) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("put, synced" as const), key, length) },
  { weight: 5, arbitrary: fc.tuple(fc.constant("delete" as const), key) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("delete, synced" as const), key) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("clear" as const), fc.boolean()) },
  {
    weight: 3,
    arbitrary: fc.tuple(
      fc.constantFrom("batch" as const, "batch" as const, "batch, synced" as const),
      fc.array(fc.tuple(key, fc.oneof(fc.constant(-1), length)), { minLength: 1, maxLength: 5 }),
    ),
  },
  { weight: 6, arbitrary: fc.tuple(fc.constant("read" as const), key) },
  { weight: 3, arbitrary: fc.constant(["iterate"] as const) },
  { weight: 6, arbitrary: fc.tuple(fc.constant("read on" as const), fc.nat({ max: 3 }), fc.nat({ max: 3 })) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("leave" as const), fc.nat({ max: 3 })) },
  { weight: 4, arbitrary: fc.constant(["compact"] as const) },
  { weight: 4, arbitrary: fc.tuple(fc.constant("compact some" as const), fc.nat({ max: 63 })) },
  { weight: 1, arbitrary: fc.constant(["pause merging"] as const) },
  { weight: 1, arbitrary: fc.constant(["resume merging"] as const) },
  { weight: 2, arbitrary: fc.constant(["checkpoint"] as const) },
  { weight: 1, arbitrary: fc.constant(["sync"] as const) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("tick" as const), fc.integer({ min: -20, max: 40 })) },
  { weight: 5, arbitrary: fc.tuple(fc.constant("pause" as const), fc.integer({ min: 1, max: 6 })) },
  { weight: 3, arbitrary: fc.constant(["settle"] as const) },
  { weight: 2, arbitrary: fc.constant(["reopen"] as const) },
);

/** Operations, and the order in which the file system's calls return. */
export const interleavings = fc.record({
  sync: fc.constantFrom("always" as const, "never" as const, { intervalMs: 20 }),
  segmentBytesMax: fc.constantFrom(512, 900, 4096),
  merging: fc.constantFrom("usual" as const, "eager" as const),
  operations: fc.array(operation, { minLength: 5, maxLength: 50 }),
  schedule: fc.array(fc.nat({ max: 3 }), { maxLength: 80 }),
});

/** One of them. */
export type Interleaving = typeof interleavings extends fc.Arbitrary<infer T> ? T : never;
