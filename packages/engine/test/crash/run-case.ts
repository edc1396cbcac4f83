import type { FileSystem } from "@hashlog/fs-io";
import { SeededRandom, type SimulatedDisk } from "@hashlog/fs-io/testing";
import { open, utf8, type OpenOptions, type Store } from "@hashlog/engine";
import { KEYS, SEGMENT_BYTES, type CrashCase, type CrashOperation } from "./case.ts";
import { History, type Unit } from "./history.ts";
import { LogObserver } from "./log-observer.ts";
import { VirtualClock } from "./virtual-clock.ts";

export const DIRECTORY = "/data/store";

export type TextStore = Store<string, string>;

/** Opens the case's store on a file system. */
export function openStore(
  fileSystem: FileSystem,
  given: Pick<CrashCase, "sync" | "segments" | "seed">,
  clock: VirtualClock = new VirtualClock(),
): Promise<TextStore> {
  const random = new SeededRandom(given.seed + 1);
  const options: OpenOptions<string, string> = {
    fileSystem,
    clock,
    values: utf8,
    sync: given.sync === "interval" ? { intervalMs: 40 } : given.sync,
    segmentBytesMax: SEGMENT_BYTES[given.segments]!,
    random: {
      fill: (target) => {
        for (let index = 0; index < target.length; index += 1) target[index] = random.below(256);
      },
    },
  };
  return open(DIRECTORY, options);
}

/** Runs the case's operations to their end on the disk, without a crash; resolves to what was written when. */
export async function runCase(disk: SimulatedDisk, given: CrashCase): Promise<History> {
  const runner = new CaseRunner(disk, given);
  await runner.run();
  return runner.history;
}

/** All entries of an open store, read in two ways. */
export async function readState(store: TextStore): Promise<Map<string, string>> {
  const state = new Map<string, string>();
  for await (const [key, value] of store.entries()) state.set(key, value);
  for (const [key, value] of state) {
    if (store.getSync(key) !== value) throw new Error(`entries() says ${key}=${value}, getSync says otherwise`);
  }
  return state;
}

class CaseRunner {
  readonly history: History;
  readonly #disk: SimulatedDisk;
  readonly #case: CrashCase;
  readonly #observer: LogObserver;
  #clock = new VirtualClock();
  #store!: TextStore;
  #waiting: Promise<unknown>[] = [];

  constructor(disk: SimulatedDisk, given: CrashCase) {
    this.#disk = disk;
    this.#case = given;
    this.#observer = new LogObserver(disk);
    this.history = new History(this.#observer, () => disk.position);
  }

  async run(): Promise<void> {
    await this.#open();
    for (const operation of this.#case.operations) await this.#do(operation);
    await this.#settle();
  }

  async #open(): Promise<void> {
    this.#store = await openStore(this.#observer.watch(this.#disk.boot()), this.#case, this.#clock);
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#waiting);
    this.#waiting = [];
  }

  async #do(operation: CrashOperation): Promise<void> {
    const store = this.#store;
    switch (operation[0]) {
      case "put":
      case "put-synced": {
        const [kind, key, length] = operation;
        const change = [KEYS[key]!, this.#value(length)] as const;
        this.#write([change], () => store.put(change[0], change[1], { sync: kind === "put-synced" }));
        return;
      }
      case "delete":
        this.#write([[KEYS[operation[1]]!, undefined]], () => store.delete(KEYS[operation[1]]!));
        return;
      case "batch":
        this.#batch(operation[1]);
        return;
      case "await":
        return this.#settle();
      case "tick":
        return this.#clock.tick(operation[1]);
      case "sync":
        return store.sync();
      case "checkpoint":
        this.#wait(store.checkpoint());
        return;
      case "compact":
        this.#wait(store.compact());
        return;
      case "reopen":
        await store.close();
        await this.#settle();
        return this.#open();
      case "kill":
        this.#disk.kill();
        this.history.died();
        this.#waiting = [];
        this.#clock = new VirtualClock();
        return this.#open();
    }
  }

  #batch(entries: readonly (readonly [number, number])[]): void {
    const changes = entries.map(([key, length]) => [KEYS[key]!, length < 0 ? undefined : this.#value(length)] as const);
    const operations = changes.map(([key, value]) =>
      value === undefined ? ({ type: "delete", key } as const) : ({ type: "put", key, value } as const),
    );
    this.#write(changes, () => this.#store.batch(operations));
  }

  #write(changes: Unit["changes"], write: () => Promise<unknown>): void {
    const before = this.#store.stats().pendingWrites;
    const promise = write();
    const unit: Unit = { changes, recorded: this.#store.stats().pendingWrites > before, status: "waiting" };
    this.history.units.push(unit);
    this.#wait(
      promise.then(() => {
        unit.status = "acknowledged";
      }),
    );
  }

  // What a killed process waited for may fail later, and nobody listens any more.
  #wait(promise: Promise<unknown>): void {
    promise.catch(() => undefined);
    this.#waiting.push(promise);
  }

  // No two writes have the same value, so a state says which writes it is made of.
  #value(length: number): string {
    return `${this.history.units.length}.`.padEnd(length, "x");
  }
}
