import { fork, type ChildProcess } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { HashSet } from "../crashing/hash-set.ts";
import { readMarks } from "../marks/marks.ts";
import type { ImageSample } from "./image-sample.ts";
import type { FromWorker, Told, ToWorker } from "./messages.ts";
import type { Agenda } from "./tasks.ts";

/** How to run a campaign. */
export interface CampaignOptions {
  readonly agenda: Agenda;
  /** When to stop, in milliseconds from now. `Infinity`: when the agenda is done. */
  readonly milliseconds: number;
  /** How many processes work at once. Default: one for each core. */
  readonly workers?: number | undefined;
  /** Whether a process of its own notes which marks are passed. */
  readonly gatherMarks: boolean;
  /** Is shown every image that is new. Default: nobody. */
  readonly sample?: Pick<ImageSample, "note"> | undefined;
  /** Called now and then with what was done so far. */
  readonly onProgress?: (tally: Tally) => void;
}

/** What was done. */
export interface Tally {
  readonly seconds: number;
  /** Processor time of all workers, in seconds. */
  readonly cpuSeconds: number;
  readonly workers: number;
  readonly parts: ReadonlyMap<string, PartTally>;
  readonly marksHit: ReadonlySet<string>;
  readonly marks: number;
  readonly counterexamples: readonly FoundCounterexample[];
  /** Workers that could not go on, and why. */
  readonly broken: readonly string[];
}

/** What was done of one part, or in all. */
export interface PartTally {
  readonly cases: number;
  /** Crashes derived: most leave an image that was seen before. */
  readonly crashes: number;
  /** Images opened to see what they show, those that were then judged further not counted. */
  readonly recoveries: number;
  /** Images that no part and no worker had seen before. */
  readonly images: number;
  /** Processor time of all workers, in seconds. */
  readonly cpuSeconds: number;
}

/** All parts together. */
export function totalOf({ parts }: Pick<Tally, "parts">): PartTally {
  return [...parts.values()].reduce(added, NOTHING);
}

const NOTHING: PartTally = { cases: 0, crashes: 0, recoveries: 0, images: 0, cpuSeconds: 0 };

function added(left: PartTally, right: PartTally): PartTally {
  return {
    cases: left.cases + right.cases,
    crashes: left.crashes + right.crashes,
    recoveries: left.recoveries + right.recoveries,
    images: left.images + right.images,
    cpuSeconds: left.cpuSeconds + right.cpuSeconds,
  };
}

/** As it was found, and as small as it could be made. */
export interface FoundCounterexample {
  readonly part: string;
  readonly found: Told;
  readonly small: Told;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const WORKER = fileURLToPath(new URL("./worker.ts", import.meta.url));
const MARKS_WORKER = fileURLToPath(new URL("./marks-worker.ts", import.meta.url));
// An error's stack is for the reader of a replay; here it costs a fifth of the time.
const EXEC_ARGV = ["--conditions=@hashlog/source", "--stack-trace-limit=0"];

/** Runs the agenda on several processes; resolves when all are done, or one has found a counterexample. */
export async function runCampaign(options: CampaignOptions): Promise<Tally> {
  const campaign = new Campaign(options);
  await campaign.run();
  return campaign.tally();
}

class Campaign {
  readonly #options: CampaignOptions;
  readonly #workers: number;
  readonly #begun = Date.now();
  readonly #images = new HashSet();
  readonly #parts = new Map<string, PartTally>();
  readonly #marksHit = new Set<string>();
  readonly #marks = readMarks(ROOT).length;
  readonly #cpuSeconds: number[] = [];
  readonly #counterexamples: FoundCounterexample[] = [];
  readonly #broken: string[] = [];
  /** Those that have told everything. */
  readonly #done = new Set<number>();
  readonly #children: ChildProcess[] = [];

  constructor(options: CampaignOptions) {
    this.#options = options;
    this.#workers = options.workers ?? availableParallelism();
  }

  async run(): Promise<void> {
    const workers = Array.from({ length: this.#workers }, (_, index) => this.#work(index));
    await Promise.all(this.#options.gatherMarks ? [...workers, this.#gatherMarks()] : workers);
  }

  tally(): Tally {
    return {
      seconds: (Date.now() - this.#begun) / 1000,
      cpuSeconds: this.#cpuSeconds.reduce((sum, seconds) => sum + seconds, 0),
      workers: this.#workers,
      parts: this.#parts,
      marksHit: this.#marksHit,
      marks: this.#marks,
      counterexamples: this.#counterexamples,
      broken: this.#broken,
    };
  }

  #work(index: number): Promise<void> {
    const { agenda, milliseconds } = this.#options;
    const child = fork(WORKER, [], { execArgv: EXEC_ARGV, serialization: "advanced" });
    this.#children.push(child);
    const deadlineMs = this.#begun + milliseconds;
    const order: ToWorker = { agenda, index, workers: this.#workers, deadlineMs };
    child.send(order);
    child.on("message", (message: FromWorker) => this.#hear(index, message));
    return this.#end(child, `worker ${index}`).then(() => {
      const isExplained = this.#done.has(index) || this.#broken.length + this.#counterexamples.length > 0;
      if (!isExplained) this.#broken.push(`worker ${index} ended before it had told everything`);
    });
  }

  #gatherMarks(): Promise<void> {
    const child = fork(MARKS_WORKER, [], { execArgv: EXEC_ARGV, stdio: ["ignore", "ignore", "pipe", "ipc"] });
    this.#children.push(child);
    let said = "";
    child.stderr!.on("data", (text: Buffer) => (said += String(text)));
    child.on("message", (names: readonly string[]) => {
      for (const name of names) this.#marksHit.add(name);
    });
    return this.#end(child, "the process that gathers marks", () => said);
  }

  #end(child: ChildProcess, who: string, said: () => string = () => ""): Promise<void> {
    return new Promise((resolve) => {
      child.on("exit", (code, signal) => {
        const isStopped = this.#counterexamples.length > 0;
        if (code !== 0 && !isStopped)
          this.#broken.push(`${who} ended with ${signal ?? `code ${code}`}\n${said()}`.trimEnd());
        resolve();
      });
    });
  }

  #hear(index: number, message: FromWorker): void {
    if (message.type === "done") this.#done.add(index);
    if (message.type === "broken") this.#broken.push(message.message);
    if (message.type === "counterexample") {
      this.#counterexamples.push(message);
      for (const child of this.#children) if (child !== this.#children[index]) child.kill();
    }
    if (message.type === "progress") this.#count(index, message);
  }

  #count(index: number, told: Extract<FromWorker, { type: "progress" }>): void {
    let images = 0;
    for (let at = 0; at < told.images.length; at += 2) {
      const [high, low] = [told.images[at]!, told.images[at + 1]!];
      if (!this.#images.add(high, low)) continue;
      images += 1;
      this.#options.sample?.note(high, low);
    }
    const cpuSeconds = told.cpuSeconds - (this.#cpuSeconds[index] ?? 0);
    this.#parts.set(told.part, added(this.#parts.get(told.part) ?? NOTHING, { ...told, images, cpuSeconds }));
    this.#cpuSeconds[index] = told.cpuSeconds;
    this.#options.onProgress?.(this.tally());
  }
}
