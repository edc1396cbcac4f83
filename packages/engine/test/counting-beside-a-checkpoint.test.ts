import { open } from "@hashlog/engine";
import { parseFileName } from "@hashlog/format";
import { expect, test } from "vitest";
import { checkInvariants } from "./support/check-invariants.ts";
import { filler, isSettled } from "./support/values.ts";
import { simulatedWorld } from "./support/worlds.ts";

test("what is written and deleted while a checkpoint is written is counted once by an opening that begins with it", async () => {
  const { world, killed } = await simulatedWorld();
  const db = await world.open({ sync: "never", segmentBytesMax: 4096 });
  for (let index = 0; index < 40; index += 1) await db.put(`old ${index}`, filler(50, index), { ttlMs: 1000 });
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
  const { directory, fileSystem } = place;
  const again = await open(directory, { fileSystem, clock: world.clock, compaction: false });
  // Hints are not synced: one that was being written is torn.
  const names = await fileSystem.list(directory);
  const hints = names.filter((name) => parseFileName(name)?.kind === "hint");
  for (const name of hints) await fileSystem.remove(fileSystem.join(directory, name));
  expect(again.stats()).toMatchObject({ keys: 40, open: { road: "checkpoint" } });
  await checkInvariants(again as never, place);
  expect(await isSettled(again.close())).toBe(true);
});
