import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Order, Reply } from "./fixtures/lock-child.ts";

/** A process of its own that takes the lock on demand. Whatever it waits for, it is killed when the test ends. */
export class LockChild {
  readonly process: ChildProcess;

  constructor() {
    this.process = fork(join(import.meta.dirname, "fixtures/lock-child.ts"), { execArgv: [] });
    onTestFinished(() => void this.process.kill("SIGKILL"));
  }

  get processId(): number {
    return this.process.pid!;
  }

  lock(directory: string): Promise<Reply> {
    return this.order({ order: "lock", directory }) as Promise<Reply>;
  }

  async order(order: Order): Promise<unknown> {
    const reply = once(this.process, "message");
    this.process.send(order);
    return (await reply)[0];
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const exit = once(this.process, "exit");
    this.process.kill(signal);
    await exit;
  }

  /** Lets go of the child: it has to end by itself. Resolves to its exit code. */
  async letGo(): Promise<number> {
    const exit = once(this.process, "exit");
    this.process.send({ order: "let-go" } satisfies Order);
    return (await exit)[0] as number;
  }
}
