import { describe, expect, test } from "vitest";
import { DueEvents } from "./due-events.ts";
import { PhasedTimes } from "./phases.ts";

describe("times by phase", () => {
  test("are told apart, with their percentiles", () => {
    const times = new PhasedTimes();
    for (let ms = 1; ms <= 1000; ms += 1) times.record("idle", ms);
    times.record("merging", 5);
    const { idle, merging } = times.endWindow();
    expect(idle.count).toBe(1000);
    expect(Math.abs(idle.p50Ms / 500 - 1)).toBeLessThan(0.01);
    expect(Math.abs(idle.p99Ms / 990 - 1)).toBeLessThan(0.01);
    expect(Math.abs(idle.maxMs / 1000 - 1)).toBeLessThan(0.01);
    expect(merging.count).toBe(1);
  });

  test("begin anew with each window, and are zeros where nothing was measured", () => {
    const times = new PhasedTimes();
    times.record("idle", 1);
    times.endWindow();
    expect(times.endWindow().idle).toEqual({ count: 0, p50Ms: 0, p99Ms: 0, p999Ms: 0, maxMs: 0 });
  });

  test("are summed up apart before and after the store is warm, each window when it ends", () => {
    const times = new PhasedTimes();
    times.record("merging", 1000);
    times.endWindow();
    times.setWarm();
    times.record("merging", 1);
    expect(times.warm.merging.count).toBe(0);
    times.endWindow();
    times.record("merging", 2);
    times.endWindow();
    expect(times.warm.merging.count).toBe(2);
    expect(times.warm.merging.maxMs).toBeLessThan(3);
    expect(times.cold.merging.count).toBe(1);
    expect(times.cold.merging.maxMs).toBeGreaterThan(900);
  });
});

describe("events that are due at every millisecond", () => {
  test("all wait for the end of a turn that takes long", () => {
    const late: number[] = [];
    const due = new DueEvents(0, (ms) => late.push(ms));
    due.turn(0.5);
    expect(late).toEqual([]);
    due.turn(1);
    due.turn(5.5);
    expect(late).toEqual([0, 3.5, 2.5, 1.5, 0.5]);
  });
});
