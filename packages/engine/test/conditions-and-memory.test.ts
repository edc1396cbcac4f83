import { expect, test } from "vitest";
import { collectGarbage } from "./support/memory.ts";
import { memoryWorld, nodeWorld } from "./support/worlds.ts";

const MIB = 1024 * 1024;

test("a large write that a condition has looked at is not kept in memory when it is acknowledged", async () => {
  const world = await nodeWorld();
  world.leaveUnchecked();
  const db = await world.open({ sync: "never" });
  const used = async (): Promise<number> => {
    await collectGarbage();
    return process.memoryUsage().arrayBuffers;
  };
  const write = async (condition: boolean): Promise<void> => {
    const large = db.put("large", new Uint8Array(64 * MIB));
    const small = condition ? db.put("small", "1", { ifAbsent: true }) : db.put("small", "1");
    await Promise.all([large, small]);
    await db.delete("small");
  };
  const before = await used();
  await write(false);
  const without = (await used()) - before;
  await write(true);
  const withOne = (await used()) - before;
  expect(withOne - without, `${without}, ${withOne}`).toBeLessThan(32 * MIB);
});

test("the keys of waiting writes that a condition has looked at are not kept in memory when those are acknowledged", async () => {
  const world = await memoryWorld();
  world.leaveUnchecked();
  const db = await world.open({ sync: "never" });
  const used = async (): Promise<number> => {
    await collectGarbage();
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
