import { setTimeout as pause } from "node:timers/promises";

/** What time and work are taken from; tests have their own. */
export interface Surroundings {
  readonly nowMs: () => number;
  readonly pause: (ms: number) => Promise<unknown>;
  /** What all threads of this process have worked so far. */
  readonly cpuMs: () => number;
}

/** This process's own. */
const THIS_PROCESS: Surroundings = {
  nowMs: () => performance.now(),
  pause,
  cpuMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};

const QUIET_MS = 100;
const QUIET_CPU_MS = 3;
const QUIET_WAIT_MS_MOST = 20_000;

/** Asks now and again until the answer is yes, or it has taken too long. */
export async function waitUntil(
  isSo: () => boolean | Promise<boolean>,
  { everyMs, msMost }: { readonly everyMs: number; readonly msMost: number },
  { nowMs, pause: wait }: Surroundings = THIS_PROCESS,
): Promise<void> {
  const until = nowMs() + msMost;
  while (!(await isSo()) && nowMs() < until) await wait(everyMs);
}

/**
 * Waits until this process has done next to nothing for a tenth of a second, with all its threads: stores do not tell what they
 * do in the background, and whoever is measured next would have to share the machine with it. Some never come to rest.
 */
export async function waitUntilQuiet(surroundings: Surroundings = THIS_PROCESS): Promise<void> {
  let before = -Infinity;
  const isQuiet = (): boolean => {
    const now = surroundings.cpuMs();
    const worked = now - before;
    before = now;
    return worked <= QUIET_CPU_MS;
  };
  await waitUntil(isQuiet, { everyMs: QUIET_MS, msMost: QUIET_WAIT_MS_MOST }, surroundings);
}
