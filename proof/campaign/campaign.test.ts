import { describe, expect, test } from "vitest";
import { SeenImages } from "../crashing/seen-images.ts";
import { LEAST } from "./least.ts";
import { shareOf, tasksOf, workerOf, type Agenda, type Task } from "./tasks.ts";

const SHORT: Agenda = { extent: "short", freshSeed: 1_000_000 };

function first(tasks: Generator<Task>, count: number): Task[] {
  const taken: Task[] = [];
  for (const task of tasks) {
    if (taken.push(task) === count) break;
  }
  return taken;
}

function countByPart(tasks: Iterable<Task>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { part } of tasks) counts[part] = (counts[part] ?? 0) + 1;
  return counts;
}

describe("the short agenda", () => {
  const counts = countByPart(tasksOf(SHORT));

  test.each(Object.entries(LEAST))("has as many cases of %s as it must have, at least", (part, { cases }) => {
    expect(counts[part]).toBeGreaterThanOrEqual(cases);
  });

  test("ends with cases that no run before has seen", () => {
    expect([...tasksOf(SHORT)].at(-1)!.part).toMatch(/^fresh /);
  });

  test("is only what is asked for of it", () => {
    expect(countByPart(tasksOf({ ...SHORT, parts: ["fixed seeds"] }))).toEqual({
      "fixed seeds": counts["fixed seeds"],
    });
    expect(countByPart(tasksOf({ ...SHORT, parts: ["nothing of the kind"] }))).toEqual({});
  });
});

test("the long agenda does not end, and begins with what has gone wrong before", () => {
  expect(first(tasksOf({ ...SHORT, extent: "long" }), 1)[0]!.part).toBe("corpus");
  const fresh = first(tasksOf({ ...SHORT, extent: "long", parts: ["fresh seeds", "fresh failures"] }), 3000);
  expect(fresh.length).toBe(3000);
  expect(Object.keys(countByPart(fresh)).toSorted()).toEqual(["fresh failures", "fresh seeds"]);
});

describe.each([1, 2, 3, 7])("shared by %i workers", (workers) => {
  const all = [...tasksOf(SHORT)];
  const shares = Array.from({ length: workers }, (_, index) => [...shareOf(SHORT, { index, workers })]);

  test("the agenda is done as a whole, and nothing of it twice", () => {
    expect(shares.reduce((sum, { length }) => sum + length, 0)).toBe(all.length);
    // The n-th task is the same for everybody, so whose it is can be told by its number.
    for (const [index, share] of shares.entries()) {
      const own = all.filter((_, place) => workerOf(place + 1, workers) === index);
      expect(share.map(({ part }) => part)).toEqual(own.map(({ part }) => part));
    }
  });

  test("it is shared about evenly, every part of many tasks as well", () => {
    for (const [part, count] of Object.entries(countByPart(all))) {
      if (count < 500) continue;
      for (const share of shares) {
        const own = countByPart(share)[part] ?? 0;
        expect(Math.abs(own - count / workers)).toBeLessThan(count / workers / 4 + 5);
      }
    }
  });
});

test.each([
  ["corpus", 4],
  ["every program of 1", 6],
  ["fixed seeds", 12],
  ["fixed failures", 12],
])("some of %s hold", async (part, count) => {
  const seen = new SeenImages();
  for (const task of first(tasksOf({ ...SHORT, parts: [part] }), count)) await task.run(seen);
  if (part !== "fixed failures") expect(seen.images).toBeGreaterThan(50);
  expect(seen.takeFresh().length).toBe(seen.images * 2);
});
