import { HashlogError, type BatchOperation } from "@hashlog/engine";
import type { FileSystem } from "@hashlog/fs-io";
import type { SimulatedDisk } from "@hashlog/fs-io/testing";
import { quiet, settled } from "../world/quiet.ts";
import { openStore, readState, type StoreShape, type TextStore } from "../world/text-store.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import { WatchedFileSystem } from "../../packages/engine/test/support/watched-file-system.ts";
import { describe, Ledger, mustBeOneOf, type Contents } from "./ledger.ts";

/** Something a program does while calls of the file system fail. */
export type Program = (session: Session) => Promise<void>;

/**
 * A program's store on a disk whose calls may fail. Every method survives what the failures do, as a program would, and
 * checks what has to hold all the same: only HashlogErrors, every promise settles, what was acknowledged stays readable,
 * what was refused is not seen, no handle is left open.
 */
export class Session {
  readonly disk: SimulatedDisk;
  readonly ledger: Ledger;
  readonly clock: VirtualClock = new VirtualClock();
  readonly #shape: StoreShape;
  #watched: WatchedFileSystem;
  #store: TextStore | undefined;
  #whyNot: unknown;

  constructor(disk: SimulatedDisk, shape: StoreShape, ledger: Ledger = new Ledger()) {
    this.disk = disk;
    this.ledger = ledger;
    this.#shape = shape;
    this.#watched = this.#boot();
  }

  get store(): TextStore | undefined {
    return this.#store;
  }

