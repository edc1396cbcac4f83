/**
 * How fast a merge copies what is live, how long it holds the event loop, and what the segments take afterwards, of what is
 * live: of small values and of large ones, in the thread of the store and in one of its own. A twentieth of the keys is
 * overwritten before each merge, so that there is something to merge; nothing else goes on.
 *
 *     npm run bench:merging -- --megabytes 256 --rounds 3
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHistogram, performance } from "node:perf_hooks";
import { bytes, open, type CompactionOptions, type Store } from "@hashlog/engine";
import { workerMerge } from "@hashlog/engine/worker";
import { NumberedKeys } from "./numbered-keys.ts";
import { settings } from "./settings.ts";

type ByteStore = Store<Uint8Array, Uint8Array, Uint8Array | string>;

const { megabytes: MEGABYTES, rounds: ROUNDS } = settings({
  megabytes: { usual: 256, least: 1, what: "MB of live records" },
  rounds: { usual: 3, least: 1, what: "how often each is measured" },
});
const VALUE_BYTES = [100, 4096];
const OVERWRITTEN_SHARE = 0.05;
const AT_ONCE = 1000;
const MB = 1_000_000;

interface Merged {
  readonly megabytesPerSecond: number;
  readonly loopMs: number;
  readonly spaceAfter: number;
}

const directory = await mkdtemp(join(tmpdir(), "hashlog-bench-merging-"));
try {
  for (const valueBytes of VALUE_BYTES) {
    await measure(valueBytes, "the store's thread", { background: false });
    await measure(valueBytes, "a worker", { background: false, executor: workerMerge() });
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}

async function measure(valueBytes: number, where: string, compaction: CompactionOptions): Promise<void> {
  const path = join(directory, `${valueBytes} ${where}`);
  const store: ByteStore = await open(path, { keys: bytes, values: bytes, sync: "never", compaction });
  const keys = new NumberedKeys(Math.ceil((MEGABYTES * MB) / (valueBytes + NumberedKeys.BYTES)));
  await put(store, keys, valueBytes, keys.count);
  const rounds: Merged[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await put(store, keys, valueBytes, Math.ceil(keys.count * OVERWRITTEN_SHARE));
    await store.sync();
    rounds.push(await merge(store));
  }
  await store.close();
  await rm(path, { recursive: true });
  const of = (figure: (merged: Merged) => number): number => median(rounds.map(figure));
  console.log(
    `values of ${valueBytes} bytes, in ${where}: ${of(({ megabytesPerSecond }) => megabytesPerSecond).toFixed(0)} MB of live ` +
      `records a second; event loop late by ${of(({ loopMs }) => loopMs).toFixed(1)} ms (p99); segments take ` +
      `${of(({ spaceAfter }) => spaceAfter).toFixed(4)} of the live records`,
  );
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
    megabytesPerSecond: liveBytes / MB / (durationMs / 1000),
    loopMs: late.percentile(99) / 1000,
    spaceAfter: fileBytes / liveBytes,
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)]!;
}
