/**
 * A process that lives a life with a store and tells of it, until it is killed. It never ends by itself as long as its
 * parent lives, and not a moment later than its parent.
 */
import { open, utf8, type Clock, type Store } from "@hashlog/engine";
import { nodeFileSystem, systemClock } from "@hashlog/fs-io";
import type { Change } from "../oracle/model.ts";
import { deadlyFs } from "./deadly-fs.ts";
import type { Life, Opened, Step } from "./life.ts";
import { Reaper, report } from "./reaper.ts";

/** How long writes of a store with the policy `interval` wait: shorter than a life. */
const INTERVAL_MS = 5;

class Mortal {
  readonly #life: Life;
  readonly #reaper: Reaper;
  readonly #store: Store<string, string>;
  readonly #setTime: (nowMs: number) => void;
  #nowMs: number;
  #issued = 0;
  readonly #writes: Promise<unknown>[] = [];
  #background: Promise<void> = Promise.resolve();
  #isClosing = false;

  private constructor(life: Life, reaper: Reaper, store: Store<string, string>, setTime: (nowMs: number) => void) {
    this.#life = life;
    this.#reaper = reaper;
    this.#store = store;
    this.#setTime = setTime;
    this.#nowMs = life.nowMs;
  }

  static async open(life: Life): Promise<Mortal> {
    const { directory, sync, segmentBytesMax } = life;
    const reaper = new Reaper(life.death);
    let now = life.nowMs;
    const clock: Clock = { ...systemClock, now: () => now };
    reaper.begin("opening");
    const store = await open(directory, {
      fileSystem: nodeFileSystem({ fs: deadlyFs(reaper) }),
      clock,
      values: utf8,
      sync: sync === "interval" ? { intervalMs: INTERVAL_MS } : sync,
      segmentBytesMax,
    });
    reaper.end("opening");
    report(["opened", await describe(store)]);
    return new Mortal(life, reaper, store, (nowMs) => (now = nowMs));
  }

  async live(): Promise<void> {
    this.#reaper.begin("writing");
    for (const step of this.#life.steps) await this.#take(step);
    this.#reaper.end("writing");
    if (this.#life.isPatient) await this.#background;
    this.#isClosing = true;
    this.#reaper.begin("closing");
    await this.#store.close();
    await Promise.all(this.#writes);
    this.#reaper.end("closing");
  }

  async #take(step: Step): Promise<void> {
    switch (step[0]) {
      case "write":
        return this.#write(step[1]);
      case "settle":
        await Promise.all(this.#writes.splice(0));
        return;
      case "turns":
        for (let turn = 0; turn < step[1]; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        return;
      case "tick":
        return this.#setTime((this.#nowMs += step[1]));
      case "sync":
        return this.#mind(this.#store.sync());
      case "compact":
        return this.#later(() => this.#compact());
      case "checkpoint":
        return this.#later(() => this.#checkpoint());
    }
  }

  #write(changes: readonly Change[]): void {
    const number = this.#issued;
    this.#issued += 1;
    report(["issues", number]);
    const written = this.#issue(changes).then(() => report(["acknowledged", number]));
    this.#writes.push(written);
    this.#mind(written);
  }

  #issue(changes: readonly Change[]): Promise<unknown> {
    const [first] = changes;
    if (changes.length === 1 && first !== undefined) {
      const { key, value, expiresAtMs } = first;
      if (value === undefined) return this.#store.delete(key);
      return this.#store.put(key, value, expiresAtMs === 0 ? {} : { expiresAtMs });
    }
    return this.#store.batch(
      changes.map(({ key, value, expiresAtMs }) =>
        value === undefined
          ? { type: "delete", key }
          : { type: "put", key, value, ...(expiresAtMs === 0 ? {} : { expiresAtMs }) },
      ),
    );
  }

  async #compact(): Promise<void> {
    let isMerging = false;
    const onProgress = (): void => {
      // Only now it does not wait for anything else in the background any more.
      if (!isMerging) this.#reaper.begin("merging");
      isMerging = true;
    };
    await this.#store.compact({ onProgress });
    if (isMerging) this.#reaper.end("merging");
  }

  async #checkpoint(): Promise<void> {
    this.#reaper.begin("checkpointing");
    await this.#store.checkpoint();
    this.#reaper.end("checkpointing");
  }

  #later(work: () => Promise<void>): void {
    this.#background = this.#background.then(() => (this.#isClosing ? undefined : work()));
    this.#mind(this.#background);
  }

  #mind(work: Promise<unknown>): void {
    work.catch(fail);
  }
}

async function describe(store: Store<string, string>): Promise<Opened> {
  const entries: [string, string][] = [];
  for await (const [key, value] of store.entries()) {
    if (store.getSync(key) !== value) throw new Error(`entries() says ${key}=${value}, getSync says otherwise`);
    entries.push([key, value]);
  }
  const { road, clean, tornTail, writesRescued } = store.stats().open;
  return { entries, road, clean, torn: tornTail !== undefined, writesRescued };
}

function fail(error: unknown): void {
  report(["fails", error instanceof Error ? (error.stack ?? error.message) : String(error)]);
}

process.once("disconnect", () => process.exit());
process.once("message", (life: Life) => {
  Mortal.open(life)
    .then((mortal) => mortal.live())
    .catch(fail);
});
