import { HashlogError, type BatchOperation, type WriteOptions } from "@hashlog/engine";
import type { SimulatedDisk, SimulatedFileSystem } from "@hashlog/fs-io/testing";
import {
  mayBeUnreadable,
  mustBeAcknowledged,
  mustBeTyped,
  mustGoOn,
  mustHaveClosedAll,
  mustHaveStopped,
} from "../properties/p15-error-atomicity.ts";
import { quiet, settled } from "../world/quiet.ts";
import { openStore, type StoreShape, type TextStore } from "../world/text-store.ts";
import { BEGINNING, VirtualClock } from "../world/virtual-clock.ts";
import { FailuresSeen } from "./failures-seen.ts";
import type { After, Moment, SessionOptions } from "./moment.ts";
import { KEYS, readEverything, readKey, readWhatCanBeRead, UNREADABLE } from "./reading.ts";
import { describe, describeChanges, Ledger, mustShowOneOf, type Changes } from "./ledger.ts";

/** Something a program does while calls of the file system fail. */
export type Program = (session: Session) => Promise<void>;

/**
 * A program's store on a disk whose calls may fail. Every method survives what the failures do, as a program would, and
 * checks what has to hold all the same (P15): only fitting HashlogErrors, every promise settles, what was acknowledged
 * stays readable, what was refused is not seen, no handle is left open.
 */
export class Session {
  readonly disk: SimulatedDisk;
  readonly ledger: Ledger;
  readonly clock: VirtualClock;
  readonly seen: FailuresSeen;
  /** From which call of the disk on, and up to which, the program does what it is about. */
  begun = 0;
  ended = Infinity;
  /** How many acknowledged writes were durable when a sync first lied. */
  durableBeforeLie = Infinity;
  readsMayFail: boolean;
  /** Is told what comes of what the program does, in words. */
  tell: ((what: string) => void) | undefined;
  readonly #shape: StoreShape;
  #after: After;
  #openings: number;
  #process: SimulatedFileSystem;
  #store: TextStore | undefined;
  #whyNot: unknown;

  constructor(disk: SimulatedDisk, shape: StoreShape, options: SessionOptions = {}) {
    const { ledger = new Ledger(), after = "kill", nowMs = BEGINNING, readsMayFail = false, openings = 0 } = options;
    this.disk = disk;
    this.ledger = ledger;
    this.clock = new VirtualClock(nowMs);
    ledger.now = () => this.clock.now();
    this.readsMayFail = readsMayFail;
    this.#shape = shape;
    this.#after = after;
    this.#openings = openings;
    this.seen = new FailuresSeen(disk);
    this.seen.onLie = () => {
      this.durableBeforeLie = Math.min(this.durableBeforeLie, ledger.durableCount);
      ledger.onChange();
    };
    this.seen.onRevert = () => ledger.onChange();
    this.#process = this.disk.boot();
  }

  /** What comes before is not what this program is about: no call of it is made to fail. */
  begin(): void {
    this.begun = this.disk.faultableCalls;
  }

  /** Nor is what comes from now on. */
  async end(): Promise<void> {
    await quiet();
    this.ended = this.disk.faultableCalls;
  }

  /** As it is now, on another disk, after a crash. */
  crashed(disk: SimulatedDisk, after: After): Session {
    return this.moment().crashed(disk, after);
  }

  /** What there is to know of it now, for judging a crash at this moment later. */
  moment(): Moment {
    const { disk, durableBeforeLie } = this;
    const options = { ledger: this.ledger.copy(), nowMs: this.clock.now(), openings: this.#openings + 1 };
    const wasReverted = this.seen.logWasReverted;
    return {
      ordinal: disk.position,
      wasLiedTo: this.wasLiedTo,
      crashed: (crashed, after) => {
        const ledger = options.ledger.copy();
        const later = new Session(crashed, this.#shape, {
          ...options,
          ledger,
          after: wasReverted ? "power cut" : after,
        });
        later.durableBeforeLie = durableBeforeLie;
        return later;
      },
    };
  }

  /** Time passes: whoever opens the store after a crash does not do so earlier. */
  tick(milliseconds: number): void {
    this.clock.tick(milliseconds);
    this.ledger.onChange();
  }

  get store(): TextStore | undefined {
    return this.#store;
  }

  /** A sync has lied on this disk, and from then on a power cut may take what was acknowledged as durable. */
  get wasLiedTo(): boolean {
    return this.durableBeforeLie !== Infinity;
  }

