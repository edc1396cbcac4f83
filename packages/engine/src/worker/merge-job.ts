import { MergeError, type MergeOptions, type MergeOutcome, type MergeReport } from "@hashlog/compactor";
import type { ExecutorInput, ExecutorOutput, ExecutorStore } from "../merge-executor.ts";
import type { FromThread, SentFinished, SentInput, SentOutput, StoreCall, ToThread } from "./messages.ts";
import { receiveError } from "./sent-errors.ts";

/** A thread that does merges, as the store's thread sees it: a `Worker`, or what a test takes for one. */
export interface Thread {
  postMessage(message: ToThread, transfer: ArrayBuffer[]): void;
  on(event: "message", listener: (message: FromThread) => void): unknown;
  /** Something was thrown there that nobody caught; then it exits. */
  on(event: "error", listener: (error: unknown) => void): unknown;
  on(event: "exit", listener: (code: number) => void): unknown;
  off(event: "message", listener: (message: FromThread) => void): unknown;
  off(event: "error", listener: (error: unknown) => void): unknown;
  off(event: "exit", listener: (code: number) => void): unknown;
  /** Whether it keeps the process alive. */
  ref(): void;
  unref(): void;
  /** Resolves when it has ended. */
  terminate(): Promise<unknown>;
}

/** What a merge in another thread is made of. */
export interface MergeJobParts {
  readonly thread: Thread;
  readonly inputs: readonly ExecutorInput[];
  readonly store: ExecutorStore;
  readonly options: MergeOptions;
  /** Makes a path one that leads to the same file in the thread. */
  readonly absolute: (path: string) => string;
}

/**
 * One merge in another thread, seen from the store's: its calls are done here, one at a time. If the thread ends before the
 * merge does, what was begun is ended here: outputs that were not to be published are abandoned, and inputs that are retired
 * are removed. What is left behind is told as by any merge.
 */
export class MergeJob {
  readonly #thread: Thread;
  readonly #list: readonly ExecutorInput[];
  readonly #inputs: ReadonlyMap<number, ExecutorInput>;
  readonly #store: ExecutorStore;
  readonly #options: MergeOptions;
  readonly #absolute: (path: string) => string;
  #retired: readonly ExecutorInput[] = [];
  readonly #created = new Map<number, ExecutorOutput>();
  /** What was thrown here, by the numbers that the thread knows it by. */
  readonly #refusals: unknown[] = [];
  /** What `onProgress` threw, and the next call is refused with. */
  #thrown: { readonly error: unknown } | undefined;
  /** What the merge would leave behind if it ended now. */
  #outcome: MergeOutcome = "abandoned";
  /** The call that is being done. */
  #answering: Promise<void> | undefined;
  #settle: { readonly resolve: (report: MergeReport) => void; readonly reject: (error: unknown) => void } | undefined;
  #crash: unknown;

  constructor({ thread, inputs, store, options, absolute }: MergeJobParts) {
    this.#thread = thread;
    this.#list = inputs;
    this.#inputs = new Map(inputs.map((input) => [input.segmentId, input]));
    this.#store = store;
    this.#options = options;
    this.#absolute = absolute;
  }

  /** Resolves and rejects as `merge` of `@hashlog/compactor` does. */
  async run(): Promise<MergeReport> {
    const { signal, onProgress: _onProgress, ...options } = this.#options;
    const abort = (): void => this.#post({ type: "abort" });
    this.#thread.on("message", this.#onMessage);
    this.#thread.on("error", this.#onError);
    this.#thread.on("exit", this.#onExit);
    this.#thread.ref();
    signal?.addEventListener("abort", abort);
    try {
      return await new Promise<MergeReport>((resolve, reject) => {
        this.#settle = { resolve, reject };
        const inputs = this.#list.map((input) => this.#sent(input));
        this.#post({ type: "start", inputs, options, floor: this.#store.floor() });
      });
    } finally {
      signal?.removeEventListener("abort", abort);
      this.#thread.unref();
      this.#thread.off("message", this.#onMessage);
      this.#thread.off("error", this.#onError);
      this.#thread.off("exit", this.#onExit);
    }
  }

  readonly #onMessage = (message: FromThread): void => {
    switch (message.type) {
      case "call":
        this.#answering = this.#answer(message.call);
        break;
      case "progress":
        try {
          this.#options.onProgress?.(message.progress);
        } catch (error) {
          this.#thrown ??= { error };
        }
        break;
      case "done":
        if (this.#thrown === undefined) this.#settle!.resolve(message.report);
        else this.#settle!.reject(this.#failure(this.#thrown.error));
        break;
      case "failed":
        this.#settle!.reject(receiveError(message.error, this.#refusals, this.#options.signal?.reason));
        break;
    }
  };

