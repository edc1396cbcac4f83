import * as fc from "fast-check";
import { expect, test } from "vitest";
import { IntervalSync } from "../src/interval-sync.ts";
import { FakeClock } from "./fake-clock.ts";

const INTERVAL_MS = 100;

interface Setup {
  readonly clock: FakeClock;
  readonly interval: IntervalSync;
  /** The times at which syncs began. */
  readonly syncs: number[];
}

function setUp(outcome: () => Promise<void> = async () => {}): Setup {
  const clock = new FakeClock();
  const syncs: number[] = [];
  const interval = new IntervalSync(clock, INTERVAL_MS, () => {
    syncs.push(clock.now());
    return outcome();
  });
  return { clock, interval, syncs };
}

test("a write is followed by one sync, an interval later", () => {
  const { clock, interval, syncs } = setUp();
  const start = clock.now();
  interval.wrote();
  clock.advance(INTERVAL_MS - 1);
  expect(syncs).toEqual([]);
  clock.advance(1);
  expect(syncs).toEqual([start + INTERVAL_MS]);
  clock.advance(10 * INTERVAL_MS);
  expect(syncs).toHaveLength(1);
});

test("writes within one interval share a sync, counted from the first of them", () => {
  const { clock, interval, syncs } = setUp();
  const start = clock.now();
  for (let write = 0; write < 5; write += 1) {
    interval.wrote();
    clock.advance(20);
  }
  expect(syncs).toEqual([start + INTERVAL_MS]);
});

test("nothing is synced, and no timer runs, while nothing is written", () => {
  const { clock, interval, syncs } = setUp();
  clock.advance(10 * INTERVAL_MS);
  expect(syncs).toEqual([]);
  expect(clock.timerCount).toBe(0);
  interval.stop();
});

test("a write begins the sync itself when the timer is late", () => {
  const { clock, interval, syncs } = setUp();
  interval.wrote();
  clock.advanceWithoutTimers(INTERVAL_MS - 1);
  interval.wrote();
  expect(syncs).toEqual([]);
  clock.advanceWithoutTimers(1);
  interval.wrote();
  expect(syncs).toEqual([clock.now()]);
  expect(clock.timerCount).toBe(0);
});

test("a clock that was set back delays no sync by more than the timer does", () => {
  const { clock, interval, syncs } = setUp();
  interval.wrote();
  clock.advanceWithoutTimers(-1_000_000);
  interval.wrote();
  clock.advanceWithoutTimers(INTERVAL_MS);
  interval.wrote();
  expect(syncs).toHaveLength(1);
});

test("after stop nothing is synced any more", () => {
  const { clock, interval, syncs } = setUp();
  interval.wrote();
  interval.stop();
  interval.stop();
  interval.wrote();
  clock.advance(10 * INTERVAL_MS);
  expect(syncs).toEqual([]);
  expect(clock.timerCount).toBe(0);
});

test("a failed sync ends the syncing, and is nobody's unhandled rejection", async () => {
  const { clock, interval, syncs } = setUp(() => Promise.reject(new Error("the disk is gone")));
  interval.wrote();
  clock.advance(INTERVAL_MS);
  await clock.yield();
  interval.wrote();
  clock.advance(10 * INTERVAL_MS);
  expect(syncs).toHaveLength(1);
});

test("however writes come and timers lag, at most an interval passes before a sync if anything happens at all", () => {
  const step = fc.record({ waitMs: fc.integer({ min: 0, max: 150 }), late: fc.boolean() });
  const property = fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
    const { clock, interval, syncs } = setUp();
    let oldest: number | undefined;
    for (const { waitMs, late } of steps) {
      const before = syncs.length;
      if (late) clock.advanceWithoutTimers(waitMs);
      else clock.advance(waitMs);
      if (syncs.length > before) oldest = undefined;
      // The write belongs to what waits, and to the sync that it begins if the oldest has waited long enough.
      oldest ??= clock.now();
      const due = clock.now() - oldest >= INTERVAL_MS;
      const earlier = syncs.length;
      interval.wrote();
      expect(syncs.length - earlier).toBe(due ? 1 : 0);
      if (due) oldest = undefined;
    }
    const waiting = oldest !== undefined;
    const before = syncs.length;
    clock.advance(INTERVAL_MS);
    expect(syncs.length - before).toBe(waiting ? 1 : 0);
  });
  fc.assert(property);
});
