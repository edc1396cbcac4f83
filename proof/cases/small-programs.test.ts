import {
  crashPointAt,
  countFates,
  enumerateFates,
  hashImage,
  sampleFates,
  SeededRandom,
  SimulatedDisk,
} from "@hashlog/fs-io/testing";
import { expect, test } from "vitest";
import type { CrashCase, CrashOperation } from "./case.ts";
import { interestingSteps } from "./interesting-steps.ts";
import { countsThatFit, type Obligation } from "../oracle/history.ts";
import { contentsAfter, describeContents } from "../oracle/model.ts";
import { settled } from "../world/quiet.ts";
import { CRASH_PROFILES } from "./recovery.ts";
import { runCase } from "./run-case.ts";
import { runs, TEST_TIMEOUT_MS } from "../world/runs.ts";
import { openStore, readState } from "../world/text-store.ts";
import { VirtualClock } from "../world/virtual-clock.ts";

/**
 * All programs of up to two operations, and of three of a few kinds, each crashed after every one of its steps, in every way where the ways are few.
 * Chance has no part in it but where they are many.
 */
const ALPHABET: readonly CrashOperation[] = [
  ["put", 0, 0],
  ["put", 1, 480],
  ["put-synced", 0, 40],
  ["delete", 0],
  [
    "batch",
    [
      [0, 1],
      [1, 300],
    ],
  ],
  ["await"],
  ["sync"],
  ["checkpoint"],
  ["compact"],
  ["reopen", 0],
  ["kill", 0],
  ["power", 3],
];

const SMALL_ALPHABET: readonly CrashOperation[] = [
  ["put", 0, 480],
  ["delete", 0],
  ["await"],
  ["compact"],
  ["checkpoint"],
  ["kill", 0],
];

const PROGRAMS: readonly (readonly CrashOperation[])[] = [
  ...ALPHABET.map((operation) => [operation]),
  ...ALPHABET.flatMap((first) => ALPHABET.map((second) => [first, second])),
  ...SMALL_ALPHABET.flatMap((first) =>
    SMALL_ALPHABET.flatMap((second) => SMALL_ALPHABET.map((third) => [first, second, third])),
  ),
];

class Explorer {
  readonly #seen = new Set<string>();
  readonly #random = new SeededRandom(1);
  crashes = 0;
  images = 0;

  async explore(given: CrashCase): Promise<void> {
    const { disk, history } = await runCase(given);
    for (const ordinal of interestingSteps(disk))
      await this.#crashAt(disk, ordinal, history.obligation(ordinal), given);
  }

  async #crashAt(disk: SimulatedDisk, ordinal: number, obligation: Obligation, given: CrashCase): Promise<void> {
    const point = crashPointAt(disk, ordinal);
    for (const profile of CRASH_PROFILES) {
      const few = countFates(point, { profile }) <= FEW;
      const ways = few
        ? enumerateFates(point, { profile, limit: FEW })
        : Array.from({ length: runs(CHOSEN) }, () => sampleFates(point, this.#random, { profile }));
      for (const fates of ways) {
        this.crashes += 1;
        const image = point.image(fates, profile);
        const allowed = obligation.counts.map((count) => describeContents(contentsAfter(obligation.units, count)));
        const key = `${hashImage(image)} ${given.sync} ${allowed.join("|")}`;
        if (this.#seen.has(key)) continue;
        this.#seen.add(key);
        this.images += 1;
        await this.#check(new SimulatedDisk({ image }), obligation, given, `${ordinal} ${profile} ${fates.join()}`);
      }
    }
  }

  async #check(disk: SimulatedDisk, obligation: Obligation, given: CrashCase, crash: string): Promise<void> {
    const clock = new VirtualClock(obligation.time.nowMs);
    const store = await settled(openStore(disk.boot(), given, clock), "opening");
    const read = await readState(store);
    if (countsThatFit(obligation, read, obligation.time).length > 0) return;
    throw new Error(`${JSON.stringify(given.operations)} crashed at ${crash}: ${describeContents(read)}`);
  }
}

test.each(["always", "never"] as const)(
  'after every crash of every small program, with the sync policy "%s", the store holds a prefix',
  async (sync) => {
    const explorer = new Explorer();
    for (const operations of PROGRAMS) {
      const given = { sync, segments: 0, fresh: false, operations, schedule: [], seed: 1 };
      await explorer.explore(given).catch((error: unknown) => {
        throw new Error(JSON.stringify(operations), { cause: error });
      });
    }
    console.log(`${explorer.crashes} crashes of ${PROGRAMS.length} programs left ${explorer.images} different disks`);
    // So that it never becomes less without anybody noticing.
    expect(explorer.crashes).toBeGreaterThan(120_000);
    expect(explorer.images).toBeGreaterThan(5000);
  },
  TEST_TIMEOUT_MS,
);

// Up to how many ways to crash at one step, by one profile, are all gone through; and how many are chosen otherwise.
const FEW = 300;
const CHOSEN = 24;
