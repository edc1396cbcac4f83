/**
 * How often things of chance are done: `base` times, or HASHLOG_CRASH_RUNS times as often. What `npm test` does in a
 * minute, HASHLOG_CRASH_RUNS=60 does in an hour, with other cases each time (fast-check prints the seed of a failure).
 */
export function runs(base: number): number {
  return Math.max(1, Math.round(base * FACTOR));
}

/** Whether what is done in turns otherwise shall all be done: with HASHLOG_CRASH_RUNS=4 or more. */
export function isThorough(): boolean {
  return FACTOR >= 4;
}

const FACTOR = Number(process.env["HASHLOG_CRASH_RUNS"] ?? 1);

/** For a test's timeout: a long campaign takes as long as it takes. */
export const TEST_TIMEOUT_MS: number = 600_000 * Math.max(1, FACTOR);
