import type { Store } from "@hashlog/engine";

/** Waits until what was ended is sealed and has its hint, and there is a checkpoint. */
export async function atRest<K, V, VI>(db: Store<K, V, VI>): Promise<void> {
  const sealing = (): boolean => db.stats().segments.some(({ state }) => state === "unsealed");
  for (let turn = 0; turn < 10_000 && sealing(); turn += 1) await new Promise((resolve) => setImmediate(resolve));
  for (let time = 0; time < 2; time += 1) await db.checkpoint();
}
