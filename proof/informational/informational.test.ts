import { HashlogError } from "@hashlog/engine";
import {
  crashPointAt,
  INFORMATIONAL_PROFILES,
  sampleFates,
  SeededRandom,
  SimulatedDisk,
  type DiskImage,
  type Profile,
} from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { drawCase } from "../cases/draw-case.ts";
import { runCase } from "../cases/run-case.ts";
import { interestingSteps } from "../crashing/interesting-steps.ts";
import { spread } from "../crashing/spread.ts";
import { countsThatFit, type Obligation } from "../oracle/obligation.ts";
import { mustHaveBeenWritten } from "../properties/p05-no-phantom.ts";
import { emptyStore, openStore, readState } from "../world/text-store.ts";
import { settled } from "../world/quiet.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import { show } from "../world/writer.ts";

/**
 * Disks that break what every store has to assume of them. Nobody can keep all promises there, so what is asked is less:
 * that the store never shows a wrong value, and ends with an error of its own or not at all. How often it came back
 * whole, said that something is damaged, or came back shorter than it should, is printed, and not judged.
 */
interface Outcomes {
  right: number;
  told: number;
  shorter: number;
}

async function outcomeOf(image: DiskImage, obligation: Obligation): Promise<keyof Outcomes> {
  const clock = new VirtualClock(obligation.time.nowMs);
  let read: ReadonlyMap<string, string>;
  try {
    const disk = new SimulatedDisk({ image });
    const store = await settled(openStore(disk.boot(), { sync: "always", segments: 0 }, clock), "opening");
    read = await settled(readState(store), "reading");
  } catch (error) {
    if (HashlogError.is(error) && error.code === "HASHLOG_CORRUPT") return "told";
    throw error;
  }
  mustHaveBeenWritten(read, obligation.units);
  return countsThatFit(obligation, read, obligation.time).length > 0 ? "right" : "shorter";
}

async function crashByChance(profile: Profile, seed: number, outcomes: Outcomes): Promise<void> {
  const random = new SeededRandom(seed);
  const { disk, history } = await runCase(drawCase(random));
  const steps = interestingSteps(disk);
  for (let crash = 0; crash < 40; crash += 1) {
    const ordinal = steps[random.below(steps.length)]!;
    const point = crashPointAt(disk, ordinal);
    const fates = sampleFates(point, random, { profile });
    outcomes[await outcomeOf(point.image(fates, profile), history.obligation(ordinal))] += 1;
  }
}

describe("on a disk that breaks what is assumed of it, the store shows no wrong value", () => {
  test.each(INFORMATIONAL_PROFILES)("with the profile %s", async (profile) => {
    const outcomes: Outcomes = { right: 0, told: 0, shorter: 0 };
    for (let seed = 1; seed <= 40; seed += 1) await crashByChance(profile, seed, outcomes);
    console.log(`profile ${profile}: ${JSON.stringify(outcomes)}`);
    expect(outcomes.right).toBeGreaterThan(outcomes.shorter);
  });
});

test("on a disk that lies of its syncs, and loses the newest first, the store comes back to some prefix", async () => {
  let shorter = 0;
  for (let seed = 1; seed <= 12; seed += 1) {
    const random = new SeededRandom(seed);
    const disk = new SimulatedDisk({ image: await emptyStore(), lyingSyncs: true });
    const store = await settled(openStore(disk.boot(), { sync: "always", segments: 0 }), "opening");
    const written: (readonly [key: string, value: string])[] = [];
    for (let write = 0; write < 12; write += 1) {
      const entry = [["a", "b", "c"][random.below(3)]!, `${write}.`.padEnd(random.below(400), "x")] as const;
      written.push(entry);
      await settled(store.put(...entry), "a write");
      if (write === 8) await settled(store.compact(), "compacting");
    }
    const states = prefixes(written);
    for (const ordinal of spread(interestingSteps(disk), 24)) {
      const point = crashPointAt(disk, ordinal);
      const image = point.image(sampleFates(point, random, { profile: "prefix" }), "prefix");
      const read = await stateOf(image);
      if (read === undefined) continue;
      const count = states.lastIndexOf(read);
      expect({ seed, ordinal, read, isPrefix: count >= 0 }).toMatchObject({ isPrefix: true });
      if (count < written.length) shorter += 1;
    }
  }
  expect(shorter).toBeGreaterThan(50);
});

/** The state after each of the writes, and before all. */
function prefixes(written: readonly (readonly [string, string])[]): string[] {
  const contents = new Map<string, string>();
  return [show(contents), ...written.map(([key, value]) => show(contents.set(key, value)))];
}

/** What the store shows on that disk; `undefined` if it says that it is damaged. */
async function stateOf(image: DiskImage): Promise<string | undefined> {
  const shape = { sync: "always", segments: 0 } as const;
  const store = await settled(openStore(new SimulatedDisk({ image }).boot(), shape), "opening").catch(
    (error: unknown) => {
      if (HashlogError.is(error) && error.code === "HASHLOG_CORRUPT") return undefined;
      throw error;
    },
  );
  return store === undefined ? undefined : show(await settled(readState(store), "reading"));
}
