import { HashlogError, open, utf8, type RandomSource, type Store } from "@hashlog/engine";
import { parseFileName } from "@hashlog/format";
import type { Observed } from "../properties/p20-conformance.ts";
import { randomFrom } from "../world/random-from.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import { RecordedFileSystem } from "./recorded-file-system.ts";
import type { Removed, StoreOperation, StoreScript } from "./store-script.ts";
import { filesIn, type World } from "./worlds.ts";

/** Runs the script on a new store in the world's directory, to the closing of the store. */
export async function runStoreScript(world: World, script: StoreScript): Promise<Observed> {
  const run = new StoreRun(world, script);
  await run.begin();
  for (const operation of script.operations) await run.do(operation);
  await run.end();
  const { results, calls } = run;
  // Calls overlap here, and which of two comes to the disk first is open. What each of them does there, port scripts show.
  return { on: world.fileSystem.name, results, calls, effects: undefined, files: await filesIn(world) };
}

class StoreRun {
  readonly results: string[] = [];
  readonly #recorded: RecordedFileSystem;
  readonly #world: World;
  readonly #directory: string;
  readonly #script: StoreScript;
  #clock: VirtualClock = new VirtualClock();
  readonly #random: RandomSource;
  #store!: Store<string, string>;
  #begun: { readonly what: string; readonly outcome: Promise<string> }[] = [];
  #written = 0;

  constructor(world: World, script: StoreScript) {
    this.#world = world;
    this.#recorded = new RecordedFileSystem(world);
    this.#directory = world.fileSystem.join(world.directory, "store");
    this.#script = script;
    this.#random = randomFrom(script.seed);
  }

  get calls(): readonly string[] {
    return this.#recorded.calls;
  }

  async begin(): Promise<void> {
    this.#store = await this.#recorded.until(this.#open(), "opening");
  }

  async end(): Promise<void> {
    await this.#settle();
    await this.#recorded.until(this.#store.close(), "closing");
    await this.#recorded.answer(Infinity);
  }

  async do(operation: StoreOperation): Promise<void> {
    switch (operation[0]) {
      case "tick":
        this.#clock.tick(operation[1]);
        return;
      case "answers":
        return this.#recorded.answer(operation[1]);
      case "settle":
        return this.#settle();
      case "reopen":
        await this.end();
        return this.#beginWithout(operation[1]);
      case "kill":
        await this.#recorded.endProcess();
        // Its timers are gone with it, and so is whoever waited.
        this.#clock = new VirtualClock(this.#clock.now());
        this.#begun = [];
        return this.#beginWithout(operation[1]);
      default:
        this.#begin(JSON.stringify(operation), this.#call(operation));
    }
  }

  #call(
    operation: Exclude<StoreOperation, readonly ["tick" | "answers" | "settle" | "reopen" | "kill", ...unknown[]]>,
  ): Promise<unknown> {
    const store = this.#store;
    switch (operation[0]) {
      case "put":
        return store.put(operation[1], this.#value(operation[2]));
      case "put-synced":
        return store.put(operation[1], this.#value(operation[2]), { sync: true });
      case "put-expiring":
        return store.put(operation[1], this.#value(operation[2]), { ttlMs: 60 });
      case "delete":
      case "get":
        return store[operation[0]](operation[1]);
      case "batch":
        return store.batch(operation[1].map(([key, length]) => this.#change(key, length)));
      case "entries":
        return allOf(store.entries());
      case "open-twice":
        return this.#open();
      default:
        return store[operation[0]]();
    }
  }

  async #beginWithout(removed: Removed): Promise<void> {
    const { fileSystem } = this.#world;
    const kinds = removed === "nothing" ? [] : removed === "checkpoints" ? ["checkpoint"] : ["checkpoint", "hint"];
    for (const name of await fileSystem.list(this.#directory)) {
      const isRemoved = kinds.includes(parseFileName(name)?.kind ?? "");
      if (isRemoved) await fileSystem.remove(fileSystem.join(this.#directory, name));
    }
    await this.begin();
  }

  /** The file system has answered everything, and nothing of the store has anything to do any more. */
  async #settle(): Promise<void> {
    await this.#recorded.answer(Infinity);
    const begun = this.#begun;
    this.#begun = [];
    for (const { what, outcome } of begun) this.results.push(`${what} ${await this.#recorded.until(outcome, what)}`);
    this.results.push(`stats ${JSON.stringify(this.#store.stats())}`);
  }

  #begin(what: string, promise: Promise<unknown>): void {
    const outcome = promise.then((value) => JSON.stringify(value) ?? "done", failureOf);
    this.#begun.push({ what, outcome });
  }

  #open(): Promise<Store<string, string>> {
    return open(this.#directory, {
      fileSystem: this.#recorded.fileSystem,
      clock: this.#clock,
      values: utf8,
      sync: this.#script.sync,
      segmentBytesMax: this.#script.segmentBytesMax,
      random: this.#random,
    });
  }

  #change(key: string, length: number): { type: "put"; key: string; value: string } | { type: "delete"; key: string } {
    return length < 0 ? { type: "delete", key } : { type: "put", key, value: this.#value(length) };
  }

  /** No two are alike. */
  #value(length: number): string {
    this.#written += 1;
    return `${this.#written}.`.padEnd(length, "x");
  }
}

async function allOf<T>(entries: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const entry of entries) all.push(entry);
  return all;
}

function failureOf(error: unknown): string {
  if (!(error instanceof HashlogError)) throw error;
  return `fails with ${error.code}`;
}
