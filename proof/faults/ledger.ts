import { HashlogError } from "@hashlog/engine";

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

  /** One write, or one batch. Resolves when the promise has settled. */
  async write(changes: Changes, durably: boolean, write: () => Promise<unknown>): Promise<void> {
    const unit: LedgerUnit = { changes, status: "waiting", isDurable: false, reason: undefined };
    this.#units.push(unit);
    this.onChange();
    try {
      const answer = await write();
      unit.status = "acknowledged";
      unit.isDurable = durably;
      // A delete that found nothing left nothing in the log.
      if (answer === false) this.#units = this.#units.filter((other) => other !== unit);
    } catch (error) {
      if (!HashlogError.is(error)) throw error;
      unit.status = "refused";
      unit.reason = error;
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

  get hasRefused(): boolean {
    return this.#units.some(({ status }) => status === "refused");
  }

  /** What an open store shows. */
  get visible(): Contents {
    return contentsOf(this.#acknowledged());
  }

  /** What may be there when the process was killed, or has closed the store. */
  get afterKill(): readonly Contents[] {
    return this.#withRefused().map(contentsOf);
  }

  /** What may be there when the power was cut. */
  get afterPowerCut(): readonly Contents[] {
    return [...this.#prefixes(), ...this.#withRefused()].map(contentsOf);
  }

  /** The store was opened again and shows this. `durably`: it promises to show it for ever. */
  recovered(shown: Contents, durably: boolean): void {
    const candidates = [...this.#withRefused(), ...this.#prefixes().reverse()];
    const found = candidates.find((units) => describe(contentsOf(units)) === describe(shown));
    if (found === undefined) throw new Error(`${describe(shown)} is not what ${describe(this.visible)} may become`);
    this.#units = found.map((unit) => ({ ...unit, status: "acknowledged", isDurable: unit.isDurable || durably }));
    this.onChange();
  }

  /** As it is now, for one of several ways on. */
  copy(): Ledger {
    const copy = new Ledger();
    copy.#units = this.#units.map((unit) => ({ ...unit }));
    return copy;
  }

  #acknowledged(): LedgerUnit[] {
    return this.#units.filter(({ status }) => status === "acknowledged");
  }

  #prefixes(): LedgerUnit[][] {
    const acknowledged = this.#acknowledged();
    const least = acknowledged.findLastIndex(({ isDurable }) => isDurable) + 1;
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
}

/** Key and value; `undefined`: a delete. */
export type Changes = readonly (readonly [string, string | undefined])[];
export type Contents = ReadonlyMap<string, string>;

interface LedgerUnit {
  readonly changes: Changes;
  status: "waiting" | "acknowledged" | "refused";
  isDurable: boolean;
  reason: unknown;
}

function contentsOf(units: readonly LedgerUnit[]): Contents {
  const contents = new Map<string, string>();
  for (const [key, value] of units.flatMap(({ changes }) => changes)) {
    if (value === undefined) contents.delete(key);
    else contents.set(key, value);
  }
  return contents;
}

/** In a line, the same for the same contents. */
export function describe(contents: Contents): string {
  const lines = [...contents].map(([key, value]) => `${key}=${value.slice(0, value.indexOf("."))}*${value.length}`);
  return `{${lines.sort((left, right) => (left < right ? -1 : 1)).join(" ")}}`;
}

/** Fails unless the contents are one of those. */
export function mustBeOneOf(shown: Contents, allowed: readonly Contents[], when: string): void {
  const texts = allowed.map(describe);
  if (!texts.includes(describe(shown))) {
    throw new Error(`${when} the store shows ${describe(shown)} instead of ${[...new Set(texts)].join(" or ")}`);
  }
}
