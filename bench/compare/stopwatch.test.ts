import { expect, test } from "vitest";
import { Stopwatch } from "./stopwatch.ts";

test("the event loop is given away every thousand operations, however many are in flight", async () => {
  const watch = new Stopwatch(0.3);
  let sinceTurn = 0;
  let most = 0;
  let isOver = false;
  const turn = (): void => {
    most = Math.max(most, sinceTurn);
    sinceTurn = 0;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  // As lmdb, node:sqlite, the bare file and the Map do it: what they promise is there at once.
  await watch.inFlight(256, async () => {
    sinceTurn += 1;
  });
  isOver = true;
  expect(most).toBeLessThanOrEqual(2000);
});

test("the event loop is given away after each batch of a thousand", async () => {
  const watch = new Stopwatch(Infinity);
  let begun = 0;
  let turns = 0;
  const turn = (): void => {
    turns += 1;
    if (begun < 20) setImmediate(turn);
  };
  setImmediate(turn);
  const batch = async (): Promise<void> => {
    begun += 1;
    watch.also(999);
  };
  await watch.inFlight(1, batch, { more: () => begun < 20 });
  expect(turns).toBeGreaterThanOrEqual(19);
  expect(watch.measured.operations).toBe(20_000);
});

test("an event loop that is held from the beginning to the end is late by all of that", async () => {
  const watch = new Stopwatch(0.02);
  const held = async (): Promise<void> => {
    const begun = performance.now();
    while (performance.now() - begun < 30);
  };
  await watch.inFlight(1, held);
  expect(watch.measured.loopLateMs).toBeGreaterThanOrEqual(20);
});
