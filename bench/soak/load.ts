/** The load: so many writers and readers at once, each of which asks for the next thing in the next turn of the event loop. */
import { recordBytes } from "@hashlog/format";
import type { ByteStore } from "../byte-store.ts";
import type { Phase, PhasedTimes } from "./phases.ts";
import type { Timed } from "./result.ts";
import { Workload } from "./workload.ts";

/** Writes that are under way at once, at most. */
export const WRITERS = 64;
/** Reads by `get` that are under way at once, at most, and reads by `getSync` in a turn of the event loop. */
export const GETTERS = 16;
export const GET_SYNCS_PER_TURN = 32;

/** Runs from `start` to `stop`. */
export class Load {
  /** How much was done, and bytes of the records of all acknowledged writes. */
  writes = 0;
  reads = 0;
  userBytes = 0;
  readonly #store: ByteStore;
  readonly #workload: Workload;
  readonly #times: Readonly<Record<Timed, PhasedTimes>>;
  readonly #phase: () => Phase;
  readonly #turns = new Turns();
  #isRunning = true;
  #all: Promise<unknown> = Promise.resolve();

  constructor(store: ByteStore, workload: Workload, times: Readonly<Record<Timed, PhasedTimes>>, phase: () => Phase) {
    this.#store = store;
    this.#workload = workload;
    this.#times = times;
    this.#phase = phase;
  }

  /** Resolves after `stop`, when everything has ended; rejects as soon as anything fails, or a read gives a wrong value. */
  start(): Promise<unknown> {
    const writers = Array.from({ length: WRITERS }, () => this.#again(() => this.#write()));
    const getters = Array.from({ length: GETTERS }, () => this.#again(() => this.#get()));
    this.#all = Promise.all([...writers, ...getters, this.#again(() => this.#getSyncs())]);
    return this.#all;
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    await this.#all;
  }

  /** A promise that is kept at once would never let the event loop go on: between two operations there is always a turn. */
  async #again(operation: () => Promise<void>): Promise<void> {
    while (this.#isRunning) {
      await operation();
      await this.#turns.next();
    }
  }

  async #write(): Promise<void> {
    const write = this.#workload.write();
    if (write.kind === "delete") {
      const wasThere = await this.#store.delete(write.key);
      this.userBytes += wasThere ? recordBytes(write.key.length, 0, false) : 0;
    } else {
      const { key, value, ttlMs } = write;
      const bytes = recordBytes(key.length, value.length, ttlMs !== undefined);
      const ended = this.#begin("put");
      await this.#store.put(key, value, { ttlMs });
      ended();
      this.userBytes += bytes;
    }
    this.writes += 1;
  }

  async #get(): Promise<void> {
    const { number, key } = this.#workload.read();
    const ended = this.#begin("get");
    const value = await this.#store.get(key);
    ended();
    this.#check(number, value);
  }

  async #getSyncs(): Promise<void> {
    for (let index = 0; index < GET_SYNCS_PER_TURN; index += 1) {
      const { number, key } = this.#workload.read();
      const ended = this.#begin("getSync");
      const value = this.#store.getSync(key);
      ended();
      this.#check(number, value);
    }
  }

  #check(number: number, value: Uint8Array | undefined): void {
    if (value !== undefined && !Workload.belongs(number, value)) throw new Error(`key ${number} has another's value`);
    this.reads += 1;
  }

  /** What a merge was running at any end of counts as done during a merge. */
  #begin(what: Timed): () => void {
    const phase = this.#phase();
    const begun = performance.now();
    return () => {
      const took = performance.now() - begun;
      this.#times[what].record(phase === "merging" ? phase : this.#phase(), took);
    };
  }
}

/** All that wait for the next turn of the event loop begin together in it, as the requests that a turn brings do. */
class Turns {
  #next: Promise<void> | undefined;

  next(): Promise<void> {
    this.#next ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#next = undefined;
        resolve();
      });
    });
    return this.#next;
  }
}
