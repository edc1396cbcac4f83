/**
 * A queue of jobs that are done at least once each, and of those that were finished none again. Of each job there is
 *
 *     job:ID           what it is and how far it is
 *     ready:ID         as long as it waits; these keys are the queue, in the order of the ids
 *     running:ID       as long as somebody works on it
 *
 * Each step of a job changes its keys together, and only if nobody else has taken the step meanwhile.
 */
import { json, open, type Store } from "@hashlog/engine";

export interface Job {
  readonly id: string;
  readonly task: string;
  readonly state: "ready" | "running" | "done";
  /** How often it was begun. */
  readonly attempts: number;
}

export class JobQueue {
  readonly #store: Store<string, Job | null>;

  private constructor(store: Store<string, Job | null>) {
    this.#store = store;
  }

  /**
   * Opens the queue. One process has it open at a time: what was running when the last one ended, however it ended, nobody works
   * on any more, and waits again.
   */
  static async open(directory: string): Promise<JobQueue> {
    const queue = new JobQueue(await open(directory, { values: json<Job | null>(), ordered: true }));
    for await (const key of queue.#store.keys({ prefix: "running:" })) {
      const id = key.slice("running:".length);
      await queue.#step(id, "running", (job) => ({ ...job, state: "ready" }));
    }
    return queue;
  }

  /** Adds a job, and resolves when it is safe. `false` if there is one with this id, done or not: nothing is changed then. */
  add(id: string, task: string): Promise<boolean> {
    const job: Job = { id, task, state: "ready", attempts: 0 };
    return this.#store.batch([
      { type: "put", key: `job:${id}`, value: job, ifAbsent: true },
      { type: "put", key: `ready:${id}`, value: null },
    ]);
  }

  /** Takes the next job that waits; `undefined` if there is none. Of many who ask at once each gets another. */
  async take(): Promise<Job | undefined> {
    for await (const key of this.#store.keys({ prefix: "ready:" })) {
      const id = key.slice("ready:".length);
      const taken = await this.#step(id, "ready", (job) => ({ ...job, state: "running", attempts: job.attempts + 1 }));
      if (taken !== undefined) return taken;
    }
    return undefined;
  }

  /** The job is done, and will not be given out again from the moment at which this resolves. */
  finish(id: string): Promise<void> {
    return this.#leave(id, "done");
  }

  /**
   * It could not be done this time, and waits again, at its place in the order of the ids. Its `attempts` tell whoever takes it
   * next how often it was tried: time to give up what never works.
   */
  giveBack(id: string): Promise<void> {
    return this.#leave(id, "ready");
  }

  get(id: string): Promise<Job | null | undefined> {
    return this.#store.get(`job:${id}`);
  }

  waiting(): Promise<number> {
    return this.#store.count({ prefix: "ready:" });
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #leave(id: string, state: "done" | "ready"): Promise<void> {
    const left = await this.#step(id, "running", (job) => ({ ...job, state }));
    if (left === undefined) throw new Error(`job ${id} is not running`);
  }

  /** Takes the job from that state to the next; `undefined` if it is not in it, or somebody else was quicker. */
  async #step(id: string, from: Job["state"], next: (job: Job) => Job): Promise<Job | undefined> {
    const found = await this.#store.getEntry(`job:${id}`);
    if (found?.value?.state !== from) return undefined;
    const job = next(found.value);
    const isDone = await this.#store.batch([
      { type: "put", key: `job:${id}`, value: job, ifVersion: found.version },
      { type: "delete", key: `${from}:${id}` },
      ...(job.state === "done" ? [] : [{ type: "put" as const, key: `${job.state}:${id}`, value: null }]),
    ]);
    return isDone ? job : undefined;
  }
}
