import { describe, expect, test } from "vitest";
import { alike, madeUpStore } from "./made-up-result.ts";
import { SMALL_EXTRA_BYTES, verdictsOn, type Verdict } from "./verdicts.ts";
import type { StoreResult } from "./result.ts";
import { trendOf } from "./trend.ts";

function verdictOn(store: StoreResult, what: RegExp): Verdict {
  const found = verdictsOn(store).filter((verdict) => what.test(verdict.what));
  expect(found).toHaveLength(1);
  return found[0]!;
}

describe("the line closest to points", () => {
  const line = (slope: number, noise = 0) =>
    Array.from({ length: 20 }, (_, index) => ({
      seconds: index * 60,
      value: 1000 + slope * index + (index % 2 === 0 ? noise : -noise),
    }));

  test("tells how much it rises, there and in an hour", () => {
    const trend = trendOf(line(1))!;
    expect(trend.mean).toBeCloseTo(1009.5);
    expect(trend.rise).toBeCloseTo(19);
    expect(trend.percentPerHour).toBeCloseTo((100 * 60) / 1009.5);
    expect(trend.scatter).toBeCloseTo(0);
  });

  test("tells how far points lie from it", () => {
    const { rise, scatter } = trendOf(line(0, 10))!;
    expect(Math.abs(rise)).toBeLessThan(scatter);
    expect(scatter).toBeGreaterThan(9);
    expect(scatter).toBeLessThan(12);
  });

  test("is none for too few points, or for one moment", () => {
    expect(trendOf(line(1).slice(0, 2))).toBeUndefined();
    expect(trendOf([1, 2, 3].map((value) => ({ seconds: 5, value })))).toBeUndefined();
  });

  test("of nothing but zeros is no change", () => {
    expect(trendOf([1, 2, 3].map((seconds) => ({ seconds, value: 0 })))!.percentPerHour).toBe(0);
  });
});

describe("the verdicts", () => {
  test("are all met where nothing changes and merges cost little", () => {
    expect(verdictsOn(madeUpStore()).map(({ verdict }) => verdict)).toEqual(Array.from({ length: 7 }, () => "met"));
  });

  test("take the worst moment of a warm store, between samples as well", () => {
    const high = { segmentBytes: 1500, liveBytes: 1000 };
    const once = (at: number) => madeUpStore((seconds) => (seconds === at ? { peak: high } : {}));
    expect(verdictOn(once(300), /segment bytes/)).toMatchObject({ found: "1.50", verdict: "not met" });
    expect(verdictOn(once(30), /segment bytes/)).toMatchObject({ found: "1.40", verdict: "met" });
  });

  test("give a small store some bytes on top, and say what it takes with them", () => {
    const small = (segmentBytes: number): StoreResult => ({
      ...madeUpStore(() => ({ peak: { segmentBytes, liveBytes: 1000 } })),
      name: "small",
    });
    expect(verdictOn(small(SMALL_EXTRA_BYTES + 1499), /segment bytes/).verdict).toBe("met");
    expect(verdictOn(small(SMALL_EXTRA_BYTES + 1500), /segment bytes/).verdict).toBe("not met");
    expect(verdictOn(small(2000), /segment bytes/).found).toBe("0.00 (2.00 with all)");
  });

  test("compare getSync during merges with getSync without", () => {
    const store = (merging: number) =>
      madeUpStore(undefined, { getSync: { idle: alike(0.01), merging: alike(merging) } });
    expect(verdictOn(store(0.0299), /getSync/).verdict).toBe("met");
    expect(verdictOn(store(0.031), /getSync/).verdict).toBe("not met");
  });

  test("take the event loop's delay during merges as it is", () => {
    const store = (merging: number) =>
      madeUpStore(undefined, { eventLoop: { idle: alike(50), merging: alike(merging) } });
    expect(verdictOn(store(10), /event loop/)).toMatchObject({ verdict: "met", found: "10.0 ms; without one 50.0 ms" });
    expect(verdictOn(store(10.1), /event loop/).verdict).toBe("not met");
  });

  test("are not given where nothing was measured", () => {
    const none = { idle: alike(1), merging: alike(0, 0) };
    const never = madeUpStore(() => ({ isWarm: false }), { getSync: none, eventLoop: none });
    const verdicts = verdictsOn(never).slice(0, 3);
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(["not judged", "not judged", "not judged"]);
    const busy = madeUpStore(undefined, { getSync: { idle: alike(0, 0), merging: alike(1) } });
    const always = { ...busy, coldTimes: busy.times };
    expect(verdictOn(always, /getSync/)).toMatchObject({ found: "no time without a merge", verdict: "not judged" });
  });

  test("compare a store that merges all the time with what it was while it warmed up", () => {
    const busy = madeUpStore(undefined, { getSync: { idle: alike(0, 0), merging: alike(3.1) } });
    expect(verdictOn(busy, /getSync/)).toMatchObject({
      found: "3.10: 3.10 ms and 1.00 ms, while warming up",
      verdict: "not met",
    });
  });

  test.each([
    [/RSS/, "rssBytes"],
    [/files/, "files"],
    [/handles/, "processHandles"],
    [/keydir/, "keydirBytes"],
  ] as const)("find what grows steadily, and not what only goes up and down: %s", (what, name) => {
    const growing = madeUpStore((seconds) => ({ [name]: 1000 + seconds / 10 }));
    expect(verdictOn(growing, what).verdict).toBe("not met");
    const wobbling = madeUpStore((seconds) => ({ [name]: seconds % 20 === 0 ? 1000 : 2000 }));
    expect(verdictOn(wobbling, what).verdict).toBe("met");
    const settled = madeUpStore((seconds) => ({ [name]: Math.min(seconds, 200) }));
    expect(verdictOn(settled, what).verdict).toBe("met");
  });

  test("count the store's own files where the system does not tell handles", () => {
    const growing = madeUpStore((seconds) => ({ processHandles: null, storeHandles: seconds }));
    expect(verdictOn(growing, /handles/).verdict).toBe("not met");
  });

  test("say nothing about growth in a minute or two, or without samples", () => {
    const store = madeUpStore((seconds) => ({ rssBytes: seconds }));
    const short = { ...store, samples: store.samples.filter(({ seconds }) => seconds <= 300) };
    expect(verdictOn(short, /RSS/).verdict).toBe("not judged");
    expect(verdictOn({ ...store, samples: [] }, /RSS/)).toMatchObject({
      found: "too few samples",
      verdict: "not judged",
    });
  });
});
