import type { Clock } from "@hashlog/fs-io";

/** Time that passes only when a test says so, in either direction. */
export class FakeClock implements Clock {
  #now = 1_700_000_000_000;
  #elapsedMs = 0;
  /** The highest time that anybody was told; may be set. */
  highestTold = 0;
  /** How often somebody gave the event loop away. */
  yields = 0;
  #timers: { readonly at: number; readonly callback: () => void }[] = [];

  now(): number {
    this.highestTold = Math.max(this.highestTold, this.#now);
    return this.#now;
  }

  elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.length;
  }

  setTimer(callback: () => void, delayMs: number): { cancel(): void } {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  yield(): Promise<void> {
    this.yields += 1;
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** Goes on by so many milliseconds, or back, and calls the timers that are due. */
  advance(byMs: number): void {
    this.#now += byMs;
    this.#elapsedMs += Math.max(0, byMs);
    const due = this.#timers.filter(({ at }) => at <= this.#now);
    this.#timers = this.#timers.filter(({ at }) => at > this.#now);
    for (const { callback } of due) callback();
  }

  /** Goes on while the event loop is too busy for timers. */
  advanceWithoutTimers(byMs: number): void {
    this.#now += byMs;
    this.#elapsedMs += Math.max(0, byMs);
  }
}
