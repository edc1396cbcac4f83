import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { nodeWorld } from "./support/worlds.ts";

const MIB = 1024 * 1024;

test("a large write that a condition has looked at is not kept in memory when it is acknowledged", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const world = await nodeWorld();
  world.leaveUnchecked();
  const db = await world.open({ sync: "never" });
  const used = async (): Promise<number> => {
    for (let turn = 0; turn < 5; turn += 1) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
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