  readonly #onError = (error: unknown): void => {
    this.#crash = error;
  };

  readonly #onExit = (code: number): void => {
    // Nothing that comes from it after its end is done any more, beside what the next merge does.
    this.#thread.off("message", this.#onMessage);
    const cause = this.#crash ?? new Error(`the thread of the merge ended with code ${code}`);
    void this.#clearAway(cause);
  };

  async #clearAway(cause: unknown): Promise<void> {
    // Whatever it had asked for last is done, and nothing of it comes after.
    await this.#answering;
    if (this.#outcome === "abandoned" && this.#created.size > 0) {
      await this.#store.abandonOutputs([...this.#created.values()]).catch(() => undefined);
    }
    if (this.#outcome === "retired") await this.#store.removeInputs(this.#retired).catch(() => undefined);
    this.#settle!.reject(this.#failure(cause));
  }

  #failure(cause: unknown): MergeError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new MergeError("MERGE_IO", `the merge failed: ${reason}`, { outcome: this.#outcome, cause });
  }

  // Answered in the same turn where the store is: what only asks the keydir waits for nothing.
  #answer(call: StoreCall): Promise<void> | undefined {
    try {
      // What the manifest does not list any more is removed, whatever was thrown.
      if (this.#thrown !== undefined && call.name !== "removeInputs") throw this.#thrown.error;
      const done = this.#do(call);
      if (done instanceof Promise) return done.then(this.#reply, this.#refuse);
      this.#reply(done);
    } catch (error) {
      this.#refuse(error);
    }
    return undefined;
  }

  readonly #reply = (value: unknown): void => {
    const transfer = value instanceof Uint8Array && value.buffer instanceof ArrayBuffer ? [value.buffer] : [];
    this.#post({ type: "reply", value, floor: this.#store.floor() }, transfer);
  };

  readonly #refuse = (error: unknown): void => {
    const message = error instanceof Error ? error.message : String(error);
    this.#post({ type: "refusal", error: this.#refusals.push(error) - 1, message });
  };

  #post(message: ToThread, transfer: ArrayBuffer[] = []): void {
    this.#thread.postMessage(message, transfer);
  }

  #do({ name, args }: StoreCall): unknown {
    const store = this.#store;
    switch (name) {
      case "lookUp":
        return this.#lookUp(...args);
      case "relocate":
        return store.relocate({ output: this.#output(args[0].segmentId), ...args[0] });
      case "dropExpired":
        return store.dropExpired({ input: this.#input(args[0].segmentId), ...args[0] });
      case "createOutput":
        return this.#createOutput();
      case "publish":
        return this.#publish(...args);
      case "retire":
        this.#retired = args[0].map((id) => this.#input(id));
        return this.#step("retired", () => store.retire(this.#retired));
      case "abandonOutputs":
        return this.#abandon(args[0]);
      case "lowestSequenceOutside":
      case "removeInputs":
        return store[name](args[0].map((id) => this.#input(id)));
      case "keysPointingInto":
        return store.keysPointingInto(
          args[0].map((id) => this.#input(id)),
          args[1],
        );
      case "yield":
        return store.yield(...args);
      case "now":
      case "syncDirectory":
      case "syncLog":
        return store[name]();
    }
  }

  #lookUp(sent: Extract<StoreCall, { name: "lookUp" }>["args"][0]): Uint8Array | Promise<Uint8Array> {
    const found = new Uint8Array(sent.count);
    const looked = this.#store.lookUp({ input: this.#input(sent.segmentId), ...sent }, found);
    return looked === undefined ? found : looked.then(() => found);
  }

  async #createOutput(): Promise<SentOutput> {
    const output = await this.#store.createOutput();
    this.#created.set(output.segmentId, output);
    const { segmentId, place, path, position } = output;
    return { segmentId, identity: place.identity, path: this.#absolute(path), position };
  }

  #publish(outputs: readonly SentFinished[]): Promise<void> {
    return this.#step("published", () =>
      this.#store.publish(outputs.map(({ segmentId, ...rest }) => ({ output: this.#output(segmentId), ...rest }))),
    );
  }

  /** An edit of the manifest: until it is done nobody knows what is left behind. */
  async #step(outcome: MergeOutcome, edit: () => Promise<void>): Promise<void> {
    this.#outcome = "unknown";
    await edit();
    this.#outcome = outcome;
  }

  #abandon(ids: readonly number[]): Promise<void> {
    const outputs = ids.map((id) => this.#output(id));
    for (const id of ids) this.#created.delete(id);
    return this.#store.abandonOutputs(outputs);
  }

  #sent(input: ExecutorInput): SentInput {
    const { segmentId, place, path, sealedBytes, lowestSequence, highestSequence } = input;
    const { identity } = place;
    return { segmentId, identity, path: this.#absolute(path), sealedBytes, lowestSequence, highestSequence };
  }

  #input(segmentId: number): ExecutorInput {
    return this.#inputs.get(segmentId)!;
  }

  #output(segmentId: number): ExecutorOutput {
    return this.#created.get(segmentId)!;
  }
}
