import { fate, sampleFates, SeededRandom, type CrashPoint, type Fates } from "@hashlog/fs-io/testing";
import type { Crash, CrashCase, CrashOperation } from "../cases/case.ts";
import { runCase } from "../cases/run-case.ts";
import { accusing, Counterexample } from "./counterexample.ts";
import { Explorer, type ExplorationPlan, type PlannedCrash } from "./explorer.ts";
import { SeenImages } from "./seen-images.ts";
import { judgeCase } from "./judge-case.ts";
import { shorten } from "./shorten.ts";
import { spread } from "./spread.ts";

/** How long to look for something smaller, at most. */
export interface ShrinkOptions {
  readonly milliseconds: number;
}

/**
 * Makes a counterexample small: as few operations as still break something, then the mildest crashes, then the plainest
 * store. Which property breaks may change on the way, as the smallest way to break one is often a way to break another.
 *
 * With other operations the steps are others too. So a smaller program is not held against the same crash: its crashes
 * are hunted for anew, one thing lost at a time. (Delta debugging, Zeller and Hildebrandt 2002, with a search in it.)
 */
export async function shrink(found: Counterexample, { milliseconds }: ShrinkOptions): Promise<Counterexample> {
  const shrinker = new Shrinker(found, Date.now() + milliseconds);
  await shrinker.dropOperations();
  await shrinker.simplifyOperations();
  await shrinker.simplifyStore();
  await shrinker.dropCrashes();
  await shrinker.soften();
  return shrinker.smallest;
}

class Shrinker {
  smallest: Counterexample;
  readonly #deadline: number;

  constructor(found: Counterexample, deadline: number) {
    this.smallest = found;
    this.#deadline = deadline;
  }

