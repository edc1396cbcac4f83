import type { Clock } from "../clock.ts";
import { ensure, ensureEqual, type TestFunctions } from "./contract-support.ts";

/** A clock for one test alone. */
export interface ClockFixture {
  readonly clock: Clock;

  /** Lets so many milliseconds pass, for a clock that stands still until it is moved. Leave it out where they pass by themselves. */
  readonly pass?: (milliseconds: number) => void;
}

/** So many turns are enough for any timer of this suite; where time passes by itself, each takes a while. */
const TURNS_MOST = 200_000;

/** A timer of the operating system may be early by a part of a millisecond. */
const EARLY_MS = 1;

/**
 * The prose of the `Clock` port as a suite. A clock that passes can be handed to the engine.
 *
 *     runClockContract({ describe, test }, "my clock", () => ({ clock: myClock() }));
 *
 * It brings its own assertions, so that it runs under any runner (`describe` and `test` are the runner's), in a browser
 * too. `newClock` is called for each test. That a timer keeps no process alive, no suite within the process can show.
 */
export function runClockContract(runner: TestFunctions, name: string, newClock: () => ClockFixture): void {
  const test = (sentence: string, body: (fixture: ClockFixture) => Promise<void>): unknown =>
    runner.test(sentence, () => body(newClock()));
  runner.describe(`the Clock contract, kept by ${name}`, () => {
    test("now is a time in milliseconds since 1970", async ({ clock }) => {
      ensure(Number.isFinite(clock.now()) && clock.now() >= 0, `now should be a time, and is ${clock.now()}`);
    });

    test("elapsedMs never runs backwards, and goes on", async (fixture) => {
      const { clock } = fixture;
      const first = clock.elapsedMs();
      let last = first;
      for (let turn = 0; turn < 1000; turn++) {
        fixture.pass?.(turn % 3);
        if (turn % 10 === 0) await clock.yield();
        const next = clock.elapsedMs();
        ensure(next >= last, `elapsedMs should not go from ${last} to ${next}`);
        last = next;
      }
      await turnsUntil(fixture, () => clock.elapsedMs() > first, "elapsedMs to go on");
    });

    test("a timer calls once, and not before its time", async (fixture) => {
      for (const delayMs of [0, 1, 20]) {
        const begun = fixture.clock.elapsedMs();
        const calls: number[] = [];
        fixture.clock.setTimer(() => calls.push(fixture.clock.elapsedMs()), delayMs);
        ensureEqual(calls.length, 0, "the number of calls before setTimer has returned");
        await turnsUntil(fixture, () => calls.length > 0, `a timer of ${delayMs} ms to call`);
        ensure(
          calls[0]! - begun >= delayMs - EARLY_MS,
          `a timer of ${delayMs} ms called after ${calls[0]! - begun} ms`,
        );
        await let20MsPass(fixture);
        ensureEqual(calls.length, 1, "the number of calls of one timer");
      }
    });

    test("timers do not get in one another's way", async (fixture) => {
      const called = new Set<number>();
      for (const delayMs of [5, 1, 0, 5]) fixture.clock.setTimer(() => called.add(delayMs), delayMs);
      await turnsUntil(fixture, () => called.size === 3, "timers of 5, 1 and 0 ms to call");
    });

    test("a timer that was cancelled does not call; cancelling twice, or afterwards, is fine", async (fixture) => {
      let cancelledCalls = 0;
      const cancelled = fixture.clock.setTimer(() => (cancelledCalls += 1), 1);
      cancelled.cancel();
      cancelled.cancel();
      let calls = 0;
      const other = fixture.clock.setTimer(() => (calls += 1), 1);
      await turnsUntil(fixture, () => calls > 0, "the timer beside it to call");
      await let20MsPass(fixture);
      other.cancel();
      cancelled.cancel();
      ensureEqual(cancelledCalls, 0, "the number of calls of a timer that was cancelled");
    });

    test("whoever yields lets timers have their turn", async (fixture) => {
      let called = false;
      fixture.clock.setTimer(() => (called = true), 0);
      fixture.pass?.(1);
      for (let turn = 0; !called && turn < TURNS_MOST; turn++) await fixture.clock.yield();
      ensure(called, `a timer should be called while others yield, and was not in ${TURNS_MOST} turns`);
    });
  });
}

/** Gives the event loop away until it holds. */
async function turnsUntil(fixture: ClockFixture, holds: () => boolean, what: string): Promise<void> {
  for (let turn = 0; !holds(); turn++) {
    ensure(turn < TURNS_MOST, `it should not take ${TURNS_MOST} turns for ${what}`);
    fixture.pass?.(1);
    await fixture.clock.yield();
  }
}

async function let20MsPass(fixture: ClockFixture): Promise<void> {
  const begun = fixture.clock.elapsedMs();
  await turnsUntil(fixture, () => fixture.clock.elapsedMs() - begun >= 20, "20 ms to pass");
}
