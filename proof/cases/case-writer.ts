import type { ConditionalOperation, ConditionOptions, ImportReport, PutOptions, StoreStats } from "@hashlog/engine";
import { conditionOn, expectedVerdict, type KeyCondition } from "../oracle/conditions.ts";
import type { History } from "../oracle/history.ts";
import { contentsAfter, type Change, type ReadingTime, type Unit } from "../oracle/model.ts";
import { mustBeDurable } from "../properties/p03-ack-honesty.ts";
import { mustAnswerTruly, mustHaveDeleted } from "../properties/p04-read-your-writes.ts";
import { mustDecideAs } from "../properties/p21-sorted-map.ts";
import { mustHaveImported } from "../properties/p25-exports.ts";
import { linesOf } from "../exports/lines.ts";
import { limitsOf, type TextStore } from "../world/text-store.ts";
import { conditionKind, keyOf, KEYS, type CrashCase, type CrashOperation } from "./case.ts";

type Write = Extract<
  CrashOperation,
  | readonly ["put" | "put-synced" | "put-expiring" | "put-for" | "delete" | "delete-synced", ...unknown[]]
  | readonly ["batch" | "batch-synced" | "clear" | "clear-synced" | "clear-from", ...unknown[]]
  | readonly ["put-if" | "delete-if" | "batch-if" | "import", ...unknown[]]
>;

