import * as fc from "fast-check";
import { expect, test } from "vitest";
import { merge } from "../src/index.ts";
import { type Survival } from "./model-disk.ts";
import { ModelStore, type PortEvent } from "./model-store.ts";

/**
 * Any history, any merges of any segments in any order, anything written, sealed or expired at any moment of a merge, any
 * call failing, a power cut anywhere: the store is always what was written to it, and in the end nothing is left over.
 */

type Change =
  | { readonly kind: "write"; readonly writes: readonly { key: number; size: number | undefined; ttlMs: number }[] }
  | { readonly kind: "rotate" }
  | { readonly kind: "advance"; readonly ms: number }
  | { readonly kind: "sync" }
  | { readonly kind: "sweep" };

interface Cut {
  readonly survival: "synced" | "all" | number;
  readonly backMs: number;
  readonly firstCopy: boolean;
}

type Step =
  | Change
  | ({ readonly kind: "cut" } & Cut)
  | {
      readonly kind: "merge";
      /** Which of the sealed segments, in which order; all if empty. */
      readonly picks: readonly number[];
      /** What happens meanwhile: the number of the event, counted from the merge's beginning, and the change. */
      readonly meanwhile: readonly (readonly [number, Change])[];
      readonly cutAt: (Cut & { readonly at: number }) | undefined;
      readonly failAt: number | undefined;
      readonly outputBytesMax: number;
      readonly sliceBytes: number;
      readonly syncEveryBytes: number;
      readonly answersLater: boolean;
    };

const KEYS = 3;

const write = fc.record({
  key: fc.nat(KEYS - 1),
  size: fc.option(fc.nat(20), { nil: undefined, freq: 3 }),
  ttlMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 6 }) }),
});

const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant("write"), writes: fc.array(write, { minLength: 1, maxLength: 4 }) }),
  },
  { weight: 5, arbitrary: fc.constant({ kind: "rotate" }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("advance"), ms: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "sync" }) },
  { weight: 2, arbitrary: fc.constant({ kind: "sweep" }) },
) as fc.Arbitrary<Change>;

const cut = {
  survival: fc.oneof(fc.constant("synced" as const), fc.constant("all" as const), fc.nat(40)),
  backMs: fc.oneof(fc.constant(0), fc.nat(5)),
  firstCopy: fc.boolean(),
};

/** A merge touches its store 10 to 60 times. */
const moment = fc.nat(50);

const mergeStep = fc.record({
  kind: fc.constant("merge" as const),
  picks: fc.array(fc.nat(6), { maxLength: 3 }),
  meanwhile: fc.array(fc.tuple(moment, change), { maxLength: 3 }),
  cutAt: fc.option(fc.record({ at: moment, ...cut }), { nil: undefined, freq: 2 }),
  failAt: fc.option(moment, { nil: undefined, freq: 1 }),
  outputBytesMax: fc.constantFrom(1, 150, 10_000),
  sliceBytes: fc.constantFrom(1, 100, 10_000),
  syncEveryBytes: fc.constantFrom(1, 200, 10_000),
  answersLater: fc.boolean(),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: change },
  { weight: 3, arbitrary: mergeStep },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cut" as const), ...cut }) },
);

function apply(store: ModelStore, done: Change): void {
  switch (done.kind) {
    case "write":
      store.write(
        done.writes.map(({ key, size, ttlMs }) => ({
          key: `key${key}`,
          value: size === undefined ? undefined : `${store.nextSequence}:`.padEnd(size, "v"),
          expiresAtMs: size === undefined || ttlMs === 0 ? 0 : store.timeMs + ttlMs,
        })),
      );
      break;
    case "rotate":
      store.rotate();
      break;
    case "advance":
      store.advance(done.ms);
      break;
    case "sync":
      store.syncNow();
      break;
    case "sweep":
      store.sweep();
      break;
  }
}

function cutPower(store: ModelStore, { survival, backMs, firstCopy }: Cut): ModelStore {
  const kept: Survival = typeof survival === "number" ? { through: survival } : survival;
  return store.crashed(kept, { backMs, firstCopy });
}

/** Runs a merge with all that happens meanwhile, and gives the store to go on with. */
async function mergeOnce(store: ModelStore, plan: Step & { kind: "merge" }): Promise<ModelStore> {
  let next: ModelStore | undefined;
  let count = 0;
  const failure = new Error("planned");
  store.onEvent = ({ name }: PortEvent) => {
    for (const [at, done] of plan.meanwhile) if (at === count) apply(store, done);
    store.check();
    store.checkCrash("synced");
    if (plan.cutAt?.at === count) next = cutPower(store, plan.cutAt);
    if (plan.failAt === count++ && name !== "abandonOutputs") throw failure;
  };
  const { outputBytesMax, sliceBytes, syncEveryBytes } = plan;
  store.answersLater = plan.answersLater;
  await merge(store.inputs(pick(store, plan.picks)), store, { outputBytesMax, sliceBytes, syncEveryBytes }).catch(
    (error: { cause?: unknown }) => {
      if (error.cause !== failure) throw error;
    },
  );
  store.onEvent = () => {};
  return next ?? store;
}

function pick(store: ModelStore, picks: readonly number[]): number[] {
  const ids = store.sealedIds();
  if (picks.length === 0 || ids.length === 0) return ids;
  return [...new Set(picks.map((number) => ids[number % ids.length]!))];
}

async function run(steps: readonly Step[]): Promise<ModelStore> {
  let store = new ModelStore();
  for (const each of steps) {
    if (each.kind === "merge") store = await mergeOnce(store, each);
    else if (each.kind === "cut") store = cutPower(store, each);
    else apply(store, each);
    store.check();
  }
  return store;
}

test("A store that is merged holds what was written to it, at every moment, whatever happens meanwhile.", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 50, size: "max" }), async (steps) => {
      const store = await run(steps);
      for (const survival of ["synced", "all"] as const) {
        expect(() => store.checkCrash(survival)).not.toThrow();
      }
    }),
    { numRuns: 500 },
  );
});

test("After a full merge nothing is left but the live records: no tombstone, nothing expired, no key, no file.", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30, size: "max" }), async (steps) => {
      const store = await run(steps);
      store.rotate();
      const { outputs, recordsKept } = await merge(store.inputs(), store, { outputBytesMax: 10_000 });
      store.check();
      store.checkCrash("synced");
      const records = store.records();
      expect(records.filter((record) => record.startsWith("-"))).toEqual([]);
      expect(records).toHaveLength(store.keydir.size);
      expect(recordsKept).toBe(store.keydir.size);
      expect(store.sealedIds()).toEqual(outputs.map((output) => output.segmentId));
      for (const key of store.keydir.keys()) expect(store.get(key)).toBeDefined();
      const recordBytes = [...store.keydir.values()].reduce((sum, entry) => {
        return sum + 18 + 4 + entry.value.length + (entry.expiresAtMs === 0 ? 0 : 8);
      }, 0);
      expect(store.sealedBytes()).toBe(recordBytes + 64 * outputs.length);
    }),
    { numRuns: 200 },
  );
});
