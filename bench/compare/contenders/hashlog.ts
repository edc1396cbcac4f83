import { bytes, open } from "@hashlog/engine";
import { hasAllHints } from "../../hints.ts";
import { MergeLog } from "../../soak/merge-log.ts";
import type { Contender, Entrant, OpenSettings } from "../contender.ts";
import { waitUntil } from "../waiting.ts";

/** A hint that is never written, as on a full disk, is not waited for without an end. */
const SETTLE_MS_MOST = 10_000;

/** Hashlog itself, with its defaults. */
export const hashlog: Entrant = {
  name: "hashlog",
  durabilities: { "not synced": 'sync: "never"', synced: 'sync: "always"' },
  open: (settings) => openHashlog(settings, {}),
};

/** As the goals for random reads are meant: what is read comes from the files. */
export const hashlogCacheOff: Entrant = {
  name: "hashlog cache off",
  durabilities: { "not synced": 'sync: "never", cacheBytesMax: 0' },
  does: ["batch", "getSync"],
  isVariant: true,
  open: (settings) => openHashlog(settings, { cacheBytesMax: 0 }),
};

async function openHashlog(
  { directory, durability }: OpenSettings,
  options: { readonly cacheBytesMax?: number },
): Promise<Contender> {
  const sync = durability === "synced" ? "always" : "never";
  const merges = new MergeLog();
  const { onStart, onEnd, onFailure } = merges;
  const compaction = { onStart, onEnd, onFailure };
  const store = await open(directory, { keys: bytes, values: bytes, sync, compaction, ...options });
  return {
    batch: (keys, values) =>
      store.batch(keys.map((key, index) => ({ type: "put", key, value: values[index]! }) as const)),
    put: (key, value) => store.put(key, value),
    get: (key) => store.get(key),
    getSync: (key) => store.getSync(key),
    settle: () =>
      waitUntil(async () => merges.phase !== "merging" && (await hasAllHints(store, directory)), {
        everyMs: 20,
        msMost: SETTLE_MS_MOST,
      }),
    close: () => store.close(),
  };
}