/** What the writer needs of the run around it. */
interface Surroundings {
  readonly store: () => TextStore;
  readonly time: () => ReadingTime;
  /** Somebody waits for this later. */
  readonly wait: (promise: Promise<unknown>) => void;
  /** The same of what a closing would end: somebody waits for it before. */
  readonly waitBeforeClosing: (promise: Promise<unknown>) => void;
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
        return this.#put(operation[1], operation[2], { sync: operation[0] === "put-synced" });
      case "put-expiring":
        return this.#put(operation[1], operation[2], { expiresAtMs: this.#around.time().nowMs + operation[3] });
      case "put-for":
        return this.#putFor(operation[1], operation[2], operation[3]);
      case "delete":
      case "delete-synced":
        return this.#delete(keyOf(operation[1]), operation[0] === "delete-synced");
      case "batch":
      case "batch-synced":
        return this.#batch(operation[1], operation[0] === "batch-synced");
      case "clear":
      case "clear-synced":
        return this.#clear(operation[0] === "clear-synced");
      case "clear-from":
        return this.#clear(false, keyOf(operation[1]));
      case "put-if":
        return this.#writeIf([[operation[1], operation[2], operation[3] % 3]], false);
      case "delete-if":
        return this.#writeIf([[operation[1], -1, operation[2] % 3]], false);
      case "batch-if":
        return this.#writeIf(operation[1], true);
      case "import":
        return this.#import(operation[1]);
    }
  }

  #put(key: number, length: number, options: PutOptions): void {
    const { sync = false, expiresAtMs = 0 } = options;
    this.#submitPut({ key: keyOf(key), value: this.#value(length), expiresAtMs }, sync, options);
  }

  #putFor(key: number, length: number, ttlMs: number): void {
    const { nowMs, latestMs } = this.#around.time();
    const expiresAtMs = nowMs + ttlMs;
    const options = ttlMs > 0 && nowMs === latestMs ? { ttlMs } : { expiresAtMs };
    this.#submitPut({ key: keyOf(key), value: this.#value(length), expiresAtMs }, false, options);
  }

  #submitPut(change: Change & { readonly value: string }, sync: boolean, options: PutOptions): void {
    this.#submit([change], sync, () => this.#around.store().put(change.key, change.value, options));
  }

  #delete(key: string, sync: boolean): void {
    const { units } = this.#history;
    const called = this.#around.time();
    const { unit, promise } = this.#submit([{ key, value: undefined, expiresAtMs: 0 }], sync, () =>
      this.#around.store().delete(key, { sync }),
    );
    const judge = (existed: unknown): void => {
      const before = contentsAfter(units, units.indexOf(unit));
      // Whether it has expired is answered as of some time between the call and now.
      const { nowMs, latestMs } = this.#around.time();
      mustAnswerTruly(existed as boolean, key, before, { nowMs: Math.min(called.nowMs, nowMs), latestMs });
    };
    this.#around.wait(promise.then(judge));
  }

  #batch(entries: readonly (readonly [number, number])[], sync: boolean): void {
    const changes = entries.map((entry) => this.#change(entry));
    const operations = changes.map(({ key, value }) =>
      value === undefined ? ({ type: "delete", key } as const) : ({ type: "put", key, value } as const),
    );
    this.#submit(changes, sync, () => this.#around.store().batch(operations, { sync }));
  }

  #change([key, length]: readonly [number, number, number?]): Change {
    return { key: keyOf(key), value: length < 0 ? undefined : this.#value(length), expiresAtMs: 0 };
  }

  /** A write on conditions: whether they hold is decided within the call, as the simulated disk reads synchronously. */
  #writeIf(entries: readonly (readonly [number, number, number])[], isBatch: boolean): void {
    const { isClearing, isImporting } = this.#history;
    if (isClearing) return this.#around.tell("  the store is being cleared: nobody knows what is there");
    if (isImporting) return this.#around.tell("  something is being imported: nobody knows what is there");
    const changes = entries.map((entry) => this.#change(entry));
    const conditions = entries.map(([key, , kind]) => conditionOn(keyOf(key), conditionKind(kind), this.#history));
    const given = conditions.filter((condition) => condition !== undefined);
    const expected = expectedVerdict(given, this.#history, this.#around.time());
    const restsOn = given.length === 1 ? this.#history.lastOf(given[0]!.key)?.unit : undefined;
    const operations = changes.map((change, index) => operationOf(change, conditions[index]));
    const store = this.#around.store();
    const [{ key }] = changes as [Change];
    const condition = conditionOptions(conditions[0]);
    const before = store.stats();
    const answer = isBatch
      ? store.batch(operations)
      : operations[0]!.type === "put"
        ? store.put(key, operations[0].value, condition)
        : store.delete(key, condition);
    const isRecorded = store.stats().pendingWrites > before.pendingWrites;
    // A delete of what is not there may be done without a trace.
    const isDone = isRecorded || (expected === "hold" && changes.every(({ value }) => value === undefined));
    if (expected !== "either") mustDecideAs(isDone, expected === "hold", conditions);
    this.#around.tell(`  the conditions ${isDone ? "hold" : "do not hold"}`);
    if (isRecorded) this.#enter({ changes, recorded: true }, before, { answer, durably: this.#case.sync === "always" });
    const { units } = this.#history;
    const judge = (answered: unknown): void => {
      if (expected !== "either") mustDecideAs(answered === true, isDone, conditions);
      if (isDone || restsOn === undefined || this.#case.sync !== "always" || this.#history.units !== units) return;
      // So is what the answer rests on.
      mustBeDurable(this.#history, units.indexOf(restsOn));
    };
    this.#around.wait(answer.then(judge));
  }

  #clear(sync: boolean, from?: string): void {
    if (this.#history.isClearing) return this.#around.tell("  the store is being cleared already");
    const store = this.#around.store();
    const { units } = this.#history;
    const last = units.at(-1);
    const isInRange = (key: string): boolean => from === undefined || key >= from;
    const seen = KEYS.filter((key) => store.has(key));
    const clearing = this.#history.beginClear(seen, isInRange);
    const judge = (): void => {
      // Of a process that has died since, nothing is asked any more.
      if (this.#history.units !== units) return;
      this.#history.endClear();
      this.#around.tell("  the store is cleared");
      mustHaveDeleted(clearing.missing);
      for (const unit of clearing.units) this.#acknowledge(unit);
      const durable = sync || this.#case.sync === "always" ? clearing.units : [];
      for (const unit of durable) mustBeDurable(this.#history, units.indexOf(unit));
      if (sync && last !== undefined) mustBeDurable(this.#history, units.indexOf(last));
    };
    this.#around.wait(store.clear(from === undefined ? { sync } : { sync, gte: from }).then(judge));
  }

  /** The entries come in commits of so many keys as the store's limits say, whenever it likes. */
  #import(entries: readonly (readonly [number, number])[]): void {
    if (this.#history.isImporting) return this.#around.tell("  something is being imported already");
    const store = this.#around.store();
    const { units } = this.#history;
    const changes = entries.map((entry) => this.#change(entry));
    const importing = this.#history.beginImport(chunksOf(changes, limitsOf(this.#case).clearKeysMax));
    const judge = ({ entries: written }: ImportReport): void => {
      // Of a process that has died since, nothing is asked any more.
      if (this.#history.units !== units) return;
      this.#history.endImport();
      this.#around.tell("  the import is done");
      mustHaveImported(written, changes.length, importing.missing);
      for (const unit of importing.units) this.#acknowledge(unit);
      for (const unit of importing.units) mustBeDurable(this.#history, units.indexOf(unit));
    };
    this.#around.waitBeforeClosing(store.importFrom(linesOf(changes)).then(judge));
  }

  #submit(
    changes: readonly Change[],
    sync: boolean,
    write: () => Promise<unknown>,
  ): { readonly unit: Unit; readonly promise: Promise<unknown> } {
    const store = this.#around.store();
    const before = store.stats();
    const promise = write();
    const recorded = store.stats().pendingWrites > before.pendingWrites;
    const durably = sync || this.#case.sync === "always";
    const unit = this.#enter({ changes, recorded }, before, { answer: promise, durably });
    return { unit, promise };
  }

  /** Enters what was written in the history, and waits for its acknowledgement. */
  #enter(
    written: Pick<Unit, "changes" | "recorded">,
    before: StoreStats,
    { answer, durably }: { readonly answer: Promise<unknown>; readonly durably: boolean },
  ): Unit {
    const unit: Unit = { ...written, status: "waiting", acknowledgedAtMs: 0 };
    this.#history.write(unit, before);
    const { units } = this.#history;
    this.#around.wait(answer.then(() => this.#acknowledged(unit, units, durably)));
    return unit;
  }

  #acknowledged(unit: Unit, units: readonly Unit[], durably: boolean): void {
    this.#acknowledge(unit);
    this.#history.note();
    const index = units.indexOf(unit);
    this.#around.tell(`  write ${index + 1} is acknowledged${durably ? " as durable" : ""}`);
    if (durably && this.#history.units === units) mustBeDurable(this.#history, index);
  }

  #acknowledge(unit: Unit): void {
    unit.status = "acknowledged";
    unit.acknowledgedAtMs = this.#around.time().nowMs;
  }

  // No two writes have the same value, so a state says which writes it is made of.
  #value(length: number): string {
    this.#valuesMade += 1;
    return `${this.#valuesMade}.`.padEnd(length, "x");
  }
}

function chunksOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}

function operationOf(
  { key, value }: Change,
  condition: KeyCondition | undefined,
): ConditionalOperation<string, string> {
  const options = conditionOptions(condition);
  return value === undefined ? { type: "delete", key, ...options } : { type: "put", key, value, ...options };
}

function conditionOptions(condition: KeyCondition | undefined): ConditionOptions {
  if (condition === undefined) return {};
  return condition.version === 0 ? { ifAbsent: true } : { ifVersion: condition.version };
}
