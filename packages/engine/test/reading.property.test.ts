import { HashlogError, type ReadOnlyStore, type Store } from "@hashlog/engine";
import { SeededRandom } from "@hashlog/fs-io/testing";
import assert from "node:assert/strict";
import { expect, test } from "vitest";
import { Processes } from "./support/readers.ts";
import { WatchedFileSystem } from "./support/watched-file-system.ts";

type Writer = Store<string, Uint8Array, Uint8Array | string>;
type Reader = ReadOnlyStore<string, Uint8Array>;
type State = Readonly<Record<string, string>>;

const SEEDS = 50;
const STEPS = 60;
/** The key that says which commit was the last. */
const LAST = "last";
const KEYS = ["a", "b", "c", "d", "e", "f"];
const decoder = new TextDecoder();

/**
 * A writer and two readers in a world of their own. Every commit is a batch that numbers itself, so each state of the store
 * says which commits it consists of: those up to one of them.
 */
class Life {
  readonly #random: SeededRandom;
  readonly #processes = new Processes();
  readonly #states = new Map<number, State>([[0, {}]]);
  #db!: Writer;
  #writing!: ReturnType<typeof this.boot>;
  #readers: { readonly reader: Reader; shown: number }[] = [];
  #issued = 0;
  /** The commit on which the next one rests. */
  #base = 0;
  #acknowledged = 0;
  #isAlive = false;
  /** What a reader showed while there was no writer: all that can be read. */
  #readable: number | undefined;
  /** What waits for the writer. */
  readonly #waiting = new Set<Promise<unknown>>();
  readonly #refreshes: Promise<void>[] = [];

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  boot(): { readonly process: ReturnType<Processes["disk"]["boot"]>; readonly watched: WatchedFileSystem } {
    const process = this.#processes.disk.boot();
    return { process, watched: new WatchedFileSystem(process) };
  }

  async run(): Promise<void> {
    await this.#open();
    this.#commit();
    await this.#settle();
    for (let count = 0; count < 2; count += 1) {
      this.#readers.push({ reader: await this.#processes.openReader(), shown: 0 });
    }
    for (let step = 0; step < STEPS; step += 1) await this.#step();
    await this.#settle();
    for (const one of this.#readers) await this.#refresh(one);
    this.#processes.disk.clearFaults();
  }

  async #step(): Promise<void> {
    const kind = this.#random.below(20);
    if (!this.#isAlive) {
      if (kind < 8) await this.#open();
      else {
        for (const one of this.#readers) {
          await this.#refresh(one);
          if (this.#readable !== undefined) assert.equal(one.shown, this.#readable);
          this.#readable = one.shown;
        }
      }
    } else if (kind < 8) this.#commit();
    else if (kind < 13) this.#refreshes.push(this.#refresh(this.#one()));
    else if (kind < 15) await this.#settle();
    else if (kind === 15) this.#background(this.#db.compact());
    else if (kind === 16) this.#background(this.#db.checkpoint());
    else if (kind === 17) await this.#fail();
    else if (kind === 18) await this.#close();
    else this.#kill();
    for (let turn = this.#random.below(4); turn > 0; turn -= 1) await new Promise((resolve) => setImmediate(resolve));
  }

  #one(): { readonly reader: Reader; shown: number } {
    return this.#readers[this.#random.below(this.#readers.length)]!;
  }

  async #open(): Promise<void> {
    this.#writing = this.boot();
    const sync = (["always", "never"] as const)[this.#random.below(2)]!;
    const fileSystem = this.#writing.watched.fileSystem;
    const opening = this.#processes.openWriter({ fileSystem, sync, segmentBytesMax: 512 });
    for (const one of this.#readers) {
      await new Promise((resolve) => setImmediate(resolve));
      await this.#refresh(one);
    }
    this.#db = await opening;
    this.#isAlive = true;
    this.#base = lastOf(this.#db);
    assert.ok(this.#base >= this.#acknowledged);
    if (this.#readable !== undefined) assert.equal(this.#base, this.#readable);
    this.#readable = undefined;
    this.#acknowledged = this.#base;
  }

  #commit(): void {
    const number = (this.#issued += 1);
    const state: Record<string, string> = { ...this.#states.get(this.#base), [LAST]: `${number}` };
    const operations = KEYS.filter(() => this.#random.below(3) === 0).map((key) => {
      if (this.#random.below(4) === 0) {
        delete state[key];
        return { type: "delete", key } as const;
      }
      state[key] = `${number} ${"x".repeat(this.#random.below(120))}`;
      return { type: "put", key, value: state[key] } as const;
    });
    this.#states.set(number, state);
    this.#base = number;
    const sync = this.#random.below(3) === 0;
    const batch = this.#db.batch([...operations, { type: "put", key: LAST, value: `${number}` }], { sync }).then(
      () => {
        this.#acknowledged = Math.max(this.#acknowledged, number);
      },
      () => {
        this.#base = this.#acknowledged;
      },
    );
    this.#background(batch);
  }

  /** Failures of the writer's are its own; those of the readers are not forgiven. */
  #background(work: Promise<unknown>): void {
    const watched = work.catch((error: unknown) => {
      if (!HashlogError.is(error) || error.code === "HASHLOG_CORRUPT") throw error;
    });
    this.#waiting.add(watched);
    void watched.then(
      () => this.#waiting.delete(watched),
      () => undefined,
    );
  }

  async #settle(): Promise<void> {
    if (this.#isAlive) await Promise.all(this.#waiting);
    await Promise.all(this.#refreshes.splice(0));
  }

  async #refresh(one: { readonly reader: Reader; shown: number }): Promise<void> {
    const least = Math.max(one.shown, this.#acknowledged);
    await one.reader.refresh();
    const shown = lastOf(one.reader);
    const state = this.#states.get(shown);
    assert.deepEqual({ shown, state: stateOf(one.reader) }, { shown, state });
    assert.ok(shown >= Math.max(least, one.shown), `${shown} is shown, and ${least} was acknowledged`);
    const most = Math.max(this.#acknowledged, one.shown);
    if (this.#isAlive) assert.ok(shown <= most, `${shown} is shown, and ${most} was acknowledged`);
    one.shown = shown;
  }

  /** The volume is full for a moment. */
  async #fail(): Promise<void> {
    const operation = this.#random.below(2) === 0 ? "append" : "sync";
    const fault = this.#writing.watched.fail(operation, /\.segment$/, "FS_NO_SPACE");
    this.#commit();
    await this.#settle();
    fault.end();
  }

  async #close(): Promise<void> {
    await this.#settle();
    await this.#db.close();
    this.#isAlive = false;
  }

  #kill(): void {
    this.#processes.disk.kill(this.#writing.process);
    this.#waiting.clear();
    this.#isAlive = false;
  }
}

function lastOf(store: Writer | Reader): number {
  const value = store.getSync(LAST);
  return value === undefined ? 0 : Number(decoder.decode(value));
}

function stateOf(reader: Reader): State {
  const entries = [...KEYS, LAST].flatMap((key) => {
    const value = reader.getSync(key);
    return value === undefined ? [] : [[key, decoder.decode(value)]];
  });
  return Object.fromEntries(entries) as State;
}

test("whatever a writer does, a reader shows the first so many commits, all that were acknowledged when it was asked, and none that was not", async () => {
  const broken: string[] = [];
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    await new Life(seed).run().catch((error: unknown) => broken.push(`seed ${seed}: ${String(error)}`));
  }
  expect(broken).toEqual([]);
});