  /** The code of the error with which the last opening failed, if one has. */
  get reasonNotOpen(): string | undefined {
    return HashlogError.is(this.#whyNot) ? this.#whyNot.code : undefined;
  }

  /** Opens the store; where that fails, once more. */
  async open(): Promise<void> {
    await this.#tryToOpen(this.ledger.afterKill);
    if (this.#store === undefined) await this.#tryToOpen(this.ledger.afterKill);
  }

  /** Opens the store where nothing fails any more. */
  async mustOpen(after: "kill" | "power cut" = "kill"): Promise<TextStore> {
    await this.#tryToOpen(after === "kill" ? this.ledger.afterKill : this.ledger.afterPowerCut);
    if (this.#store === undefined)
      throw new Error("the store does not open, though nothing fails", { cause: this.#whyNot });
    return this.#store;
  }

  /** The power is cut, and takes all that it can. */
  cutPower(): void {
    this.disk.powerCut([], "drop-all");
    this.#store = undefined;
    this.#watched = this.#boot();
  }

  async put(key: string, value: string, options: { sync?: boolean } = {}): Promise<void> {
    await this.#write([[key, value]], options.sync, (store) => store.put(key, value, options));
  }

  async delete(key: string): Promise<void> {
    await this.#write([[key, undefined]], false, (store) => store.delete(key));
  }

  async batch(changes: readonly (readonly [string, string | undefined])[]): Promise<void> {
    const operations = changes.map(([key, value]): BatchOperation<string, string> =>
      value === undefined ? { type: "delete", key } : { type: "put", key, value },
    );
    await this.#write(changes, false, (store) => store.batch(operations));
  }

  async sync(): Promise<void> {
    const durable = this.ledger.barrier();
    if (await this.#attempt("a sync", (store) => store.sync())) durable();
  }

  async compact(): Promise<void> {
    await this.#attempt("compacting", (store) => store.compact());
  }

  async checkpoint(): Promise<void> {
    await this.#attempt("a checkpoint", (store) => store.checkpoint());
  }

  /** Several at once. */
  async together(work: () => Promise<void>[]): Promise<void> {
    await Promise.all(work());
    await this.check();
  }

  async close(): Promise<void> {
    const store = this.#store;
    if (store === undefined) return;
    const durable = this.ledger.barrier();
    // A store that had to stop writing closes without making durable what no sync covered.
    const wasReady = store.stats().writes === "ready";
    const closed = await this.#attempt("closing", () => store.close());
    if (closed && wasReady && store.stats().writes === "ready") durable();
    this.#store = undefined;
    await this.#mustHaveClosedAll("closing");
  }

  /** Reads every key. Nothing else than what was acknowledged may be seen. */
  async check(): Promise<void> {
    await quiet();
    const store = this.#store;
    if (store === undefined) return;
    const expected = this.ledger.visible;
    const keys = new Set([...expected.keys(), ...KEYS]);
    for (const key of keys) {
      const value = await this.#read(store, key);
      if (value === UNREADABLE || value === expected.get(key)) continue;
      throw new Error(`${key} is ${String(value)} where ${describe(expected)} was acknowledged`);
    }
  }

  async #tryToOpen(allowed: readonly Contents[]): Promise<void> {
    try {
      this.#store = await settled(openStore(this.#watched.fileSystem, this.#shape, this.clock), "opening");
    } catch (error) {
      mustBeHashlogError(error, "opening");
      this.#whyNot = error;
      await this.#mustHaveClosedAll("an opening that failed");
      return;
    }
    const shown = await this.#readAll(this.#store);
    if (shown === undefined) {
      // It cannot be told what it shows, and so not what it may show from now on: back to the beginning.
      await this.#store.close().catch((error: unknown) => mustBeHashlogError(error, "closing"));
      this.#store = undefined;
      return;
    }
    mustBeOneOf(shown, allowed, "opened");
    this.ledger.recovered(shown, this.#store.stats().writes === "ready");
  }

  async #write(
    changes: readonly (readonly [string, string | undefined])[],
    sync: boolean | undefined,
    write: (store: TextStore) => Promise<unknown>,
  ): Promise<void> {
    const store = this.#store;
    if (store === undefined) return;
    const durably = sync === true || this.#shape.sync === "always";
    await settled(
      this.ledger.write(changes, durably, () => write(store)),
      "a write",
    );
  }

  async #attempt(what: string, work: (store: TextStore) => Promise<unknown>): Promise<boolean> {
    if (this.#store === undefined) return false;
    try {
      await settled(work(this.#store), what);
      return true;
    } catch (error) {
      mustBeHashlogError(error, what);
      return false;
    }
  }

  /** A read that fails is done again: a failure that passes has no further consequence. */
  async #read(store: TextStore, key: string): Promise<string | undefined | typeof UNREADABLE> {
    for (const read of [() => store.getSync(key), () => settled(store.get(key), "a read"), () => store.getSync(key)]) {
      try {
        return await read();
      } catch (error) {
        mustBeHashlogError(error, "a read");
      }
    }
    return UNREADABLE;
  }

  async #readAll(store: TextStore): Promise<Contents | undefined> {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      try {
        return await settled(readState(store), "reading everything");
      } catch (error) {
        mustBeHashlogError(error, "reading everything");
      }
    }
    return undefined;
  }

  async #mustHaveClosedAll(when: string): Promise<void> {
    await quiet();
    if (this.#watched.openFiles !== 0) throw new Error(`${when} left ${this.#watched.openFiles} files open`);
    this.#watched = this.#boot();
  }

  #boot(): WatchedFileSystem {
    const fileSystem: FileSystem = this.disk.boot();
    return new WatchedFileSystem(fileSystem);
  }
}

const UNREADABLE = Symbol("a read that fails whenever it is tried");

/** All keys that the programs use. */
export const KEYS: readonly string[] = ["a", "b", "c", "d", "e", "f"];

/** Whatever goes wrong with a file system, users see it as one class of errors. */
export function mustBeHashlogError(error: unknown, what: string): asserts error is HashlogError {
  if (HashlogError.is(error) && CODES.includes(error.code)) return;
  throw new Error(`${what} failed with what is no fitting HashlogError`, { cause: error });
}

const CODES: readonly string[] = ["HASHLOG_IO", "HASHLOG_NO_SPACE", "HASHLOG_WRITES_DISABLED", "HASHLOG_CORRUPT"];
