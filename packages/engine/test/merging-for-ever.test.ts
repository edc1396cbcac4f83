import { expect, test } from "vitest";
import { SMALL_LIMITS, untilIdle } from "./support/merging.ts";
import { filler } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

const MINUTE_MS = 60_000;

test("what was merged into small outputs is not merged again and again while nothing is written", async () => {
  const world = await memoryWorld();
  const compaction = { jitter: 0, outputBytesMax: 4096 };
  const db = await world.openWithin(SMALL_LIMITS, { compaction });
  for (let key = 0; key < 40; key += 1) {
    for (let turn = 0; turn < 2; turn += 1) await db.put(`key ${key}`, filler(1800, key + turn));
  }
  await db.compact();
  await untilIdle(db);
  world.clock.advance(MINUTE_MS);
  await untilIdle(db);
  const { bytesWritten, merges } = db.stats().compaction;
  for (let minute = 0; minute < 10; minute += 1) {
    world.clock.advance(MINUTE_MS);
    await untilIdle(db);
  }
  expect(db.stats().compaction).toMatchObject({ bytesWritten, merges });
});