  async dropOperations(): Promise<void> {
    await shorten(this.#operations, (operations) => this.#tryOperations(operations));
  }

  /** Each number of each operation: 0, or else its half. */
  async simplifyOperations(): Promise<void> {
    for (let index = 0; index < this.#operations.length; index += 1) {
      for (const simpler of simplerThan(this.#operations[index]!)) {
        if (await this.#tryOperations(this.#operations.with(index, simpler))) break;
      }
    }
  }

  async simplifyStore(): Promise<void> {
    for (const simpler of [
      { schedule: [] },
      { keydir: "map" },
      { limits: "usual" },
      { fresh: false },
      { disk: "posix" },
      { aftermath: "nothing" },
      { segments: 0 },
      { sync: "always" },
    ] as const) {
      const given = { ...this.smallest.case, ...simpler };
      if (JSON.stringify(given) !== JSON.stringify(this.smallest.case)) await this.#hunt(given);
    }
  }

  /** Each crash but one, if it breaks without. */
  async dropCrashes(): Promise<void> {
    for (let index = this.#crashes.length - 1; index >= 0 && this.#crashes.length > 1; index -= 1) {
      const given = { ...this.smallest.case, crashes: this.#crashes.toSpliced(index, 1) };
      await this.#try(() => accusing(given, [], () => judgeCase(given)));
    }
  }

  /** Every crash: the clock goes on as it should; of every fate nothing happens, or else it is only lost. */
  async soften(): Promise<void> {
    for (let crash = 0; crash < this.#crashes.length; crash += 1) {
      const { laterMs, ...punctual } = this.#crashes[crash]!;
      if (laterMs !== undefined) await this.#tryCrash(crash, punctual);
      for (let unit = 0; unit < this.#crashes[crash]!.fates.length; unit += 1) await this.#softenUnit(crash, unit);
      const { fates } = this.#crashes[crash]!;
      await this.#tryFates(crash, fates.slice(0, fates.findLastIndex((one) => one !== 0) + 1));
    }
  }

  async #softenUnit(crash: number, unit: number): Promise<void> {
    for (const milder of [0, LOST]) {
      const { fates } = this.#crashes[crash]!;
      if (fates[unit]! > milder && (await this.#tryFates(crash, fates.with(unit, milder)))) return;
    }
  }

  get #operations(): readonly CrashOperation[] {
    return this.smallest.case.operations;
  }

  get #crashes(): readonly Crash[] {
    return this.smallest.case.crashes ?? [];
  }

  #tryFates(index: number, fates: Fates): Promise<boolean> {
    return this.#tryCrash(index, { ...this.#crashes[index]!, fates });
  }

  #tryCrash(index: number, crash: Crash): Promise<boolean> {
    const given = { ...this.smallest.case, crashes: this.#crashes.with(index, crash) };
    return this.#try(() => accusing(given, [], () => judgeCase(given)));
  }

  async #tryOperations(operations: readonly CrashOperation[]): Promise<boolean> {
    return this.#hunt({ ...this.smallest.case, operations });
  }

  /** Whether the case, with some crash, breaks something; then it is the smallest. */
  async #hunt(given: CrashCase): Promise<boolean> {
    const { crashes, ...rest } = given;
    const plain = withoutDefaults(rest);
    if (crashes !== undefined) {
      const same = { ...plain, crashes };
      if (await this.#try(() => accusing(same, [], () => judgeCase(same)))) return true;
    }
    // One crash first, then one after it. The hunt may append one of its own, and no case grows that way.
    const most = Math.max(1, crashes?.length ?? 0);
    const delays = (crashes ?? []).map(({ laterMs }) => laterMs);
    for (let depth = 1; depth <= most; depth += 1) {
      if (await this.#try(() => hunt(plain, depth, { delays }), depth === 1 ? Infinity : most)) return true;
    }
    return false;
  }

  async #try(work: () => Promise<void>, crashesMax: number = Infinity): Promise<boolean> {
    if (Date.now() > this.#deadline) return false;
    try {
      await work();
      return false;
    } catch (error) {
      if (!(error instanceof Counterexample)) throw error;
      if ((error.case.crashes?.length ?? 0) > crashesMax) return false;
      this.smallest = error;
      return true;
    }
  }
}

/** How to hunt. */
export interface HuntOptions {
  /** What was judged before. Default: nothing. */
  readonly seen?: SeenImages;
  /** `laterMs` of the first crash, of the second, and so on. Default: 0. */
  readonly delays?: readonly (number | undefined)[];
}

/**
 * Looks for a crash of that case that breaks something, one thing lost, or one thing kept, at a time.
 * @throws Counterexample
 */
export async function hunt(
  given: CrashCase,
  depth: number,
  { seen = new SeenImages(), delays = [] }: HuntOptions = {},
): Promise<void> {
  const run = await accusing(given, [], () => runCase(given));
  await new Explorer(seen, huntingPlan(depth, delays)).explore(given, run);
}

const LOST = fate("lost");

function huntingPlan(most: number, delays: readonly (number | undefined)[]): ExplorationPlan {
  return {
    depth: most,
    readsOneOf: 1,
    crashesAt: (point, { depth }) => ({ crashes: delayed(huntedAt(point, depth), delays[depth]), isComplete: false }),
    // In a recovery not every step, but always its beginning and its end.
    steps: (steps, depth) => (depth === 0 ? steps : spread(steps, 12)),
  };
}

function* delayed(crashes: Iterable<PlannedCrash>, laterMs: number = 0): Generator<PlannedCrash> {
  for (const crash of crashes) yield laterMs === 0 ? crash : { ...crash, laterMs };
}

function* huntedAt(point: CrashPoint, depth: number): Generator<PlannedCrash> {
  yield { profile: "kill", fates: [] };
  yield { profile: "drop-all", fates: [] };
  yield { profile: "free", fates: [] };
  const count = point.pendingCount;
  const units = spread(
    Array.from({ length: count }, (_, index) => index),
    depth === 0 ? 24 : 6,
  );
  const none: Fates = Array.from({ length: count }, () => 0);
  const all: Fates = none.map(() => LOST);
  for (const unit of units) {
    yield { profile: "free", fates: none.with(unit, LOST) };
    if (count > 1) yield { profile: "free", fates: all.with(unit, 0) };
  }
  const random = new SeededRandom(1);
  for (let chosen = 0; chosen < 4 && count > 0; chosen += 1)
    yield { profile: "free", fates: sampleFates(point, random) };
}

/** The entries without one of them, in every way; none where there is one alone. */
function withoutOne<T>(entries: readonly T[]): T[][] {
  return entries.length < 2 ? [] : entries.map((_, index) => entries.toSpliced(index, 1));
}

/** The same operation with one of its entries left out, or one of its numbers made smaller. */
function simplerThan(operation: CrashOperation): CrashOperation[] {
  switch (operation[0]) {
    case "batch":
    case "batch-synced":
    case "import": {
      const [name, entries] = operation;
      return withoutOne(entries).map((left) => [name, left]);
    }
    case "batch-if":
      return withoutOne(operation[1]).map((left) => ["batch-if", left]);
  }
  return operation.flatMap((part, index) => {
    if (typeof part !== "number" || part <= 0) return [];
    return [0, part >>> 1]
      .filter((less) => less < part)
      .map((less) => operation.map((old, at) => (at === index ? less : old)) as unknown as CrashOperation);
  });
}

/** Shorter to print. */
function withoutDefaults(given: Omit<CrashCase, "crashes">): Omit<CrashCase, "crashes"> {
  const { fresh, schedule, keydir, limits, aftermath, disk, ...rest } = given;
  return {
    ...rest,
    ...(fresh === true ? { fresh } : {}),
    ...(keydir === "real" ? { keydir } : {}),
    ...(limits === "small" ? { limits } : {}),
    ...(disk !== undefined && disk !== "posix" ? { disk } : {}),
    ...(schedule !== undefined && schedule.length > 0 ? { schedule } : {}),
    ...(aftermath !== undefined && aftermath !== "nothing" ? { aftermath } : {}),
  };
}
