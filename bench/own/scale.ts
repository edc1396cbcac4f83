/** A very large store: filled, read, churned and compacted, in one process. */
import { SeededRandom } from "../random.ts";
import { untilHinted } from "../hints.ts";
import { NumberedKeys } from "../numbered-keys.ts";
import { Stopwatch, type Measured } from "../compare/stopwatch.ts";
import { HINTS_SECONDS_MOST, inBatches, keyOf, openStore, putOf, type Batches, type OpeningTask } from "./opening.ts";

/** How a very large store did. */
export interface AtScale {
  readonly fill: Batches;
  readonly getSync: Measured;
  readonly get: Measured;
  readonly miss: Measured;
  /** A tenth of the keys overwritten, a tenth deleted, and those put again. */
  readonly churn: Batches;
  readonly compaction: { readonly seconds: number; readonly liveBytes: number; readonly bytesFreed: number };
  /** Of the keydir, for each key besides its own bytes, once filled and when it was churned. */
  readonly keydirBytesPerKey: { readonly filled: number; readonly churned: number };
  /** Of the process, once filled and at most. */
  readonly rssBytes: { readonly filled: number; readonly most: number };
  readonly fileBytes: { readonly churned: number; readonly compacted: number };
  readonly closeSeconds: number;
}

const READ_SECONDS = 10;
const SHARE = 0.1;

/** Leaves behind what filling has put in. */
export async function measureAtScale(task: OpeningTask): Promise<AtScale> {
  const { keys, valueBytes } = task;
  const store = await openStore(task);
  const numbered = new NumberedKeys(keys);
  const random = new SeededRandom(1);
  const perKey = (): number => store.stats().keydirBytes / keys - NumberedKeys.BYTES;
  const fill = await inBatches(store, keys, (index) => putOf(numbered.scattered(index), valueBytes));
  await store.sync();
  const filled = { perKey: perKey(), rssBytes: process.memoryUsage.rss() };
  const check = (value: Uint8Array | undefined, bytes: number | undefined): void => {
    if (value?.length !== bytes) throw new Error(`a value of ${bytes} bytes came back as one of ${value?.length}`);
  };
  const getSync = await watched((watch) =>
    watch.sync(() => check(store.getSync(keyOf(random.integer(keys))), valueBytes)),
  );
  const miss = await watched((watch) =>
    watch.sync(() => check(store.getSync(keyOf(keys + random.integer(keys))), undefined)),
  );
  const get = await watched((watch) =>
    watch.inFlight(256, () => store.get(keyOf(random.integer(keys))), { check: (value) => check(value, valueBytes) }),
  );
  const some = Math.floor(keys * SHARE);
  // Overwritten, deleted, and put again: each in its third, in turns, so that all kinds are mixed.
  const churn = await inBatches(store, 3 * some, (index) => {
    const number = numbered.scattered(Math.floor(index / 3) + (index % 3 === 0 ? 0 : some));
    return index % 3 === 1 ? { type: "delete", key: keyOf(number) } : putOf(number, valueBytes);
  });
  const churned = { perKey: perKey(), fileBytes: store.stats().fileBytes };
  const begun = performance.now();
  const { bytesFreed } = await store.compact();
  const compaction = { seconds: (performance.now() - begun) / 1000, liveBytes: store.stats().liveBytes, bytesFreed };
  const { fileBytes } = store.stats();
  await untilHinted(store, task.directory, HINTS_SECONDS_MOST);
  const closing = performance.now();
  await store.close();
  return {
    ...{ fill, getSync, get, miss, churn, compaction },
    keydirBytesPerKey: { filled: filled.perKey, churned: churned.perKey },
    rssBytes: { filled: filled.rssBytes, most: process.resourceUsage().maxRSS * 1024 },
    fileBytes: { churned: churned.fileBytes, compacted: fileBytes },
    closeSeconds: (performance.now() - closing) / 1000,
  };
}

async function watched(work: (watch: Stopwatch) => Promise<void>): Promise<Measured> {
  const watch = new Stopwatch(READ_SECONDS);
  await work(watch);
  return watch.measured;
}
