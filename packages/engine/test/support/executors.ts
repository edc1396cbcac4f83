import type { OpenOptions } from "@hashlog/engine";
import type { MergeExecutor } from "@hashlog/engine/worker";
import { nodeFileSystem, type FileSystem } from "@hashlog/fs-io";
import { EventEmitter } from "node:events";
import { MessageChannel } from "node:worker_threads";
import { onTestFinished } from "vitest";
import { LIMITS, type Limits } from "../../src/limits.ts";
import { openWithin } from "../../src/open.ts";
import type { Thread } from "../../src/worker/merge-job.ts";
import type { ToThread } from "../../src/worker/messages.ts";
import { serveMerges, type ThreadPort } from "../../src/worker/serve-merges.ts";
import { ThreadedExecutor } from "../../src/worker/worker-merge.ts";
import { FakeClock } from "./fake-clock.ts";
import type { TextStore } from "./text-store.ts";
import type { World } from "./worlds.ts";

/** Opens the store of that world with merges that run there, in small slices. */
export async function openMerging(
  world: World,
  executor: MergeExecutor | undefined,
  options: OpenOptions = {},
  limits: Partial<Limits> = {},
): Promise<TextStore> {
  const usual = { sync: "never", segmentBytesMax: 4096 } as const;
  const compaction = executor === undefined ? false : { background: false, executor };
  const given = { fileSystem: world.fileSystem, clock: world.clock, compaction, ...usual, ...options };
  const small = { ...LIMITS, mergeSliceBytes: 2048, mergeSyncBytes: 4096, ...limits };
  const db = await openWithin(small, world.directory, given);
  world.adopt(db, given);
  if (executor !== undefined) onTestFinished(() => executor.close());
  return db;
}

/** What a worker is, in this very thread: its messages go through a channel, and it ends when it listens no more. */
export class FakeThread extends EventEmitter implements Thread {
  readonly #channel = new MessageChannel();
  /** Whether it has ended, however that came. */
  hasEnded = false;
  /** How often it was terminated, instead of asked to end. */
  terminations = 0;
  /** Whether it goes on as if it had not been asked to end. */
  isStubborn = false;
  /** How many messages came from it. */
  messages = 0;
  /** After which of them it ends. */
  endsAfter = Infinity;
  /** How often it was told to keep the process alive, less how often not to. */
  refs = 0;

  constructor(fileSystem: FileSystem = nodeFileSystem()) {
    super();
    const { port1, port2 } = this.#channel;
    const port: ThreadPort = {
      on: (_event, listener) => port2.on("message", listener),
      off: () => setImmediate(() => this.end(0)),
      postMessage: (message, transfer) => port2.postMessage(message, transfer),
    };
    serveMerges(port, fileSystem);
    port1.on("message", (message) => {
      this.messages += 1;
      this.emit("message", message);
      if (this.messages === this.endsAfter) this.end(1);
    });
  }

  postMessage(message: unknown, transfer: ArrayBuffer[]): void {
    if (this.isStubborn && (message as ToThread).type === "end") return;
    this.#channel.port1.postMessage(message, transfer);
  }

  ref(): void {
    this.refs += 1;
  }

  unref(): void {
    this.refs -= 1;
  }

  /** As if it had been killed, or had failed with that error. */
  end(code: number, error?: Error): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.#channel.port1.close();
    if (error !== undefined) this.emit("error", error);
    this.emit("exit", code);
  }

  terminate(): Promise<void> {
    this.terminations += 1;
    this.end(1);
    return Promise.resolve();
  }
}

/** An executor whose threads are this one. */
export function fakeThreads(prepare: (thread: FakeThread) => void = () => {}): {
  readonly executor: ThreadedExecutor;
  readonly threads: readonly FakeThread[];
  readonly clock: FakeClock;
} {
  const clock = new FakeClock();
  const threads: FakeThread[] = [];
  const executor = new ThreadedExecutor(() => {
    const thread = new FakeThread();
    prepare(thread);
    threads.push(thread);
    return thread;
  }, clock);
  onTestFinished(() => {
    for (const thread of threads) thread.end(0);
  });
  return { executor, threads, clock };
}
