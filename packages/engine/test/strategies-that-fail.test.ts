import type { MergeStrategy } from "@hashlog/compactor";
import { expect, test } from "vitest";
import { memoryWorld } from "./support/worlds.ts";

const broken: MergeStrategy = {
  name: "broken",
  choose: () => ({ trigger: "chance", segments: [{ segmentId: 12_345, reason: "made up" }] }),
};

test("a strategy that fails keeps no store from being opened: its failure is counted as that of a merge", async () => {
  const world = await memoryWorld();
  const db = await world.open({ compaction: { strategy: broken } });
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  const { failures, state } = db.stats().compaction;
  expect({ count: failures.count, state }).toEqual({ count: 1, state: "waiting" });
  expect(String(failures.last)).toContain("names segment 12345, which is not there");
  await db.put("key", "1");
  expect(db.has("key")).toBe(true);
});
