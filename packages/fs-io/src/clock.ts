/** Time and timers, as a port: nothing else in Hashlog reads the clock. `runClockContract` in `./testing` proves one. */
export interface Clock {
  /** Milliseconds since 1970, with or without fractions. May jump in either direction, as the machine's clock does. */
  now(): number;

  /** Milliseconds since some moment or other, with fractions. Never runs backwards: for durations and rates. */
  elapsedMs(): number;

  /**
   * Calls `callback` once, no earlier than `delayMs` from now (give or take a millisecond), and never before this has
   * returned. The timer does not keep the process alive.
   */
  setTimer(callback: () => void, delayMs: number): Timer;

  /** Resolves after other work of the event loop had its turn: I/O callbacks and timers included. */
  yield(): Promise<void>;
}

/** A timer that was set. */
export interface Timer {
  /** The callback will not be called any more. Twice is fine, also after it was called. */
  cancel(): void;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsedMs: () => performance.now(),
  setTimer(callback, delayMs) {
    const handle = setTimeout(callback, delayMs);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
  yield: () => new Promise((resolve) => setImmediate(resolve)),
};

/**
 * Resolves `delayMs` from now, and keeps the process alive until then: for a wait in the middle of an operation, which
 * would stay half done if the process ended for want of other work.
 */
export function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
