import { memoryFileSystem } from "@hashlog/fs-io";
import fc from "fast-check";
import assert from "node:assert/strict";
import { test } from "vitest";
import { turns } from "./support/event-loop.ts";
import { eagerStrategy, SMALL_LIMITS } from "./support/merging.ts";
import { filler, isSame } from "./support/values.ts";
import { World } from "./support/worlds.ts";

/** One thing that is done to the store; numbers are taken modulo what there is. */
type Step =
  | { readonly do: "put"; readonly key: number; readonly bytes: number; readonly ttlMs: number | undefined }
  | { readonly do: "delete"; readonly key: number }
  | { readonly do: "batch"; readonly keys: readonly number[]; readonly bytes: number }
  | { readonly do: "tick"; readonly byMs: number }
  | { readonly do: "compact some"; readonly which: number }
  | { readonly do: "compact" | "checkpoint" | "pause" | "resume" | "turns" | "settle" | "reopen" };

const key = fc.nat(11);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("put" as const),
      key,
      bytes: fc.nat(300),
      ttlMs: fc.option(fc.integer({ min: 1, max: 200_000 }), { nil: undefined }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("delete" as const), key }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("batch" as const),
      keys: fc.array(key, { minLength: 1, maxLength: 8 }),
      bytes: fc.nat(200),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("tick" as const), byMs: fc.integer({ min: 1, max: 120_000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("compact some" as const), which: fc.nat() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom("compact", "checkpoint", "pause", "resume", "turns", "turns", "settle", "reopen"),
    }),
  },
);

/** What must be there: a value's seed and length, and when it expires. */
type Model = Map<number, { readonly seed: number; readonly bytes: number; readonly expiresAtMs: number }>;

class Life {
  readonly world: World = new World(memoryFileSystem(), "/store");
  readonly model: Model = new Map();
  readonly #strays: Promise<unknown>[] = [];
  #seed = 0;
  #db!: Awaited<ReturnType<Life["open"]>>;

  open() {
    const compaction = { strategy: eagerStrategy, checkIntervalMs: 10_000, jitter: 0 };
    return this.world.openWithin<string>(SMALL_LIMITS, { segmentBytesMax: 1024, compaction });
  }

  async run(steps: readonly Step[]): Promise<void> {
    this.#db = await this.open();
    try {
      for (const one of steps) await this.#step(one);
      await this.#settle();
      assert.deepEqual(this.#db.stats().compaction.failures, { count: 0, last: undefined });
    } finally {
      await this.world.close();
    }
  }

  async #step(one: Step): Promise<void> {
    const db = this.#db;
    switch (one.do) {
      case "put":
        return this.#later(db.put(`${one.key}`, this.#value(one.key, one.bytes, one.ttlMs), { ttlMs: one.ttlMs }));
      case "delete":
        this.model.delete(one.key);
        return this.#later(db.delete(`${one.key}`));
      case "batch":
        return this.#later(
          db.batch(
            one.keys.map((of) => ({
              type: "put" as const,
              key: `${of}`,
              value: this.#value(of, one.bytes, undefined),
            })),
          ),
        );
      case "tick":
        return this.world.clock.advance(one.byMs);
      case "compact":
        return this.#later(db.compact());
      case "compact some": {
        const ids = db.stats().segments.map(({ segmentId }) => segmentId);
        return this.#later(
          db.compact({ segments: ids.filter((_, index) => ((one.which >>> (index % 30)) & 1) === 1) }),
        );
      }
      case "checkpoint":
        return this.#later(db.checkpoint());
      case "pause":
        return db.compaction.pause();
      case "resume":
        return db.compaction.resume();
      case "turns":
        return turns(5);
      case "settle":
        return this.#settle();
      case "reopen":
        await Promise.all(this.#strays.splice(0));
        await db.close();
        this.#db = await this.open();
    }
  }

  #later(work: Promise<unknown>): void {
    this.#strays.push(work);
  }

  #value(of: number, bytes: number, ttlMs: number | undefined): Uint8Array {
    const seed = (this.#seed += 1);
    this.model.set(of, { seed, bytes, expiresAtMs: ttlMs === undefined ? Infinity : this.world.clock.now() + ttlMs });
    return filler(bytes, seed);
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#strays.splice(0));
    await this.world.check(this.#db);
    const now = this.world.clock.now();
    for (let of = 0; of < 12; of += 1) {
      const expected = this.model.get(of);
      const found = this.#db.getSync(`${of}`);
      if (expected === undefined || expected.expiresAtMs <= now)
        assert.deepEqual({ of, found }, { of, found: undefined });
      else assert.deepEqual({ of, same: isSame(found, filler(expected.bytes, expected.seed)) }, { of, same: true });
    }
  }
}

test("whatever is written, and whoever merges, pauses, ticks and opens again: the store is what was written, and counts right", async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 80, size: "max" }), (steps) => new Life().run(steps)));
});
