import type { Clock } from "@hashlog/fs-io";

/** Time that passes only when a test says so. It may also be set back; timers do not mind that. */
export class VirtualClock implements Clock {
  #now: number;
  #elapsed = 0;
  #timers: { at: number; callback: () => void }[] = [];

  constructor(now: number = BEGINNING) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  elapsedMs(): number {
    return this.#elapsed;
  }

  setTimer(callback: () => void, delayMs: number): { cancel(): void } {
    const timer = { at: this.#elapsed + delayMs, callback };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  yield(): Promise<void> {
    return Promise.resolve();
  }

  /** Goes on by so many milliseconds, and calls the timers that are due; or is set back. */
  tick(milliseconds: number): void {
    this.#now += milliseconds;
    this.#elapsed += Math.max(0, milliseconds);
    const due = this.#timers.filter((timer) => timer.at <= this.#elapsed);
    this.#timers = this.#timers.filter((timer) => timer.at > this.#elapsed);
    for (const timer of due) timer.callback();
  }
}

/**
 * The clock of an opening that is thrown away once it has shown its state: what the store would do in the background,
 * after others have had their turn, it never begins.
 */
export class StoppedClock extends VirtualClock {
  #isReading = false;

  /** From now on whoever gives others their turn goes on, as one who reads does; who did so before never will. */
  read(): void {
    this.#isReading = true;
  }

  override yield(): Promise<void> {
    return this.#isReading ? super.yield() : new Promise(() => undefined);
  }
}

/** When virtual time begins. */
export const BEGINNING = 1_700_000_000_000;
