/** One store under load, from its filling to its closing. */
import { mkdir } from "node:fs/promises";
import { nodeFileSystem } from "@hashlog/fs-io";
import type { ByteStore } from "../byte-store.ts";
import { countingFileSystem, type Counts, type WrittenBytes } from "./counting-file-system.ts";
import { directoryUsage, processHandles } from "./directory-usage.ts";
import { DueEvents } from "./due-events.ts";
import { Load } from "./load.ts";
import { MergeLog } from "./merge-log.ts";
import { openStore } from "./open-store.ts";
import type { StoreName, Sync } from "./options.ts";
import { PhasedTimes } from "./phases.ts";
import {
  spaceAmplification,
  TIMED,
  type Sample,
  type Space,
  type StoreResult,
  type Timed,
  type Times,
} from "./result.ts";
import { Workload } from "./workload.ts";

/** What a process that soaks a store is told. */
export interface StoreTask {
  readonly name: StoreName;
  readonly directory: string;
  readonly liveBytes: number;
  readonly seconds: number;
  readonly sampleSeconds: number;
  readonly seed: number;
  readonly sync: Sync;
}

/** A store is warm when it was written over so often: from then on it is judged. */
export const WARM_AFTER = 3;
const FILL_BATCH = 1000;
const LOOK_MS = 1000;

/** Fills the store, puts it under load, and tells of each sample as it is taken. */
export async function soakStore(task: StoreTask, onSample: (sample: Sample) => void): Promise<StoreResult> {
  await mkdir(task.directory, { recursive: true });
  const counting = countingFileSystem(nodeFileSystem());
  const merges = new MergeLog();
  const store = await openStore(task.directory, task.sync, counting.fileSystem, merges);
  const workload = new Workload(task.liveBytes, task.seed);
  const begun = performance.now();
  await fill(store, workload);
  const filled = performance.now();
  const run = new Run(task, store, workload, counting.counts, merges);
  const samples = await run.until(filled + task.seconds * 1000, onSample);
  const ended = performance.now();
  await store.close();
  return {
    name: task.name,
    wantedLiveBytes: task.liveBytes,
    keysPossible: workload.count,
    samples,
    times: run.times,
    coldTimes: run.coldTimes,
    fillSeconds: (filled - begun) / 1000,
    closeSeconds: (performance.now() - ended) / 1000,
  };
}

/** Batches give the event loop away between them, so that merges can begin. */
async function fill(store: ByteStore, workload: Workload): Promise<void> {
  let puts: { type: "put"; key: Buffer; value: Buffer }[] = [];
  for (const { key, value } of workload.first()) {
    puts.push({ type: "put", key, value });
    if (puts.length < FILL_BATCH) continue;
    await store.batch(puts);
    await new Promise(setImmediate);
    puts = [];
  }
  await store.batch(puts);
  await store.sync();
}

/** The time under load. */
class Run {
  readonly #task: StoreTask;
  readonly #store: ByteStore;
  readonly #load: Load;
  readonly #counts: () => Counts;
  readonly #merges: MergeLog;
  readonly #begun = performance.now();
  readonly #writtenBefore: WrittenBytes;
  readonly #mergesBefore: MergeLog["sum"];
  readonly #times: Readonly<Record<Timed, PhasedTimes>>;
  #isWarm = false;
  #isRunning = true;

  constructor(task: StoreTask, store: ByteStore, workload: Workload, counts: () => Counts, merges: MergeLog) {
    this.#task = task;
    this.#store = store;
    this.#counts = counts;
    this.#merges = merges;
    this.#writtenBefore = counts().written;
    this.#mergesBefore = merges.sum;
    this.#times = eachTimed(() => new PhasedTimes());
    this.#load = new Load(store, workload, this.#times, () => merges.phase);
  }

  get times(): Times {
    return eachTimed((timed) => this.#times[timed].warm);
  }

  get coldTimes(): Times {
    return eachTimed((timed) => this.#times[timed].cold);
  }

  async until(endMs: number, onSample: (sample: Sample) => void): Promise<Sample[]> {
    const samples: Sample[] = [];
    const load = this.#load.start();
    this.#watchEventLoop();
    try {
      while (performance.now() < endMs) {
        const sampleMs = Math.min(endMs, performance.now() + this.#task.sampleSeconds * 1000);
        const sample = await this.#sample(await this.#peakUntil(sampleMs, load));
        samples.push(sample);
        onSample(sample);
      }
    } finally {
      this.#isRunning = false;
      await this.#load.stop();
    }
    return samples;
  }

  /** Looks at the space every second: a merge's outputs lie beside its inputs for a moment only. */
  async #peakUntil(untilMs: number, load: Promise<unknown>): Promise<Space> {
    let peak: Space = { segmentBytes: 0, liveBytes: 1 };
    for (let leftMs = untilMs - performance.now(); leftMs > 0; leftMs = untilMs - performance.now()) {
      const waitMs = Math.min(LOOK_MS, leftMs);
      await Promise.race([load, new Promise((resolve) => setTimeout(resolve, waitMs))]);
      const { segmentBytes } = await directoryUsage(this.#task.directory);
      const now = { segmentBytes, liveBytes: this.#liveBytes() };
      if (spaceAmplification(now) > spaceAmplification(peak)) peak = now;
    }
    return peak;
  }

  #watchEventLoop(): void {
    const due = new DueEvents(performance.now(), (ms) => this.#times.eventLoop.record(this.#merges.phase, ms));
    const turn = (): void => {
      due.turn(performance.now());
      if (this.#isRunning) setImmediate(turn);
    };
    setImmediate(turn);
  }

  #liveBytes(): number {
    const { liveBytes, expiredBytes } = this.#store.stats();
    return liveBytes - expiredBytes;
  }

  async #sample(peak: Space): Promise<Sample> {
    const { written, openHandles } = this.#counts();
    const { writes, reads, userBytes } = this.#load;
    const { expiredBytes, keydirBytes, keys } = this.#store.stats();
    const { rss, heapUsed } = process.memoryUsage();
    const sample: Sample = {
      seconds: Math.round(performance.now() - this.#begun) / 1000,
      isWarm: this.#isWarm,
      keys,
      liveBytes: this.#liveBytes(),
      expiredBytes,
      peak,
      ...(await directoryUsage(this.#task.directory)),
      storeHandles: openHandles,
      processHandles: await processHandles(),
      rssBytes: rss,
      heapBytes: heapUsed,
      keydirBytes,
      userBytes,
      written: difference(written, this.#writtenBefore),
      writes,
      reads,
      merges: difference(this.#merges.sum, this.#mergesBefore),
      isMerging: this.#merges.phase === "merging",
      times: eachTimed((timed) => this.#times[timed].endWindow()),
    };
    if (!this.#isWarm && userBytes >= WARM_AFTER * sample.liveBytes) {
      this.#isWarm = true;
      for (const timed of TIMED) this.#times[timed].setWarm();
    }
    return sample;
  }
}

function eachTimed<Value>(make: (timed: Timed) => Value): Record<Timed, Value> {
  return { getSync: make("getSync"), get: make("get"), put: make("put"), eventLoop: make("eventLoop") };
}

/** Of two objects of numbers, each number less that of before. */
function difference<Name extends string>(
  now: Readonly<Record<Name, number>>,
  before: Readonly<Record<Name, number>>,
): Record<Name, number> {
  const names = Object.keys(now) as Name[];
  return Object.fromEntries(names.map((name) => [name, now[name] - before[name]])) as Record<Name, number>;
}
