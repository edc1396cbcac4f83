import {
  crashPointAt,
  hashImage,
  SimulatedDisk,
  type CrashPoint,
  type DiskImage,
  type Fates,
  type Profile,
} from "@hashlog/fs-io/testing";
import type { Crash, CrashCase } from "../cases/case.ts";
import { traitsOf, type RunCase } from "../cases/run-case.ts";
import type { Obligation } from "../oracle/obligation.ts";
import { quiet } from "../world/quiet.ts";
import { accusing } from "./counterexample.ts";
import { interestingSteps } from "./interesting-steps.ts";
import { judgeCrashes, mustBeRecovered, nextChain, outlive, recoverFrom, type CrashChain } from "./judge-case.ts";
import { readCrashed } from "./recover.ts";
import type { ImageState, SeenImages } from "./seen-images.ts";

/** One crash of a point. */
export interface PlannedCrash {
  readonly profile: Profile;
  readonly fates: Fates;
}

/** What a plan is told of a point. */
export interface PointPlan {
  /** How many crashes came before. */
  readonly depth: number;
  /** See `ExplorationPlan.crashesAt`. */
  readonly newFrom: number | undefined;
}

/** The crashes of one point, and whether all that there are. */
export interface PlannedCrashes {
  readonly crashes: Iterable<PlannedCrash>;
  readonly isComplete: boolean;
}

/** Which crashes of a run to judge. */
export interface ExplorationPlan {
  /**
   * The crashes to try at one point. With `newFrom`, those that lose all that was issued from that step on may be left
   * out: an earlier point had them, and no less was asked of it.
   */
  readonly crashesAt: (point: CrashPoint, how: PointPlan) => PlannedCrashes;
  /** At which of the steps. Default: at every one. */
  readonly steps?: (steps: readonly number[], depth: number) => readonly number[];
  /** How many crashes come one after the other, at most. */
  readonly depth: number;
}

/** Goes through crashes of a run that went well, and judges what they leave. */
export class Explorer {
  readonly #seen: SeenImages;
  readonly #plan: ExplorationPlan;

  constructor(seen: SeenImages, plan: ExplorationPlan) {
    this.#seen = seen;
    this.#plan = plan;
  }

  /** @throws Counterexample */
  async explore(given: CrashCase, { disk, history }: RunCase): Promise<void> {
    const obligationAt = (ordinal: number): Obligation => history.obligation(ordinal);
    await this.#explore({ disk, begun: 0, obligationAt, given, crashes: [], depth: 0 });
  }

  async #explore(chain: CrashChain): Promise<void> {
    const all = interestingSteps(chain.disk, chain.begun);
    const steps = this.#plan.steps?.(all, chain.depth) ?? all;
    // The last point, if all of its crashes were gone through: what is asked of them need not be asked again.
    let previous: { readonly ordinal: number; readonly obligation: Obligation } | undefined;
    for (const ordinal of steps) {
      const point = crashPointAt(chain.disk, ordinal);
      const obligation = chain.obligationAt(ordinal);
      const newFrom = previous?.obligation.implies(obligation) === true ? previous.ordinal : undefined;
      const { crashes, isComplete } = this.#plan.crashesAt(point, { depth: chain.depth, newFrom });
      previous = isComplete ? { ordinal, obligation } : undefined;
      for (const planned of crashes) {
        this.#seen.crashes += 1;
        await this.#crash(chain, point, obligation, planned);
      }
    }
  }

  async #crash(chain: CrashChain, point: CrashPoint, obligation: Obligation, planned: PlannedCrash): Promise<void> {
    const crash: Crash = { step: point.ordinal - chain.begun, ...planned };
    const crashes = [...chain.crashes, crash];
    const image = point.image(crash.fates, crash.profile);
    const { sync, segments, keydir, disk } = chain.given;
    const shape = `${sync} ${segments} ${chain.depth}`;
    // A machine on which only the process died is another than one that lost power: it still has things to lose.
    const durable = crash.profile === "kill" ? hashImage(point.image([], "drop-all")) : "";
    const state = { image: hashImage(image), standing: `${keydir} ${disk} ${durable}` };
    if (!this.#seen.isNew(state, `${shape} ${obligation.key}`)) return;
    await accusing(chain.given, crashes, () => {
      const isLeaf = chain.depth + 1 >= this.#plan.depth && (chain.given.aftermath ?? "nothing") === "nothing";
      if (isLeaf && crash.profile !== "kill") return this.#judgeImage(chain, obligation, image, state);
      return this.#judge({ ...chain, crashes }, point.ordinal, crash);
    });
  }

  /**
   * P1, and nothing else: what an image shows is read once, whatever is asked of it, and under whichever policy: what an
   * opening shows does not depend on the policy, and where crashes are chained it is opened under each.
   */
  async #judgeImage(chain: CrashChain, obligation: Obligation, image: DiskImage, state: ImageState): Promise<void> {
    const read = await this.#seen.contentsOf(state, obligation.time.nowMs, () =>
      readCrashed(new SimulatedDisk({ image, ...traitsOf(chain.given) }), chain.given, obligation.time, chain.depth),
    );
    mustBeRecovered(chain.depth, read, obligation);
  }

  async #judge(chain: CrashChain, ordinal: number, crash: Crash): Promise<void> {
    const { crashes } = chain;
    const recovered = await recoverFrom(chain, ordinal, crash);
    const next = nextChain(recovered, chain, []);
    if (next.depth < this.#plan.depth) {
      await quiet();
      await this.#explore({ ...next, crashes });
    } else if (crash.profile === "kill") {
      // The machine that was not switched off loses power now, and everything that is not durable with it.
      const last: Crash = { step: recovered.disk.position - recovered.begun, profile: "drop-all", fates: [] };
      await accusing(chain.given, [...crashes, last], () => judgeCrashes({ ...next, crashes: [last] }));
      return;
    }
    await outlive(recovered, chain);
  }
}

/** As many of them, spread evenly, the first and the last among them. */
export function spread<T>(choices: readonly T[], count: number): readonly T[] {
  if (choices.length <= count) return choices;
  return Array.from(
    { length: count },
    (_, index) => choices[Math.floor((index * (choices.length - 1)) / Math.max(1, count - 1))]!,
  );
}
