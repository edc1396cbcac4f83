import { bytes, open, type Store } from "@hashlog/engine";
import { readdir } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { hintFileName } from "@hashlog/format";
import { MergeLog } from "../../soak/merge-log.ts";
import type { Contender, Entrant, OpenSettings } from "../contender.ts";

/** Hashlog itself, with its defaults. */
export const hashlog: Entrant = {
  name: "hashlog",
  durabilities: { "not synced": 'sync: "never"', synced: 'sync: "always"' },
  open: openHashlog,
};

async function openHashlog({ directory, durability }: OpenSettings): Promise<Contender> {
  const sync = durability === "synced" ? "always" : "never";
  const merges = new MergeLog();
  const { onStart, onEnd, onFailure } = merges;
  const compaction = { onStart, onEnd, onFailure };
  const store = await open(directory, { keys: bytes, values: bytes, sync, compaction });
  return {
    batch: (keys, values) =>
      store.batch(keys.map((key, index) => ({ type: "put", key, value: values[index]! }) as const)),
    put: (key, value) => store.put(key, value),
    get: (key) => store.get(key),
    getSync: (key) => store.getSync(key),
    settle: async () => {
      while (merges.phase === "merging" || !(await hasAllHints(store, directory))) await pause(20);
    },
    close: () => store.close(),
  };
}

/** They are written when the store has been quiet for a while. */
async function hasAllHints(store: Store<Uint8Array, Uint8Array>, directory: string): Promise<boolean> {
  const names = new Set(await readdir(directory));
  const sealed = store.stats().segments.filter(({ state }) => state === "sealed");
  return sealed.every(({ segmentId }) => names.has(hintFileName(segmentId)));
}
