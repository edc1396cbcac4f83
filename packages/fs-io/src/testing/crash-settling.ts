import { FATE_KINDS, INTACT, LOST, type Fates } from "./crash-fates.ts";
import { damagesOf, type ProfileRules } from "./crash-profiles.ts";
import type { PendingUnit } from "./crash-units.ts";

/**
 * Reads fates by the rules of a profile: what really becomes of each unit, whatever the numbers say.
 *
 * Images are derived by the million, and this is the part of it that every unit goes through each time; so what the
 * rules say of a unit is looked up once, for all fates, and is plain numbers.
 */
export class FateReader {
  readonly #units: readonly UnitRules[];
  readonly #queues: number;

  constructor(units: readonly PendingUnit[], rules: ProfileRules) {
    const queues = new Map<number, number>();
    this.#units = units.map((unit) => rulesOfUnit(unit, rules, queues));
    this.#queues = queues.size;
  }

  /** A legal fate for every unit, in their order: a durable one is intact; where order is kept, all behind a cut is lost. */
  settle(fates: Fates): number[] {
    const isCut = new Uint8Array(this.#queues);
    const settled: number[] = [];
    for (const unit of this.#units) {
      let outcome = outcomeOf(unit, fates[unit.fateIndex] ?? 0);
      if (unit.queue !== NO_QUEUE) {
        if (isCut[unit.queue] === 1) outcome = LOST;
        else if (outcome !== INTACT) isCut[unit.queue] = 1;
      }
      settled.push(outcome);
    }
    return settled;
  }

  /** What becomes of one unit by that number, as far as it depends on nothing but the number. */
  outcome(index: number, fate: number): number {
    return outcomeOf(this.#units[index], fate);
  }
}

const NO_QUEUE = -1;

interface UnitRules {
  readonly fateIndex: number;
  /** Counted from 0. */
  readonly queue: number;
  /** What the number of `intact` makes of it, with any detail, and that of `lost`. */
  readonly ifIntact: number;
  readonly ifLost: number;
  /** The kinds that it can have beside these two, a bit for each. */
  readonly kinds: number;
}

function outcomeOf(unit: UnitRules, fate: number): number {
  const kind = fate % FATE_KINDS.length;
  if (kind === INTACT) return unit.ifIntact;
  if (kind === LOST) return unit.ifLost;
  return (unit.kinds >>> kind) & 1 ? fate : LOST;
}

function rulesOfUnit(unit: PendingUnit, rules: ProfileRules, queues: Map<number, number>): UnitRules {
  const { fateIndex } = unit;
  const whole = rules.kinds.includes("intact") ? INTACT : LOST;
  const kinds = damagesOf(unit, rules).reduce((bits, kind) => bits | (1 << FATE_KINDS.indexOf(kind)), 0);
  switch (unit.standing) {
    case "durable":
      return { fateIndex, queue: NO_QUEUE, ifIntact: INTACT, ifLost: INTACT, kinds: 0 };
    case "cache-only": {
      // Its sync failed: it is gone, unless the fates say that it had been written all the same.
      const isWritten = rules.failedSyncMayWrite;
      return {
        fateIndex,
        queue: NO_QUEUE,
        ifIntact: LOST,
        ifLost: isWritten ? INTACT : LOST,
        kinds: isWritten ? kinds : 0,
      };
    }
    case "pending": {
      const queue = numberOf(rules.queueOf(unit), queues);
      return { fateIndex, queue, ifIntact: whole, ifLost: LOST, kinds };
    }
  }
}

function numberOf(queue: number | undefined, queues: Map<number, number>): number {
  if (queue === undefined) return NO_QUEUE;
  const number = queues.get(queue) ?? queues.size;
  queues.set(queue, number);
  return number;
}
