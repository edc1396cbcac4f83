import { expect, test } from "vitest";
import { Turns } from "../src/turns.ts";

/** Runs that are ended one by one, and a note of what began and ended. */
function controlled(): {
  readonly turns: Turns<number>;
  readonly begun: () => number;
  readonly end: (outcome: number | Error) => Promise<void>;
} {
  let begun = 0;
  let running = 0;
  let settle: ((outcome: number | Error) => void) | undefined;
  const turns = new Turns<number>(() => {
    begun += 1;
    running += 1;
    expect(running).toBe(1);
    return new Promise<number>((resolve, reject) => {
      settle = (outcome) => {
        running -= 1;
        if (typeof outcome === "number") resolve(outcome);
        else reject(outcome);
      };
    });
  });
  const end = async (outcome: number | Error): Promise<void> => {
    settle!(outcome);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { turns, begun: () => begun, end };
}

test("whoever asks while nothing runs begins a run at once", async () => {
  const { turns, begun, end } = controlled();
  const first = turns.request();
  expect(begun()).toBe(1);
  await end(7);
  expect(await first).toBe(7);
  const second = turns.request();
  expect(begun()).toBe(2);
  await end(8);
  expect(await second).toBe(8);
});

test("all who ask while one runs share the next, also those who ask as soon as it has ended", async () => {
  const { turns, begun, end } = controlled();
  const first = turns.request();
  const atOnce = first.then(() => turns.request());
  const later = [turns.request(), turns.request()];
  await end(1);
  expect(begun()).toBe(2);
  await end(2);
  expect(await Promise.all([first, ...later])).toEqual([1, 2, 2]);
  expect(await atOnce).toBe(2);
  expect(begun()).toBe(2);
});

test("a run that fails is the failure of those who wait for it, and of nobody else", async () => {
  const { turns, end } = controlled();
  const first = turns.request().catch((error: Error) => error.message);
  const second = turns.request();
  await end(new Error("failed"));
  await end(2);
  expect(await Promise.all([first, second])).toEqual(["failed", 2]);
});

test("it is idle when the last run that was asked for has ended, however it did", async () => {
  const { turns, end } = controlled();
  await turns.idle();
  const failed = turns.request().catch(() => "failed");
  const second = turns.request();
  let isIdle = false;
  const idle = turns.idle().then(() => (isIdle = true));
  await end(new Error("failed"));
  expect([await failed, isIdle]).toEqual(["failed", false]);
  await end(2);
  await Promise.all([second, idle]);
});
