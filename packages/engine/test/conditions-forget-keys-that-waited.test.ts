import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { memoryWorld } from "./support/worlds.ts";

test("the keys of waiting writes that a condition has looked at are not kept in memory when those are acknowledged", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const world = await memoryWorld();
  world.leaveUnchecked();
  const db = await world.open({ sync: "never" });
  const used = async (): Promise<number> => {
    for (let turn = 0; turn < 5; turn += 1) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return process.memoryUsage().heapUsed;
  };
  const write = async (condition: boolean): Promise<void> => {
    const keys = Array.from({ length: 100_000 }, (_, index) => `a key of some length ${index}`);
    const many = db.batch(keys.map((key) => ({ type: "put", key, value: "" }) as const));
    await Promise.all([many, condition ? db.put("one", "1", { ifAbsent: true }) : db.put("one", "1")]);
    await db.delete("one");
  };
  await write(false);
  const before = await used();
  await write(false);
  const without = (await used()) - before;
  await write(true);
  const withOne = (await used()) - before;
  expect(withOne - without, `${without}, ${withOne}`).toBeLessThan(100_000 * 20);
});
