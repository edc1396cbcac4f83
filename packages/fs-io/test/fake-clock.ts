import type { Clock, Timer } from "../src/clock.ts";

/** A clock that stands still until the test moves it. Timers fire when it is moved past them, in order, or `late`. */
export class FakeClock implements Clock {
  #now = 1_000_000;
  #elapsedMs = 0;
  #timers: Array<{ at: number; callback: () => void }> = [];

  now(): number {
    return this.#now;
  }

  elapsedMs(): number {
    return this.#elapsedMs;
  }

  get timerCount(): number {
    return this.#timers.length;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.push(timer);
    return { cancel: () => (this.#timers = this.#timers.filter((each) => each !== timer)) };
  }

  yield(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** Moves time on, and calls what is due. */
  advance(byMs: number): void {
    this.advanceWithoutTimers(byMs);
    for (const timer of this.#timers.filter(({ at }) => at <= this.#now)) {
      if (!this.#timers.includes(timer)) continue;
      this.#timers = this.#timers.filter((each) => each !== timer);
      timer.callback();
    }
  }

  /** Time passes, but the event loop is busy: no timer is called. Also sets the clock back. */
  advanceWithoutTimers(byMs: number): void {
    this.#now += byMs;
    this.#elapsedMs += Math.max(0, byMs);
  }
}