  /** The code of the error with which the last opening failed, if one has. */
  get reasonNotOpen(): string | undefined {
    return HashlogError.is(this.#whyNot) ? this.#whyNot.code : undefined;
  }

  /** Opens the store; where that fails, once more. */
  async open(): Promise<void> {
    await this.#tryToOpen();
    if (this.#store === undefined) await this.#tryToOpen();
  }

  /** Opens the store where nothing fails any more. */
  async mustOpen(): Promise<TextStore> {
    await this.#tryToOpen();
    return this.#store ?? mustGoOn("opening", this.#whyNot);
  }

  /** The power is cut, and takes all that it can. */
  cutPower(): void {
    this.disk.powerCut([], "drop-all");
    this.#store = undefined;
    this.#after = "power cut";
    this.#process = this.disk.boot();
  }

  async put(key: string, value: string, options: { sync?: boolean; expiresAtMs?: number } = {}): Promise<void> {
    await this.#write([[key, value, options.expiresAtMs]], options.sync, (store) => store.put(key, value, options));
  }

  async delete(key: string, options: WriteOptions = {}): Promise<void> {
    await this.#write([[key, undefined]], options.sync, (store) => store.delete(key, options));
  }

  async batch(changes: readonly (readonly [string, string | undefined])[], options: WriteOptions = {}): Promise<void> {
    const operations = changes.map(([key, value]): BatchOperation<string, string> =>
      value === undefined ? { type: "delete", key } : { type: "put", key, value },
    );
    await this.#write(changes, options.sync, (store) => store.batch(operations, options));
  }

  /** Deletes everything; of so few keys in one commit. Nothing else may be under way: it would come before it in the log. */
  async clear(options: WriteOptions = {}): Promise<void> {
    const changes = [...this.ledger.visible.keys()].map((key) => [key, undefined] as const);
    const clear = (store: TextStore): Promise<void> => store.clear(options);
    if (changes.length > 0) await this.#write(changes, options.sync, clear);
    else await this.#attempt("clearing", clear);
  }

  async sync(): Promise<void> {
    const durable = this.ledger.barrier();
    const hadFailed = this.seen.logHasFailed;
    if (!(await this.#attempt("a sync", (store) => store.sync()))) return;
    if (hadFailed) mustHaveStopped("a sync");
    durable();
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
      const value = await readKey(store, key, this.seen);
      if (value === UNREADABLE) mayBeUnreadable(key, this.readsMayFail || this.#mayBeGone(key));
      else mustBeAcknowledged(key, value, expected.get(key));
    }
    this.tell?.(`it shows ${describe(expected)}`);
  }

  /** Reads all entries in one go. */
  async iterate(): Promise<void> {
    if (this.#store === undefined) return;
    const shown = await readEverything(this.#store, this.seen);
    if (shown !== undefined) mustShowOneOf(shown, [this.ledger.visible], "iterated");
  }

  /**
   * Opens the store where a sync has lied, and reads each key: what can be read, or `undefined` where the opening says
   * that the store is damaged. A key of which that is said is not there.
   */
  async remains(): Promise<ReadonlyMap<string, string | undefined> | undefined> {
    this.seen.bytesWereMissing = true;
    const store = await this.#opened();
    if (store === undefined) return undefined;
    const remains = await readWhatCanBeRead(store, this.seen);
    await settled(store.close(), "closing").catch((error: unknown) => mustBeTyped(error, "closing", this.seen));
    await this.#mustHaveClosedAll("closing");
    return remains;
  }

  /** Opens the store if it can be opened. */
  async #tryToOpen(): Promise<void> {
    const store = await this.#opened();
    if (store === undefined) return;
    const shown = await readEverything(store, this.seen);
    if (shown === undefined) {
      // It cannot be told what it shows, and so not what it may show from now on: back to the beginning.
      await store.close().catch((error: unknown) => mustBeTyped(error, "closing", this.seen));
      return this.#mustHaveClosedAll("closing");
    }
    this.#store = store;
    const allowed = this.#after === "kill" ? this.ledger.afterKill : this.ledger.afterPowerCut;
    this.tell?.(
      `it is open, and shows ${describe(shown)}; after a ${this.#after} it may show ${allowed.map(describe).join(" or ")}`,
    );
    mustShowOneOf(shown, allowed, `opened after a ${this.#after}`);
    this.ledger.recovered(shown, store.stats().writes === "ready");
    this.#after = "kill";
    this.seen.logWasReverted = false;
  }

  async #write(
    changes: Changes,
    sync: boolean | undefined,
    write: (store: TextStore) => Promise<unknown>,
  ): Promise<void> {
    const store = this.#store;
    if (store === undefined) return;
    const durably = sync === true || this.#shape.sync === "always";
    const hadFailed = this.seen.logHasFailed;
    const acknowledged = (answer: unknown): unknown => {
      this.tell?.(`  acknowledged${durably ? " as durable" : ""}: ${describeChanges(changes)}`);
      return answer;
    };
    const refused = (error: unknown): never => {
      mustBeTyped(error, "a write", this.seen);
      this.tell?.(`  refused: ${describeChanges(changes)}; ${reasonOf(error)}`);
      throw error;
    };
    const written = this.ledger.write(changes, durably, () => write(store).then(acknowledged, refused));
    if ((await settled(written, "a write")) && hadFailed) mustHaveStopped("a write");
  }

  async #opened(): Promise<TextStore | undefined> {
    this.seen.reopened();
    this.#openings += 1;
    try {
      return await settled(openStore(this.#process, this.#shape, this.clock, this.#openings), "opening");
    } catch (error) {
      mustBeTyped(error, "opening", this.seen);
      this.tell?.(`  opening fails; ${reasonOf(error)}`);
      this.#whyNot = error;
      await this.#mustHaveClosedAll("an opening that failed");
      return undefined;
    }
  }

  async #attempt(what: string, work: (store: TextStore) => Promise<unknown>): Promise<boolean> {
    if (this.#store === undefined) return false;
    try {
      await settled(work(this.#store), what);
      return true;
    } catch (error) {
      mustBeTyped(error, what, this.seen);
      this.tell?.(`  ${what} fails; ${reasonOf(error)}`);
      return false;
    }
  }

  /** The log was reverted, and the key's value may have gone with what was not durable of it. */
  #mayBeGone(key: string): boolean {
    return this.seen.logWasReverted && !this.ledger.isDurable(key);
  }

  async #mustHaveClosedAll(when: string): Promise<void> {
    await quiet();
    mustHaveClosedAll(this.#process, when);
    if (this.seen.logWasReverted) this.#after = "power cut";
    this.#process = this.disk.boot();
  }
}

function reasonOf(error: unknown): string {
  return HashlogError.is(error) ? `${error.code}: ${error.message}` : String(error);
}
