import { resolve } from "node:path";
import { Worker } from "node:worker_threads";
import type { MergeOptions, MergeReport } from "@hashlog/compactor";
import { systemClock, type Clock, type FileSystem } from "@hashlog/fs-io";
import { HashlogError } from "../errors.ts";
import type { ExecutorInput, ExecutorStore, MergeExecutor } from "../merge-executor.ts";
import { MergeJob, type Thread } from "./merge-job.ts";

/**
 * Merges in a thread of their own (`node:worker_threads`): there the segments are read, verified, copied, synced and read
 * back. In the store's thread remain the lookups and moves of keys, some thousands at once, and the edits of the manifest.
 *
 * The thread is started by the first merge, stays for the next ones, and does not keep the process alive between them; if it
 * ends in the midst of a merge that one fails as by any failure, and the next one starts another. May be given to several
 * stores: merges of two at once run in two threads. Relative paths lead from the working directory of this call.
 *
 * With another file system than `nodeFileSystem()` a store is refused with `HASHLOG_NOT_SUPPORTED`.
 */
export function workerMerge(): MergeExecutor {
  return new ThreadedExecutor(startThread);
}

/** How long a thread may take to end by itself, in milliseconds, before it is terminated. */
const END_WAIT_MS = 5000;

/** As `workerMerge`, with threads of the caller's: for tests, and not exported. */
export class ThreadedExecutor implements MergeExecutor {
  readonly #start: () => Thread;
  readonly #clock: Clock;
  readonly #workingDirectory = resolve();
  /** The thread that waits for the next merge. */
  #idle: { readonly thread: Thread; readonly forget: () => void } | undefined;

  constructor(start: () => Thread, clock: Clock = systemClock) {
    this.#start = start;
    this.#clock = clock;
  }

  check({ name }: FileSystem): void {
    if (name === "node") return;
    throw new HashlogError(
      "HASHLOG_NOT_SUPPORTED",
      `workerMerge() opens files by their paths in another thread, which the file system "${name}" does not have: ` +
        "use nodeFileSystem(), or leave out the executor to merge in the store's own thread",
    );
  }

  async merge(inputs: readonly ExecutorInput[], store: ExecutorStore, options: MergeOptions): Promise<MergeReport> {
    this.check(store.fileSystem);
    options.signal?.throwIfAborted();
    const thread = this.#take();
    let hasEnded = false;
    const note = (): void => {
      hasEnded = true;
    };
    thread.on("exit", note);
    try {
      const absolute = (path: string): string => resolve(this.#workingDirectory, path);
      return await new MergeJob({ thread, inputs, store, options, absolute }).run();
    } finally {
      thread.off("exit", note);
      if (!hasEnded) this.#giveBack(thread);
    }
  }

  async close(): Promise<void> {
    const idle = this.#idle;
    if (idle === undefined) return;
    idle.forget();
    await end(idle.thread, this.#clock);
  }

  #take(): Thread {
    if (this.#idle === undefined) return this.#start();
    const { thread, forget } = this.#idle;
    forget();
    return thread;
  }

  #giveBack(thread: Thread): void {
    if (this.#idle !== undefined) {
      void end(thread, this.#clock);
      return;
    }
    // Somebody may end it while nothing runs in it, or it may fail by itself: then there is none.
    const forget = (): void => {
      thread.off("exit", forget);
      thread.off("error", forget);
      if (this.#idle?.thread === thread) this.#idle = undefined;
    };
    thread.on("exit", forget);
    thread.on("error", forget);
    this.#idle = { thread, forget };
  }
}

/**
 * Ends a thread in which nothing runs, and resolves when it has ended. It is asked to end by itself: Node has been seen to crash
 * where threads are terminated and started in turns (nodejs/node#56312).
 */
async function end(thread: Thread, clock: Clock): Promise<void> {
  const exited = new Promise<void>((resolve) => {
    thread.on("exit", () => resolve());
  });
  // Nobody needs it any more: what it may yet fail with is no concern of the process.
  thread.on("error", () => undefined);
  thread.ref();
  const overdue = clock.setTimer(() => void thread.terminate(), END_WAIT_MS);
  thread.postMessage({ type: "end" }, []);
  await exited;
  overdue.cancel();
}

/** Starts a thread that does merges. */
export function startThread(): Thread {
  // From the sources, by the condition under which whoever imported this has found them.
  const isSource = import.meta.url.endsWith(".ts");
  const file = new URL(isSource ? "./merge-thread.ts" : "./merge-thread.js", import.meta.url);
  const options = { name: "hashlog merge" };
  return new Worker(file, isSource ? { ...options, execArgv: ["--conditions=@hashlog/source"] } : options);
}
