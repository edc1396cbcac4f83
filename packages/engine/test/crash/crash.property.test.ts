import { crashPointAt, SeededRandom, SimulatedDisk, type DiskImage, type Profile } from "@hashlog/fs-io/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { crashCase, type CrashCase } from "./case.ts";
import { stateText, type History } from "./history.ts";
import { openStore, readState, runCase } from "./run-case.ts";

const PROFILES: readonly Profile[] = ["kill", "drop-all", "prefix", "ordered", "free"];

test("after a crash at any point the store holds a prefix of the writes, no shorter than what the disk knew to be durable", async () => {
  await fc.assert(
    fc.asyncProperty(crashCase, async (given) => {
      const disk = new SimulatedDisk({ schedule: given.schedule });
      const history = await runCase(disk, given);
      const random = new SeededRandom(given.seed);
      for (let crash = 0; crash < 6; crash += 1) {
        const ordinal = random.below(disk.position + 1);
        const point = crashPointAt(disk, ordinal);
        const profile = PROFILES[random.below(PROFILES.length)]!;
        const fates = Array.from({ length: point.pendingCount }, () => random.below(2 ** 20));
        await judge(point.image(fates, profile), ordinal, history, given, `${ordinal} ${profile} ${point.describe(fates, profile)}`);
      }
    }),
    { numRuns: Number(process.env["CRASH_RUNS"] ?? 300) },
  );
});

async function judge(image: DiskImage, ordinal: number, history: History, given: CrashCase, crash: string): Promise<void> {
  const { floor, issued } = history.bounds(ordinal);
  const disk = new SimulatedDisk({ image });
  const store = await openStore(disk.boot(), given).catch((error: unknown) => {
    throw new Error(`open after ${crash}`, { cause: error });
  });
  const state = await readState(store);
  const allowed = Array.from({ length: issued - floor + 1 }, (_, extra) => history.stateAfter(floor + extra));
  expect(allowed, `crash at ${crash}`).toContain(stateText(state));
  await store.put("after", "crash");
  await store.close();
  const again = await openStore(disk.boot(), given);
  expect(stateText(await readState(again)), `reopened after ${crash}`).toBe(stateText(state.set("after", "crash")));
  await again.close();
}
