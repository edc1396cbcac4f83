import { HashlogError } from "@hashlog/engine";
import { errorAtomicity, mustBeOneOf } from "../properties/p15-error-atomicity.ts";
import { violated } from "../properties/property.ts";

/**
 * What a store has promised, and what it therefore has to show: the oracle of the fault tests.
 *
 * - What was acknowledged is there, in process and after a kill; after a power cut at least what was acknowledged as
 *   durable, and a prefix of the rest.
 * - What was refused was never visible. After a crash or a reopening it may be there, as long as nothing was acknowledged
 *   since; of those that one failure refused, a prefix.
 */
export class Ledger {
  #units: LedgerUnit[] = [];
  /** Called whenever something has changed. */
  onChange: () => void = () => undefined;
  /** What time it is, for what expires. */
  now: () => number = () => 0;

  /** One write, or one batch. Resolves when the promise has settled, to whether something was acknowledged that is there. */
  async write(changes: Changes, durably: boolean, write: () => Promise<unknown>): Promise<boolean> {
    const unit: LedgerUnit = { changes, status: "waiting", isDurable: false, reason: undefined };
    this.#units.push(unit);
    this.onChange();
    const durable = this.barrier();
    try {
      const answer = await write();
      unit.status = "acknowledged";
      unit.isDurable = durably;
      // A delete that found nothing may have left nothing in the log: what its answer rests on is as durable as was asked.
      if (answer === false && durably) durable();
      return answer !== false;
    } catch (error) {
      if (!HashlogError.is(error)) throw error;
      unit.status = "refused";
      unit.reason = error;
      return false;
    } finally {
      this.onChange();
    }
  }

  /** What was acknowledged by now will be durable when the returned function is called. */
  barrier(): () => void {
    const acknowledged = this.#acknowledged();
    return () => {
      for (const unit of acknowledged) unit.isDurable = true;
      this.onChange();
    };
  }

  /** Why the last write that was refused was, if one was. */
  get lastRefusal(): unknown {
    return this.#units.findLast(({ status }) => status === "refused")?.reason;
  }

  /** How many of the acknowledged writes, oldest first, are durable for certain. */
  get durableCount(): number {
    return this.#acknowledged().findLastIndex(({ isDurable }) => isDurable) + 1;
  }

  /** Whether the last acknowledged write of the key is durable for certain. */
  isDurable(key: string): boolean {
    const writes = this.#acknowledged();
    const last = writes.findLastIndex(({ changes }) => changes.some(([changed]) => changed === key));
    return last < this.durableCount;
  }

  /** What an open store shows. */
  get visible(): Contents {
    return this.#contentsOf(this.#acknowledged());
  }

  /** What may be there when the process was killed, or has closed the store. */
  get afterKill(): readonly Contents[] {
    return this.#withRefused().map((units) => this.#contentsOf(units));
  }

  /** What may be there when the power was cut. */
  get afterPowerCut(): readonly Contents[] {
    return this.prefixesFrom(this.durableCount);
  }

  /** What may be there when of the acknowledged writes only the first so many are certain. */
  prefixesFrom(count: number): readonly Contents[] {
    return [...this.#prefixes(count), ...this.#withRefused()].map((units) => this.#contentsOf(units));
  }

  /** The store was opened again and shows this. `durably`: it promises to show it for ever. */
  recovered(shown: Contents, durably: boolean): void {
    const candidates = [...this.#withRefused(), ...this.#prefixes(this.durableCount).reverse()];
    const found = candidates.find((units) => describe(this.#contentsOf(units)) === describe(shown));
    if (found === undefined) {
      violated(errorAtomicity, `${describe(shown)} is not what ${describe(this.visible)} may become`);
    }
    this.#units = found.map((unit) => ({ ...unit, status: "acknowledged", isDurable: unit.isDurable || durably }));
    this.onChange();
  }

  /** As it is now, for one of several ways on. */
  copy(): Ledger {
    const copy = new Ledger();
    copy.#units = this.#units.map((unit) => ({ ...unit }));
    copy.now = this.now;
    return copy;
  }

  /** The same for two ledgers only if the same may be there under both. */
  get key(): string {
    return `${this.afterKill.map(describe).join()} ${this.afterPowerCut.map(describe).join()}`;
  }

  #acknowledged(): LedgerUnit[] {
    return this.#units.filter(({ status }) => status === "acknowledged");
  }

  #prefixes(least: number): LedgerUnit[][] {
    const acknowledged = this.#acknowledged();
    return acknowledged.map((_, index) => acknowledged.slice(0, index)).slice(least);
  }

  #withRefused(): LedgerUnit[][] {
    const acknowledged = this.#acknowledged();
    const last = this.#units.findLastIndex(({ status }) => status === "acknowledged");
    const since = this.#units.slice(last + 1);
    const reasons = new Set(since.map(({ reason }) => reason));
    const refused = [...reasons].flatMap((reason) => {
      const together = since.filter((unit) => unit.reason === reason);
      return together.map((_, index) => [...acknowledged, ...together.slice(0, index + 1)]);
    });
    return [acknowledged, ...refused];
  }

  #contentsOf(units: readonly LedgerUnit[]): Contents {
    const contents = new Map<string, string>();
    const now = this.now();
    for (const [key, value, expiresAtMs = Infinity] of units.flatMap(({ changes }) => changes)) {
      if (value === undefined || expiresAtMs <= now) contents.delete(key);
      else contents.set(key, value);
    }
    return contents;
  }
}

/** Key, value (`undefined`: a delete), and when it expires, if it does. */
export type Changes = readonly (readonly [string, string | undefined, (number | undefined)?])[];
export type Contents = ReadonlyMap<string, string>;

interface LedgerUnit {
  readonly changes: Changes;
  status: "waiting" | "acknowledged" | "refused";
  isDurable: boolean;
  reason: unknown;
}

/** In a line, in their order. */
export function describeChanges(changes: Changes): string {
  return changes.map(([key, value]) => (value === undefined ? `${key} deleted` : describeEntry(key, value))).join(", ");
}

/** In a line, the same for the same contents. */
export function describe(contents: Contents): string {
  const lines = [...contents].map(([key, value]) => describeEntry(key, value));
  return `{${lines.sort((left, right) => (left < right ? -1 : 1)).join(" ")}}`;
}

function describeEntry(key: string, value: string): string {
  return `${key}=${value.slice(0, value.indexOf("."))}*${value.length}`;
}

/** @throws PropertyViolation unless the contents are one of those */
export function mustShowOneOf(shown: Contents, allowed: readonly Contents[], when: string): void {
  mustBeOneOf(describe(shown), allowed.map(describe), when);
}
