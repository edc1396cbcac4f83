/** The process of one store: is told what to do, one thing after the other, and tells how it went. */
import { readFile } from "node:fs/promises";
import { SeededRandom } from "../random.ts";
import { bytesOnDisk } from "../store-files.ts";
import { tellParent } from "../tell-parent.ts";
import { entrant } from "./contenders/all.ts";
import type { Contender, Durability } from "./contender.ts";
import { KeySpace } from "./key-space.ts";
import { Stopwatch, type Measured } from "./stopwatch.ts";
import { waitUntilQuiet } from "./waiting.ts";
import { fill, makeValues, workload, type WorkloadName } from "./workloads.ts";

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
  | { readonly kind: "look at files" }
  | { readonly kind: "close" };

/** What it answers. */
export interface Answer {
  /** How long it took. */
  readonly seconds: number;
  /** Of a workload. */
  readonly measured?: Measured;
  readonly process: ProcessUsage;
  /** Of all files of the store, where they were to be looked at. */
  readonly fileBytes?: number;
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

type Found = Pick<Answer, "measured" | "fileBytes">;

const task = JSON.parse(process.argv[2]!) as StoreTask;
const keys = new KeySpace(task.keys);
const values = makeValues(task.valueBytes, new SeededRandom(task.seed));
let store: Contender | undefined;

// Whoever started this is gone.
process.once("disconnect", () => process.exit(1));
process.on("message", (order: Order) => void answer(order));

async function answer(order: Order): Promise<void> {
  const begun = performance.now();
  let found: Found = {};
  let error: string | undefined;
  try {
    found = await follow(order);
  } catch (reason) {
    error = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
  }
  const seconds = (performance.now() - begun) / 1000;
  const answer: Answer = { seconds, process: await processUsage(), ...found, ...(error !== undefined && { error }) };
  await tellParent(answer);
}

async function follow(order: Order): Promise<Found> {
  if (order.kind === "open") {
    store = await entrant(task.entrant).open(task);
    return {};
  }
  if (store === undefined) throw new Error(`the store is not open, and is to ${order.kind}`);
  switch (order.kind) {
    case "fill":
      await fill(store, keys, values);
      return {};
    case "settle":
      await store.settle();
      await waitUntilQuiet();
      return {};
    case "look at files":
      return { fileBytes: await bytesOnDisk(task.directory) };
    case "close":
      await store.close();
      store = undefined;
      return {};
    case "run": {
      const work = workload(order.workload);
      const watch = new Stopwatch(work.isWhole === true ? Infinity : order.seconds);
      await work.run({ store, keys, values, valueBytes: task.valueBytes, random: new SeededRandom(task.seed), watch });
      return { measured: watch.measured };
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
