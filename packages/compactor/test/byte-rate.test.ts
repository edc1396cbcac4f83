import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteRate } from "../src/index.ts";

describe("a byte rate", () => {
  test("lets through at once what its bucket holds, and asks for a wait for what is beyond", () => {
    const rate = new ByteRate(1000, 100);
    expect(rate.delayMs(60, 0)).toBe(0);
    expect(rate.delayMs(40, 0)).toBe(0);
    expect(rate.delayMs(50, 0)).toBe(50);
  });

  test("has its debt paid by the time that passes, waited for or not", () => {
    const rate = new ByteRate(1000, 0);
    expect(rate.delayMs(500, 0)).toBe(500);
    expect(rate.delayMs(0, 200)).toBe(300);
    expect(rate.delayMs(100, 300)).toBe(100);
    expect(rate.delayMs(0, 100)).toBe(0);
  });

  test("saves up no more than a burst in a time of rest", () => {
    const rate = new ByteRate(1000, 100);
    expect(rate.delayMs(0, 3_600_000)).toBe(0);
    expect(rate.delayMs(150, 0)).toBe(50);
  });

  test("has a burst of a tenth of a second when none is given", () => {
    const rate = new ByteRate(10_000);
    expect(rate.delayMs(1000, 0)).toBe(0);
    expect(rate.delayMs(10, 0)).toBe(1);
  });

  test("asks for whole milliseconds, never too few", () => {
    const rate = new ByteRate(3000, 0);
    expect(rate.delayMs(1, 0)).toBe(1);
    expect(rate.delayMs(3, 1)).toBe(1);
  });

  test("takes a clock that was set back for one that stood still", () => {
    const rate = new ByteRate(1000, 0);
    expect(rate.delayMs(10, -5000)).toBe(10);
    expect(rate.delayMs(0, -5000)).toBe(10);
  });

  test("without a limit never asks for a wait", () => {
    const rate = new ByteRate(Infinity);
    expect(rate.delayMs(2 ** 50, 0)).toBe(0);
    expect(rate.delayMs(2 ** 50, 1)).toBe(0);
  });

  test.each([
    [0, 0, "bytesPerSecond must be above 0"],
    [-1, 0, "bytesPerSecond must be above 0"],
    [Number.NaN, 0, "bytesPerSecond must be above 0"],
    [1, -1, "burstBytes must be 0 or more"],
    [1, Number.NaN, "burstBytes must be 0 or more"],
  ])("of %d bytes a second with a burst of %d is refused", (bytesPerSecond, burstBytes, message) => {
    expect(() => new ByteRate(bytesPerSecond, burstBytes)).toThrow(
      expect.objectContaining({ code: "MERGE_INVALID_ARGUMENT", message }),
    );
  });

  test("obeyed, never lets more through than its burst and what the time gives, and one slice of credit", () => {
    const slices = fc.array(fc.record({ bytes: fc.nat(5000), extraMs: fc.nat(20) }), { minLength: 1, maxLength: 50 });
    const rates = fc.record({ perSecond: fc.integer({ min: 1, max: 100_000 }), burst: fc.nat(5000) });
    fc.assert(
      fc.property(slices, rates, (work, { perSecond, burst }) => {
        const rate = new ByteRate(perSecond, burst);
        let timeMs = 0;
        let elapsedMs = 0;
        let done = 0;
        for (const { bytes, extraMs } of work) {
          const before = done;
          expect(before).toBeLessThanOrEqual(burst + (timeMs * perSecond) / 1000 + 1e-3);
          done += bytes;
          elapsedMs = rate.delayMs(bytes, elapsedMs) + extraMs;
          timeMs += elapsedMs;
        }
      }),
    );
  });
});
