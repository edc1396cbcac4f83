import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  crashPointAt,
  diskAt,
  type Fault,
  hashImage,
  imageAt,
  INFORMATIONAL_PROFILES,
  PROFILES,
  sampleFates,
  SeededRandom,
  SimulatedDisk,
} from "../src/testing/index.ts";
import { runScript } from "./simulated-support.ts";

const scriptArbitrary = fc.array(fc.tuple(fc.nat(8), fc.nat(3), fc.nat(1200)), { maxLength: 25 });
const scheduleArbitrary = fc.array(fc.nat(3), { maxLength: 20 });
const faultArbitrary = fc.record({
  at: fc.nat(40),
  kind: fc.constantFrom("EIO", "ENOSPC", "EMFILE", "short"),
  sticky: fc.boolean(),
});
const powerCuts = [...PROFILES, ...INFORMATIONAL_PROFILES].filter((profile) => profile !== "kill");
const profileArbitrary = fc.constantFrom(...powerCuts);
const traitsArbitrary = fc.record({
  platform: fc.constantFrom("posix", "posix", "windows"),
  safeFileFlush: fc.boolean(),
  lyingSyncs: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

const caseArbitrary = fc.record({
  script: scriptArbitrary,
  schedule: scheduleArbitrary,
  faults: fc.array(faultArbitrary, { maxLength: 2 }),
  traits: traitsArbitrary,
});

type Case = typeof caseArbitrary extends fc.Arbitrary<infer T> ? T : never;

function diskFor({ schedule, faults, traits }: Case): SimulatedDisk {
  return new SimulatedDisk({ ...traits, schedule, faults: faults as Fault[] });
}

async function run(made: Case): Promise<SimulatedDisk> {
  const disk = diskFor(made);
  await runScript(disk, made.script);
  return disk;
}

test("the same program leaves the same trace, whatever its schedule and its faults are", async () => {
  await fc.assert(
    fc.asyncProperty(caseArbitrary, async (made) => {
      const [first, second] = [await run(made), await run(made)];
      expect(second.trace).toEqual(first.trace);
      expect(hashImage(second.image())).toBe(hashImage(first.image()));
    }),
    { numRuns: 1000 },
  );
});

test("an image derived from the trace is the one that a real crash at that step leaves", async () => {
  const crashArbitrary = fc.record({ at: fc.nat(), seed: fc.nat(), profile: profileArbitrary });
  await fc.assert(
    fc.asyncProperty(caseArbitrary, crashArbitrary, async (made, { at, seed, profile }) => {
      const whole = await run(made);
      const ordinal = at % (whole.position + 1);
      const point = crashPointAt(whole, ordinal);
      const fates = sampleFates(point, new SeededRandom(seed), { profile });

      const crashed = diskFor(made);
      crashed.stopAt(ordinal);
      await runScript(crashed, made.script);
      expect(crashed.position).toBe(ordinal);
      expect(hashImage(crashed.image())).toBe(hashImage(point.image([], "kill")));
      const left = crashed.powerCut(fates, profile);
      expect(hashImage(left)).toBe(hashImage(point.image(fates, profile)));
      expect(hashImage(imageAt(crashed, ordinal + 1, [], "drop-all"))).toBe(hashImage(left));
    }),
    { numRuns: 500 },
  );
});

test("a disk that goes on from a recording is as the recorded one was", async () => {
  await fc.assert(
    fc.asyncProperty(caseArbitrary, fc.nat(), fc.nat(), async (made, at, seed) => {
      const disk = await run(made);
      const ordinal = at % (disk.position + 1);
      const fork = diskAt(disk, ordinal);
      const point = crashPointAt(disk, ordinal);
      const fates = sampleFates(point, new SeededRandom(seed));
      expect(hashImage(fork.image())).toBe(hashImage(point.image([], "kill")));
      expect(crashPointAt(fork, ordinal).describe(fates)).toBe(point.describe(fates));
      expect(hashImage(fork.powerCut(fates))).toBe(hashImage(point.image(fates)));
    }),
    { numRuns: 200 },
  );
});

test("what completed syncs cover is in every image, byte for byte, and the program's view has the rest", async () => {
  const profiles = PROFILES.filter((profile) => profile !== "kill");
  await fc.assert(
    fc.asyncProperty(caseArbitrary, fc.nat(), fc.nat(), async (made, at, seed) => {
      const disk = await run(made);
      const point = crashPointAt(disk, at % (disk.position + 1));
      const seen = point.image([], "kill");
      const random = new SeededRandom(seed);
      for (const profile of profiles) {
        const left = point.image(sampleFates(point, random, { profile }), profile);
        for (const [path, file] of seen.files) {
          const durable = point.durableBytes(path);
          if (!point.isEntryDurable(path)) continue;
          const bytes = left.bytes(path)!;
          expect(bytes.subarray(0, durable)).toEqual(file.bytes.subarray(0, durable));
          expect(bytes.length).toBeLessThanOrEqual(file.bytes.length);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("what is issued after a sync has returned never survives without what the sync covers", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(700), { minLength: 1, maxLength: 6 }), fc.nat(), async (lengths, seed) => {
      const disk = new SimulatedDisk();
      const fs = disk.boot();
      for (const [index, length] of lengths.entries()) {
        const file = await fs.create(`/${index}`);
        file.append(new Uint8Array(length + 1).fill(1), 0, length + 1);
        await file.sync();
        await fs.syncDirectory("/");
      }
      const random = new SeededRandom(seed);
      for (let ordinal = 0; ordinal <= disk.position; ordinal++) {
        const point = crashPointAt(disk, ordinal);
        const left = point.image(sampleFates(point, random));
        const newest = Math.max(-1, ...[...left.files.keys()].map((path) => Number(path.slice(1))));
        for (let index = 0; index < newest; index++) {
          expect(left.bytes(`/${index}`)).toEqual(new Uint8Array(lengths[index] + 1).fill(1));
        }
      }
    }),
    { numRuns: 100 },
  );
});
