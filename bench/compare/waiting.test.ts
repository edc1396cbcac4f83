import { expect, test } from "vitest";
import { type Surroundings, waitUntil, waitUntilQuiet } from "./waiting.ts";

/** A process that works so many milliseconds in each tenth of a second, and then no more. */
function working(...cpuMsOfTenths: readonly number[]): Surroundings & { passedMs: number } {
  let worked = 0;
  const surroundings = {
    passedMs: 0,
    nowMs: () => surroundings.passedMs,
    cpuMs: () => worked,
    pause: async (ms: number) => {
      worked += cpuMsOfTenths[Math.floor(surroundings.passedMs / 100)] ?? 0;
      surroundings.passedMs += ms;
    },
  };
  return surroundings;
}

test("a process that does nothing is quiet after a tenth of a second", async () => {
  const surroundings = working();
  await waitUntilQuiet(surroundings);
  expect(surroundings.passedMs).toBe(100);
});

test("a process is waited for as long as it works, however little of the time", async () => {
  const surroundings = working(90, 20, 0.5, 60);
  await waitUntilQuiet(surroundings);
  expect(surroundings.passedMs).toBe(300);
});

test("a process that never comes to rest is waited for twenty seconds", async () => {
  const surroundings = working(...Array.from({ length: 1000 }, () => 50));
  await waitUntilQuiet(surroundings);
  expect(surroundings.passedMs).toBe(20_000);
});

test("what is already so is not waited for, and what never is so has an end", async () => {
  const surroundings = working();
  await waitUntil(() => true, { everyMs: 20, msMost: 10_000 }, surroundings);
  expect(surroundings.passedMs).toBe(0);
  await waitUntil(async () => false, { everyMs: 20, msMost: 10_000 }, surroundings);
  expect(surroundings.passedMs).toBe(10_000);
});
