/** The process of one store: is told what to do, one thing after the other, and tells how it went. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { SeededRandom } from "../soak/random.ts";
import { tellParent } from "../soak/tell-parent.ts";
import { entrant } from "./contenders/all.ts";
import type { Contender, Durability } from "./contender.ts";
import { Stopwatch, type Measured } from "./stopwatch.ts";
import { waitUntilQuiet } from "./waiting.ts";
import { fill, KeySpace, makeValues, workload, type WorkloadName } from "./workloads.ts";

/** What the process is started with. */
export interface StoreTask {
  readonly entrant: string;
  readonly durability: Durability;
  readonly directory: string;
  readonly keys: number;
  readonly valueBytes: number;
  readonly seed: number;
}

/** What it is told to do. */
export type Order =
  | { readonly kind: "open" }
  | { readonly kind: "fill" }
  | { readonly kind: "run"; readonly workload: WorkloadName; readonly seconds: number }
  | { readonly kind: "settle" }
  | { readonly kind: "close" };

/** What it answers. */
export interface Answer {
  /** How long it took. */
  readonly seconds: number;
  /** Of a workload. */
  readonly measured?: Measured;
  readonly process: ProcessUsage;
  /** Of all files in the store's directory. */
  readonly fileBytes: number;
  /** Set where it went wrong; then nothing else is to be believed. */
  readonly error?: string;
}

/** What the process takes. */
export interface ProcessUsage {
  readonly rssBytes: number;
  /** The most that it ever was. */
  readonly rssPeakBytes: number;
  /** That it caused to be written to storage; `null` where the system does not tell. */
  readonly writtenBytes: number | null;
}

const task = JSON.parse(process.argv[2]!) as StoreTask;
const keys = new KeySpace(task.keys);
const values = makeValues(task.valueBytes, new SeededRandom(task.seed));
let store: Contender | undefined;

// Whoever started this is gone.
process.once("disconnect", () => process.exit(1));
process.on("message", (order: Order) => void answer(order));

async function answer(order: Order): Promise<void> {
  const begun = performance.now();
  let measured: Measured | undefined;
  let error: string | undefined;
  try {
    measured = await follow(order);
  } catch (reason) {
    error = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
  }
  const seconds = (performance.now() - begun) / 1000;
  const usage = { process: await processUsage(), fileBytes: await bytesIn(task.directory) };
  const answer: Answer = { seconds, ...usage, ...(measured && { measured }), ...(error !== undefined && { error }) };
  await tellParent(answer);
}

async function follow(order: Order): Promise<Measured | undefined> {
  if (order.kind === "open") {
    store = await entrant(task.entrant).open(task);
    return undefined;
  }
  if (store === undefined) throw new Error(`the store is not open, and is to ${order.kind}`);
  switch (order.kind) {
    case "fill":
      await fill(store, keys, values);
      return undefined;
    case "settle":
      await store.settle();
      await waitUntilQuiet();
      return undefined;
    case "close":
      await store.close();
      store = undefined;
      return undefined;
    case "run": {
      const work = workload(order.workload);
      const watch = new Stopwatch(work.isWhole === true ? Infinity : order.seconds);
      await work.run({ store, keys, values, valueBytes: task.valueBytes, random: new SeededRandom(task.seed), watch });
      return watch.measured;
    }
  }
}

async function processUsage(): Promise<ProcessUsage> {
  const io = await readFile("/proc/self/io", "utf8").catch(() => undefined);
  const written = io === undefined ? undefined : /^write_bytes: (\d+)$/m.exec(io)?.[1];
  return {
    rssBytes: process.memoryUsage.rss(),
    // In KiB on every platform.
    rssPeakBytes: process.resourceUsage().maxRSS * 1024,
    writtenBytes: written === undefined ? null : Number(written),
  };
}

async function bytesIn(directory: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(directory)) {
    const found = await stat(join(directory, name)).catch(() => undefined);
    // What lies on the disk, without the holes of a file that was made larger than what is in it.
    if (found?.isFile() === true) bytes += found.blocks === undefined ? found.size : found.blocks * 512;
  }
  return bytes;
}
