/** How fast a merge copies what is live, how long it holds the event loop, and what the segments take afterwards. */
import { createHistogram } from "node:perf_hooks";
import { bytes, open } from "@hashlog/engine";
import { workerMerge } from "@hashlog/engine/worker";
import type { ByteStore } from "../byte-store.ts";
import { NumberedKeys } from "../numbered-keys.ts";

/** What is merged. */
export interface MergingTask {
  readonly directory: string;
  readonly liveBytes: number;
  readonly valueBytes: number;
  readonly rounds: number;
  readonly inWorker: boolean;
}

/** How one merge went. */
export interface Merged {
  /** Of live records, headers included. */
  readonly bytesPerSecond: number;
  /** How late the event loop was, p99. */
  readonly loopLateMs: number;
  /** Bytes of the segment files for each byte of live records. */
  readonly spaceAfter: number;
}

/** So much is overwritten before each merge, so that there is something to merge. */
const OVERWRITTEN_SHARE = 0.05;
const AT_ONCE = 1000;

/** Merges all of the store again and again; nothing else goes on. */
export async function mergeStore({
  directory,
  liveBytes,
  valueBytes,
  rounds,
  inWorker,
}: MergingTask): Promise<Merged[]> {
  const compaction = inWorker ? { background: false, executor: workerMerge() } : { background: false };
  const store: ByteStore = await open(directory, { keys: bytes, values: bytes, sync: "never", compaction });
  const keys = new NumberedKeys(Math.ceil(liveBytes / (valueBytes + NumberedKeys.BYTES)));
  await put(store, keys, valueBytes, keys.count);
  const merged: Merged[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await put(store, keys, valueBytes, Math.ceil(keys.count * OVERWRITTEN_SHARE));
    await store.sync();
    merged.push(await merge(store));
  }
  await store.close();
  return merged;
}

async function put(store: ByteStore, keys: NumberedKeys, valueBytes: number, count: number): Promise<void> {
  const value = new Uint8Array(valueBytes);
  for (let from = 0; from < count; from += AT_ONCE) {
    const part = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, index) => keys.scattered(from + index));
    await store.batch(part.map((number) => ({ type: "put", key: keys.at(number), value }) as const));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function merge(store: ByteStore): Promise<Merged> {
  const late = createHistogram();
  let isRunning = true;
  let due = performance.now();
  const turn = (): void => {
    const now = performance.now();
    late.record(Math.max(1, Math.round((now - due) * 1000)));
    due = now;
    if (isRunning) setImmediate(turn);
  };
  setImmediate(turn);
  const { durationMs } = await store.compact();
  isRunning = false;
  const { liveBytes, fileBytes } = store.stats();
  return {
    bytesPerSecond: liveBytes / (durationMs / 1000),
    loopLateMs: late.percentile(99) / 1000,
    spaceAfter: fileBytes / liveBytes,
  };
}
