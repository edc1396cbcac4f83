import { open, type StoreStats } from "@hashlog/engine";
import { expect, test } from "vitest";
import { copyStore } from "./support/roads.ts";
import { filler } from "./support/values.ts";
import { simulatedWorld } from "./support/worlds.ts";

test("what is written and deleted while a checkpoint is written is counted once by an opening that begins with it", async () => {
  const { world, killed } = await simulatedWorld();
  const db = await world.open({ sync: "never", segmentBytesMax: 4096 });
  for (let index = 0; index < 40; index += 1) await db.put(`old ${index}`, filler(50, index));
  let isDone = false;
  const checkpoint = db.checkpoint().finally(() => (isDone = true));
  let writes = 0;
  for (; !isDone; writes += 1) {
    await db.put(`new ${writes}`, filler(50, writes));
    await db.delete(`old ${writes}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await checkpoint;
  expect(writes).toBeGreaterThan(10);
  const place = killed();
  const statsWithout = async (...removed: string[]): Promise<StoreStats> => {
    const { directory, fileSystem } = await copyStore(place, removed);
    const again = await open(directory, { fileSystem, clock: world.clock, compaction: false });
    const stats = again.stats();
    await again.close();
    return stats;
  };
  const [quick, scanned] = [await statsWithout(), await statsWithout("checkpoint", "hint")];
  expect([quick.open.road, scanned.open.road]).toEqual(["checkpoint", "scan"]);
  expect(quick.segments).toEqual(scanned.segments);
  expect(quick).toMatchObject({ keys: scanned.keys, liveBytes: scanned.liveBytes });
});
