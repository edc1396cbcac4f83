import { neverSettles } from "../properties/p14-forward-progress.ts";

/**
 * A simulated disk lives in microtasks. So does everything above it, but for what waits for a virtual clock, which goes
 * on only when told to. When the event loop has had its turn, all that could happen has happened.
 */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** What the promise settles with; one that is not settled when all is quiet never will be, and that is an error. */
export async function settled<T>(promise: Promise<T>, what: string): Promise<T> {
  let isSettled = false;
  const note = (): void => {
    isSettled = true;
  };
  promise.then(note, note);
  // Most settle soon: a turn of the event loop costs more than many microtasks.
  for (let microtask = 0; microtask < MICROTASKS && !isSettled; microtask += 1) await Promise.resolve();
  for (let turn = 0; turn < TURNS && !isSettled; turn += 1) await quiet();
  if (!isSettled) neverSettles(what);
  return promise;
}

// Several, as work in slices gives the event loop its turn between them.
const TURNS = 200;
const MICROTASKS = 500;
