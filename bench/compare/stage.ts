/** Puts stores of one size through their workloads, each in a process of its own, in turns. */
import { fork, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { NumberedKeys } from "../numbered-keys.ts";
import { readThrough } from "../store-files.ts";
import type { Entrant } from "./contender.ts";
import { takesPart, titleOf, type Stage } from "./plan.ts";
import type { Compared, StoreWhole, WorkloadResult } from "./result.ts";
import type { Measured } from "./stopwatch.ts";
import type { Answer, Order, StoreTask } from "./store-process.ts";
import { workload, type Workload } from "./workloads.ts";

/** What a stage is run with. */
export interface StageParts {
  readonly entrants: readonly Entrant[];
  /** Where the stores lie while they are measured. */
  readonly directory: string;
  readonly seed: number;
  readonly say: (line: string) => void;
}

/** What one store has shown so far. */
interface Row {
  readonly entrant: Entrant;
  readonly measured: Map<string, Measured[]>;
  readonly whole: { [Figure in Exclude<keyof StoreWhole, "entrant">]: number[] };
}

/** Every workload is done by every store before the next one is, so that what else the machine does befalls them alike. */
export async function runStage(stage: Stage, parts: StageParts): Promise<Compared> {
  const workloads = stage.workloads.map(workload);
  const rows = parts.entrants
    .filter((entrant) => workloads.some((one) => takesPart(entrant, one)))
    .map((entrant): Row => ({ entrant, measured: new Map(), whole: newWhole() }));
  for (let round = 0; round < stage.rounds; round += 1) {
    // Another one begins each time.
    const order = rows.map((_, index) => rows[(index + round) % rows.length]!);
    await runRound(stage, workloads, order, round, parts);
  }
  return {
    keys: stage.keys,
    valueBytes: stage.valueBytes,
    durability: stage.durability,
    rounds: stage.rounds,
    secondsEach: stage.seconds,
    workloads: workloads.flatMap(({ name }) =>
      rows.flatMap(({ entrant, measured }): WorkloadResult[] => {
        const found = measured.get(name);
        return found === undefined ? [] : [{ workload: name, entrant: entrant.name, measured: found }];
      }),
    ),
    wholes: rows.map(({ entrant, whole }) => ({ entrant: entrant.name, ...whole })),
  };
}

async function runRound(
  stage: Stage,
  workloads: readonly Workload[],
  rows: readonly Row[],
  round: number,
  { directory, seed, say }: StageParts,
): Promise<void> {
  const parent = await mkdtemp(join(directory, "round-"));
  const stores: StoreProcess[] = [];
  try {
    for (const { entrant } of rows) {
      const place = join(parent, entrant.name.replaceAll(/\W+/g, "-"));
      await mkdir(place);
      const { keys, valueBytes, durability } = stage;
      stores.push(
        new StoreProcess({ entrant: entrant.name, durability, directory: place, keys, valueBytes, seed: seed + round }),
      );
    }
    for (const store of stores) await store.do({ kind: "open" });
    if (!workloads.some(({ name }) => name === "load")) {
      for (const store of stores) {
        await store.do({ kind: "fill" });
        await store.do({ kind: "settle" });
      }
    }
    for (const one of workloads) {
      for (const [index, row] of rows.entries()) {
        if (!takesPart(row.entrant, one)) continue;
        const store = stores[index]!;
        await readThrough(store.task.directory);
        const { measured, process } = await store.do({
          kind: "run",
          workload: one.name,
          seconds: stage.seconds,
        });
        row.measured.set(one.name, [...(row.measured.get(one.name) ?? []), measured!]);
        say(`${titleOf(stage)}, round ${round + 1}, ${one.name}: ${row.entrant.name} ${rateOf(measured!)}`);
        if (one.name === "load") noteLoaded(row, process, stage);
        await store.do({ kind: "settle" });
        if (one.name === "load") row.whole.loadedFileBytes.push((await store.do({ kind: "look at files" })).fileBytes!);
      }
    }
    for (const [index, { whole, entrant }] of rows.entries()) {
      const store = stores[index]!;
      const closed = await store.do({ kind: "close" });
      whole.closeSeconds.push(closed.seconds);
      whole.rssPeakBytes.push(closed.process.rssPeakBytes);
      await store.end();
      if (entrant.isBare === true) continue;
      const again = new StoreProcess(store.task);
      stores.push(again);
      await readThrough(store.task.directory);
      const opened = await again.do({ kind: "open" });
      whole.openSeconds.push(opened.seconds);
      whole.openRssBytes.push(opened.process.rssBytes);
      await again.do({ kind: "close" });
      await again.end();
    }
  } finally {
    for (const store of stores) store.kill();
    await rm(parent, { recursive: true, force: true });
  }
}

function noteLoaded({ whole }: Row, { rssBytes, writtenBytes }: Answer["process"], { keys, valueBytes }: Stage): void {
  whole.loadedRssBytes.push(rssBytes);
  // What was written before is next to nothing: an empty store.
  if (writtenBytes !== null) whole.writeAmplification.push(writtenBytes / (keys * (NumberedKeys.BYTES + valueBytes)));
}

function newWhole(): Row["whole"] {
  return {
    loadedRssBytes: [],
    loadedFileBytes: [],
    rssPeakBytes: [],
    writeAmplification: [],
    closeSeconds: [],
    openSeconds: [],
    openRssBytes: [],
  };
}

function rateOf({ operations, seconds }: Measured): string {
  return `${Math.round(operations / seconds).toLocaleString("en-US")}/s`;
}

/** A process that is told what to do, one thing at a time. */
class StoreProcess {
  readonly task: StoreTask;
  readonly #process: ChildProcess;
  readonly #ended: Promise<number | NodeJS.Signals | null>;

  constructor(task: StoreTask) {
    this.task = task;
    this.#process = fork(join(import.meta.dirname, "store-process.ts"), [JSON.stringify(task)]);
    this.#ended = new Promise((resolve) => this.#process.once("exit", (code, signal) => resolve(signal ?? code)));
  }

  /** @throws Error when it went wrong, or the process is gone */
  async do(order: Order): Promise<Answer> {
    const answered = new Promise<Answer>((resolve) => this.#process.once("message", resolve));
    const gone = this.#ended.then((how) => {
      throw new Error(`${this.task.entrant}: its process ended by ${how} when it was to ${order.kind}`);
    });
    gone.catch(() => undefined);
    this.#process.send(order);
    const answer = await Promise.race([answered, gone]);
    if (answer.error !== undefined) throw new Error(`${this.task.entrant} was to ${order.kind}: ${answer.error}`);
    return answer;
  }

  async end(): Promise<void> {
    this.#process.disconnect();
    await this.#ended;
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }
}
