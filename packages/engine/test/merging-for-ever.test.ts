import type { MergeChoice, MergeStrategy } from "@hashlog/compactor";
import { systemClock } from "@hashlog/fs-io";
import { expect, test } from "vitest";
import { SMALL_LIMITS, SOON, untilIdle } from "./support/merging.ts";
import { FakeClock } from "./support/fake-clock.ts";
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

test("a choice that names itself to be taken instead is refused, and does not hang the program", async () => {
  const world = await memoryWorld();
  let asked = 0;
  const choice: MergeChoice = {
    trigger: "round and round",
    segments: [],
    get instead(): MergeChoice {
      asked += 1;
      if (asked > 10_000) throw new Error("asked 10,000 times");
      return choice;
    },
  };
  const strategy: MergeStrategy = { name: "round", choose: () => choice };
  const db = await world.open({ compaction: { ...SOON, background: false, strategy } });
  await db.put("key", "1");
  await db.compaction.plan().catch(() => undefined);
  expect(asked).toBeLessThanOrEqual(10_000);
});

test("no timer is set for longer than timers can be, whatever the jitter", async () => {
  const world = await memoryWorld();
  const delays: number[] = [];
  class Noting extends FakeClock {
    override setTimer(callback: () => void, delayMs: number): ReturnType<typeof systemClock.setTimer> {
      delays.push(delayMs);
      return super.setTimer(callback, delayMs);
    }
  }
  for (let opening = 0; opening < 20; opening += 1) {
    const clock = new Noting();
    const db = await world.openWithin(SMALL_LIMITS, { clock, compaction: { checkIntervalMs: 2 ** 31 - 1 } });
    await db.put("key", filler(2000));
    await untilIdle(db);
    await db.close();
  }
  expect(delays.length).toBeGreaterThan(0);
  expect(Math.max(...delays)).toBeLessThanOrEqual(2 ** 31 - 1);
});
