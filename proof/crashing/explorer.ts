import {
  crashPointAt,
  imageHash,
  SimulatedDisk,
  type CrashPoint,
  type DiskImage,
  type Fates,
  type ImageHash,
  type Profile,
} from "@hashlog/fs-io/testing";
import type { Crash, CrashCase } from "../cases/case.ts";
import { traitsOf, type RunCase } from "../cases/run-case.ts";
import type { ReadingTime } from "../oracle/model.ts";
import type { Obligation } from "../oracle/obligation.ts";
import { quiet } from "../world/quiet.ts";
import { accusing } from "./counterexample.ts";
import { hashText } from "../world/hash-text.ts";
import { LifeHashes } from "./life-hashes.ts";
import { interestingSteps } from "./interesting-steps.ts";
import {
  demandedAt,
  mustBeRecovered,
  nextChain,
  obligationsOf,
  outlive,
  recoverFrom,
  type CrashChain,
} from "./judge-case.ts";
import { readCrashed } from "./recover.ts";
import type { ExploredPoint, SeenImages } from "./seen-images.ts";
import { stillToLose } from "./still-to-lose.ts";

/** One crash of a point. */
export interface PlannedCrash {
  readonly profile: Profile;
  readonly fates: Fates;
  /** See `Crash.laterMs`. */
  readonly laterMs?: number;
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
  /** Of how many images, by their hashes, one is read by somebody who only reads, before a writer opens it. Default: 5. */
  readonly readsOneOf?: number;
  /**
   * A name for plans that choose the same crashes whenever they are asked of the same disk: a point that one case has in
   * common with another is gone through once then, as programs that begin alike take the same steps. Default: none.
   */
  readonly name?: string;
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
    await this.#explore({ disk, begun: 0, ...obligationsOf(history), given, crashes: [], depth: 0 });
  }

  async #explore(chain: CrashChain): Promise<void> {
    const all = interestingSteps(chain.disk, chain.begun);
    const steps = this.#plan.steps?.(all, chain.depth) ?? all;
    // The last point, if all of its crashes were gone through: what is asked of them need not be asked again.
    let previous: { readonly ordinal: number; readonly obligation: Obligation } | undefined;
    const lives = chain.depth === 0 && this.#plan.name !== undefined ? new LifeHashes(chain.disk.recording) : undefined;
    for (const ordinal of steps) {
      const obligation = chain.obligationAt(ordinal);
      const newFrom = previous?.obligation.implies(obligation) === true ? previous.ordinal : undefined;
      const demands = lives && [this.#demandOf(chain, ordinal, "free"), this.#demandOf(chain, ordinal, "kill")];
      const life = lives && `${lives.upTo(ordinal)} ${demands?.join(" ")} ${newFrom} ${this.#plan.name}`;
      const { isComplete } = await this.#seen.goThrough(life, () => this.#explorePoint(chain, ordinal, newFrom));
      previous = isComplete ? { ordinal, obligation } : undefined;
    }
  }

  async #explorePoint(chain: CrashChain, ordinal: number, newFrom: number | undefined): Promise<ExploredPoint> {
    const point = crashPointAt(chain.disk, ordinal);
    const { crashes, isComplete } = this.#plan.crashesAt(point, { depth: chain.depth, newFrom });
    return { isComplete, crashes: await this.#tryAll(chain, point, crashes) };
  }

  /**
   * Judges these crashes, as far as what they leave was not judged before: most leave what others have left. Resolves to
   * how many they were.
   */
  async #tryAll(chain: CrashChain, point: CrashPoint, crashes: Iterable<PlannedCrash>): Promise<number> {
    const demand = this.#demandOf(chain, point.ordinal, "free");
    let count = 0;
    for (const planned of crashes) {
      count += 1;
      this.#seen.crashes += 1;
      const { fates, profile } = planned;
      const hash = point.imageHash(fates, profile);
      const asked =
        profile === "kill" ? this.#demandOf(chain, point.ordinal, profile) ^ hashText(stillToLose(point)) : demand;
      if (this.#seen.isNew(hash, asked ^ hashOfDelay(planned))) await this.#crash(chain, point, planned, hash);
    }
    return count;
  }

  async #crash(chain: CrashChain, point: CrashPoint, planned: PlannedCrash, hash: ImageHash): Promise<void> {
    const crash: Crash = { step: point.ordinal - chain.begun, ...planned };
    const crashes = [...chain.crashes, crash];
    const isLast = chain.depth + 1 >= this.#plan.depth;
    await accusing(chain.given, crashes, () => {
      if (!isLast || (chain.given.aftermath ?? "nothing") !== "nothing") {
        return this.#judge({ ...chain, crashes }, point, crash, { isLast, readsFirst: this.#readsFirst(hash) });
      }
      return crash.profile === "kill"
        ? this.#judgeKill({ ...chain, crashes }, point, crash, hash)
        : this.#judgeImage(chain, point, crash, hash);
    });
  }

  /**
   * P1, and nothing else: what an image shows is read once, whatever is asked of it, and under whichever policy: what an
   * opening shows does not depend on the policy, and where crashes are chained it is opened under each.
   */
  async #judgeImage(chain: CrashChain, point: CrashPoint, crash: Crash, hash: ImageHash): Promise<void> {
    const { fates, profile, laterMs } = crash;
    const obligation = chain.obligationAt(point.ordinal).later(laterMs);
    const image = (): DiskImage => point.image(fates, profile);
    mustBeRecovered(chain.depth, await this.#readOf(hash, image, chain, obligation), obligation);
  }

  /**
   * The same after a kill; then the machine that was not switched off loses power as soon as another process has shown its
   * state, and everything that is not durable with it.
   */
  async #judgeKill(chain: CrashChain, point: CrashPoint, crash: Crash, hash: ImageHash): Promise<void> {
    const { given, depth, crashes } = chain;
    const obligation = chain.obligationAt(point.ordinal).later(crash.laterMs);
    const way = `kill ${stillToLose(point)} ${given.sync} ${given.segments} ${wayOf(chain, obligation.time)}`;
    const { read, image, steps } = await this.#seen.shownBy(hash, way, async () => {
      const { disk, begun, read } = await recoverFrom(chain, point.ordinal, crash, {
        isAbandoned: true,
        readsFirst: this.#readsFirst(hash),
      });
      const steps = disk.position - begun;
      return { read, steps, image: disk.powerCut([], "drop-all") };
    });
    const counts = mustBeRecovered(depth, read, demandedAt(chain, point.ordinal, "kill"), obligation.time);
    const narrowed = obligation.narrowed(counts, obligation.time);
    const next = { ...chain, depth: depth + 1 };
    const left = imageHash(image);
    this.#seen.crashes += 1;
    this.#seen.note(left);
    const last: Crash = { step: steps, profile: "drop-all", fates: [] };
    await accusing(given, [...crashes, last], async () => {
      mustBeRecovered(next.depth, await this.#readOf(left, () => image, next, narrowed), narrowed);
    });
  }

  #readOf(
    hash: ImageHash,
    image: () => DiskImage,
    chain: CrashChain,
    { time }: Obligation,
  ): Promise<ReadonlyMap<string, string>> {
    const { given, depth } = chain;
    return this.#seen.shownBy(hash, wayOf(chain, time), () =>
      readCrashed(new SimulatedDisk({ image: image(), ...traitsOf(given), keepsTrace: false }), given, time, {
        depth,
        readsFirst: this.#readsFirst(hash),
      }),
    );
  }

  // Always the same ones, in whatever case they come.
  #readsFirst({ low }: ImageHash): boolean {
    return low % (this.#plan.readsOneOf ?? READS_ONE_OF) === 0;
  }

  /** All that the case asks of a recovered store; or further crashes, of the recovery. */
  async #judge(
    chain: CrashChain,
    point: CrashPoint,
    crash: Crash,
    { isLast, readsFirst }: { readonly isLast: boolean; readonly readsFirst: boolean },
  ): Promise<void> {
    const recovered = await recoverFrom(chain, point.ordinal, crash, { readsFirst });
    const next = { ...nextChain(recovered, chain, []), crashes: chain.crashes };
    if (!isLast) {
      await quiet();
      await this.#explore(next);
    } else if (crash.profile === "kill") {
      const end = crashPointAt(recovered.disk, recovered.disk.position);
      await this.#tryAll(next, end, [{ profile: "drop-all", fates: [] }]);
    }
    await outlive(recovered, chain);
  }

  /**
   * Stands for how an image of that chain is opened, what is asked of it then, and what is done with it afterwards: how
   * many crashes follow at most, and the aftermath.
   */
  #demandOf(chain: CrashChain, ordinal: number, profile: Profile): number {
    const { given, depth } = chain;
    const { sync, segments, keydir, limits, disk, broken, aftermath = "nothing" } = given;
    // After a kill the last of the states are left that a power cut might leave: so many of them.
    const kept = profile === "kill" ? demandedAt(chain, ordinal, profile).counts.length : "";
    const shape = `${sync} ${segments} ${keydir} ${limits} ${disk} ${broken}`;
    const way = `${shape} ${depth} ${kept} ${this.#plan.depth} ${aftermath}`;
    return hashText(way) ^ chain.obligationAt(ordinal).hash;
  }
}

/** To have each read by somebody who only reads costs half as much again. */
const READS_ONE_OF = 5;

/** Of how an image is opened, what decides what that shows. */
function wayOf({ given: { keydir, limits, disk, broken } }: CrashChain, { nowMs }: ReadingTime): string {
  return `${keydir} ${limits} ${disk} ${broken} ${nowMs}`;
}

/** Nothing where the clock goes on as it should. */
function hashOfDelay({ laterMs = 0 }: PlannedCrash): number {
  return laterMs === 0 ? 0 : hashText(String(laterMs));
}
