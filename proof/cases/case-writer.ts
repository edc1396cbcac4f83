import type { History } from "../oracle/history.ts";
import { contentsAfter, type Change, type ReadingTime, type Unit } from "../oracle/model.ts";
import { mustBeDurable } from "../properties/p03-ack-honesty.ts";
import { mustAnswerTruly } from "../properties/p04-read-your-writes.ts";
import type { TextStore } from "../world/text-store.ts";
import { keyOf, type CrashCase, type CrashOperation } from "./case.ts";

type Write = Extract<
  CrashOperation,
  readonly ["put" | "put-synced" | "put-expiring" | "delete" | "batch", ...unknown[]]
>;

/** What the writer needs of the run around it. */
interface Surroundings {
  readonly store: () => TextStore;
  readonly time: () => ReadingTime;
  /** Somebody waits for this later. */
  readonly wait: (promise: Promise<unknown>) => void;
  readonly tell: (what: string) => void;
}

/** Writes into the store without waiting, enters each write in the history, and judges its acknowledgement. */
export class CaseWriter {
  readonly #history: History;
  readonly #case: CrashCase;
  readonly #around: Surroundings;
  #valuesMade = 0;

  constructor(history: History, given: CrashCase, around: Surroundings) {
    this.#history = history;
    this.#case = given;
    this.#around = around;
  }

  write(operation: Write): void {
    switch (operation[0]) {
      case "put":
      case "put-synced":
        return this.#put(operation[1], operation[2], 0, operation[0] === "put-synced");
      case "put-expiring":
        return this.#put(operation[1], operation[2], this.#around.time().nowMs + operation[3], false);
      case "delete":
        return this.#delete(keyOf(operation[1]));
      case "batch":
        return this.#batch(operation[1]);
    }
  }

  #put(key: number, length: number, expiresAtMs: number, sync: boolean): void {
    const change = { key: keyOf(key), value: this.#value(length), expiresAtMs };
    const options = expiresAtMs === 0 ? { sync } : { sync, expiresAtMs };
    this.#submit([change], sync, () => this.#around.store().put(change.key, change.value, options));
  }

  #delete(key: string): void {
    const change = { key, value: undefined, expiresAtMs: 0 };
    const { index, promise } = this.#submit([change], false, () => this.#around.store().delete(key));
    const before = contentsAfter(this.#history.units, index);
    this.#around.wait(promise.then((existed) => mustAnswerTruly(existed as boolean, key, before, this.#around.time())));
  }

  #batch(entries: readonly (readonly [number, number])[]): void {
    const changes = entries.map(([key, length]) => ({
      key: keyOf(key),
      value: length < 0 ? undefined : this.#value(length),
      expiresAtMs: 0,
    }));
    const operations = changes.map(({ key, value }) =>
      value === undefined ? ({ type: "delete", key } as const) : ({ type: "put", key, value } as const),
    );
    this.#submit(changes, false, () => this.#around.store().batch(operations));
  }

  #submit(
    changes: readonly Change[],
    sync: boolean,
    write: () => Promise<unknown>,
  ): { readonly index: number; readonly promise: Promise<unknown> } {
    const store = this.#around.store();
    const before = store.stats().pendingWrites;
    const promise = write();
    const recorded = store.stats().pendingWrites > before;
    const unit: Unit = { changes, recorded, status: "waiting", acknowledgedAtMs: 0 };
    const { units } = this.#history;
    units.push(unit);
    const durably = recorded && (sync || this.#case.sync === "always");
    this.#around.wait(promise.then(() => this.#acknowledged(unit, units, durably)));
    return { index: units.length - 1, promise };
  }

  #acknowledged(unit: Unit, units: readonly Unit[], durably: boolean): void {
    unit.status = "acknowledged";
    unit.acknowledgedAtMs = this.#around.time().nowMs;
    const index = units.indexOf(unit);
    this.#history.note();
    this.#around.tell(`  write ${index + 1} is acknowledged${durably ? " as durable" : ""}`);
    if (durably && this.#history.units === units) mustBeDurable(this.#history, index);
  }

  // No two writes have the same value, so a state says which writes it is made of.
  #value(length: number): string {
    this.#valuesMade += 1;
    return `${this.#valuesMade}.`.padEnd(length, "x");
  }
}
