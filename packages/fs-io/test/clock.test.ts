import { expect, test, vi } from "vitest";
import { pause, systemClock } from "../src/clock.ts";

test("the system clock tells the time", () => {
  const before = Date.now();
  const now = systemClock.now();
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
});

test("a timer calls once; one that was cancelled never does", async () => {
  const cancelled = vi.fn<() => void>();
  const timer = systemClock.setTimer(cancelled, 0);
  timer.cancel();
  timer.cancel();
  const called = await new Promise<boolean>((resolve) => systemClock.setTimer(() => resolve(true), 1));
  expect(called).toBe(true);
  expect(cancelled).not.toHaveBeenCalled();
});

test("yielding lets other callbacks of the event loop have their turn", async () => {
  const order: string[] = [];
  setImmediate(() => order.push("other"));
  await systemClock.yield();
  order.push("after");
  expect(order).toEqual(["other", "after"]);
});

test("a pause ends", async () => {
  await expect(pause(1)).resolves.toBeUndefined();
});
