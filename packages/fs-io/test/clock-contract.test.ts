import { describe, expect, test } from "vitest";
import { systemClock, type Clock } from "../src/clock.ts";
import { runClockContract, type ClockFixture } from "../src/testing/clock-contract.ts";
import { FakeClock } from "./fake-clock.ts";

runClockContract({ describe, test }, "systemClock", () => ({ clock: systemClock }));
runClockContract({ describe, test }, "a clock that a test moves", movable);

function movable(): Required<ClockFixture> {
  const clock = new FakeClock();
  return { clock, pass: (milliseconds) => clock.advance(milliseconds) };
}

/** The machine's clock with one fault. */
const wrong = (fault: Partial<Clock>): ClockFixture => ({ clock: { ...systemClock, ...fault } });

const ON_TIME = "a timer calls once, and not before its time";
const CANCELLED = "a timer that was cancelled does not call; cancelling twice, or afterwards, is fine";

/** A suite is worth what it finds: each of these clocks has one fault, and that sentence must tell. */
const FAULTS: Record<string, [sentence: string, newClock: () => ClockFixture]> = {
  "does not know the time": ["now is a time in milliseconds since 1970", () => wrong({ now: () => NaN })],
  "measures durations by a clock that is set back": [
    "elapsedMs never runs backwards, and goes on",
    () => {
      let reads = 0;
      return wrong({ elapsedMs: () => systemClock.elapsedMs() - ((reads += 1) > 500 ? 60_000 : 0) });
    },
  ],
  "stands still": ["elapsedMs never runs backwards, and goes on", () => wrong({ elapsedMs: () => 5 })],
  "calls at once": [
    ON_TIME,
    () =>
      wrong({
        setTimer: (callback) => {
          callback();
          return { cancel: () => undefined };
        },
      }),
  ],
  "calls too early": [ON_TIME, () => wrong({ setTimer: (callback) => systemClock.setTimer(callback, 0) })],
  "calls again and again": [
    ON_TIME,
    () =>
      wrong({
        setTimer: (callback, delayMs) => {
          let left = 3;
          const call = (): void => {
            callback();
            if ((left -= 1) > 0) systemClock.setTimer(call, 1);
          };
          return systemClock.setTimer(call, delayMs);
        },
      }),
  ],
  "has one timer": [
    "timers do not get in one another's way",
    () => {
      let last = systemClock.setTimer(() => undefined, 0);
      const setTimer: Clock["setTimer"] = (callback, delayMs) => {
        last.cancel();
        return (last = systemClock.setTimer(callback, delayMs));
      };
      return wrong({ setTimer });
    },
  ],
  "cannot cancel": [
    CANCELLED,
    () =>
      wrong({
        setTimer: (callback, delayMs) => {
          systemClock.setTimer(callback, delayMs);
          return { cancel: () => undefined };
        },
      }),
  ],
  "cannot cancel twice": [
    CANCELLED,
    () =>
      wrong({
        setTimer: (callback, delayMs) => {
          let timer: { cancel(): void } | undefined = systemClock.setTimer(callback, delayMs);
          const cancel = (): void => {
            timer!.cancel();
            timer = undefined;
          };
          return { cancel };
        },
      }),
  ],
  "yields to nobody": ["whoever yields lets timers have their turn", () => wrong({ yield: () => Promise.resolve() })],
};

describe("the contract suite of clocks", () => {
  test.each(Object.entries(FAULTS))("finds one that %s", async (_fault, [sentence, newClock]) => {
    const sentences = sentencesOf(newClock);
    await expect(sentences.get(sentence)!()).rejects.toThrow(/the contract is broken|undefined/);
  });

  test("has no sentence that none of them breaks", () => {
    const broken = new Set(Object.values(FAULTS).map(([sentence]) => sentence));
    expect([...sentencesOf(movable).keys()].filter((sentence) => !broken.has(sentence))).toEqual([]);
  });
});

function sentencesOf(newClock: () => ClockFixture): Map<string, () => Promise<void>> {
  const sentences = new Map<string, () => Promise<void>>();
  const runner = {
    describe: (_name: string, body: () => void) => body(),
    test: (sentence: string, body: () => Promise<void>) => sentences.set(sentence, body),
  };
  runClockContract(runner, "a clock", newClock);
  return sentences;
}
