import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Order, Reply } from "../fixtures/store-process.ts";

/** Another process with a store. It is killed when the test ends, if it lives that long. */
export class StoreProcess {
  readonly #process: ChildProcess;

  constructor() {
    const path = join(import.meta.dirname, "../fixtures/store-process.ts");
    this.#process = fork(path, { execArgv: ["--conditions=@hashlog/source"] });
    onTestFinished(() => void this.#process.kill("SIGKILL"));
  }

  get processId(): number {
    return this.#process.pid!;
  }

  /** Resolves to what the process says of it. */
  async order(order: Order): Promise<Reply> {
    const reply = once(this.#process, "message");
    this.#process.send(order);
    return ((await reply) as [Reply])[0];
  }

  /** Ends it in the middle of whatever it does, with no chance to tidy up. */
  async kill(): Promise<void> {
    const exit = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await exit;
  }
}
