import { expect, test } from "vitest";
import { all } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

// 60 MB of keys, which are copied, compared and decoded: some milliseconds' work for every few of them.
const COUNT = 1000;
const keyOf = (index: number): string => "x".repeat(60_000) + String(index);
const YIELDS_LEAST = 20;

test.each([{}, { gte: "" }])(
  "an iterator %o over long keys gives the event loop away for each few MB of them",
  async (range) => {
    const world = await memoryWorld();
    world.leaveUnchecked();
    const db = await world.open({ sync: "never", ordered: true });
    for (let index = 0; index < COUNT; index += 1) await db.put(keyOf(index), "");
    const yields = world.clock.yields;
    expect((await all(db.keys(range))).length).toBe(COUNT);
    expect(world.clock.yields - yields).toBeGreaterThanOrEqual(YIELDS_LEAST);
  },
);

test.each([
  ["were written since", 0],
  ["were changed since", COUNT],
])("a range of a snapshot gives the event loop away for each few MB of the keys that %s", async (_what, before) => {
  const world = await memoryWorld();
  world.leaveUnchecked();
  const db = await world.open({ sync: "never", ordered: true });
  for (let index = 0; index < before; index += 1) await db.put(keyOf(index), "1");
  const snapshot = db.snapshot();
  for (let index = 0; index < COUNT; index += 1) await db.put(keyOf(index), "2");
  const yields = world.clock.yields;
  expect(await snapshot.count({ gte: "" })).toBe(before);
  expect(world.clock.yields - yields).toBeGreaterThanOrEqual(YIELDS_LEAST);
  snapshot.close();
});
