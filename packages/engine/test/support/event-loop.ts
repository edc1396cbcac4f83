/** Waits until it is so, for as long as whatever needs no clock can take; fails if it never is. */
export async function until(isSo: () => boolean, what: string = isSo.toString()): Promise<void> {
  for (let turn = 0; turn < 200_000 && !isSo(); turn += 1) await turnOfLoop();
  if (!isSo()) throw new Error(`not so after 200,000 turns of the event loop: ${what}`);
}

/** So many turns of the event loop: enough for whatever does not wait for a disk, a clock, or somebody. */
export async function turns(count: number = 200): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await turnOfLoop();
}

function turnOfLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
