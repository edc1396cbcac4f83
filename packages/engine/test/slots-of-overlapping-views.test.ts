import { expect, test, vi } from "vitest";
import { filler } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

// A keydir can number 16,383 segments. With room for two dozen the limit is met soon.
vi.mock("@hashlog/index", async (original) => ({ ...(await original<object>()), SEGMENT_SLOTS_MAX: 24 }));

test("slots are free again when what was open at the time is closed, though something else was opened meanwhile", async () => {
  const world = await memoryWorld();
  const db = await world.open({ segmentBytesMax: 512 });
  let snapshot = db.snapshot();
  for (let round = 0; round < 40; round += 1) {
    for (const key of ["a", "b", "c"]) await db.put(key, filler(400, round));
    await db.compact();
    // There is never more than one of them open but for a moment, and none for longer than one merge.
    const next = db.snapshot();
    snapshot.close();
    snapshot = next;
  }
  snapshot.close();
  expect(db.stats().keys).toBe(3);
});
