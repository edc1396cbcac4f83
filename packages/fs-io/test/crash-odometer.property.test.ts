import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  countFates,
  crashPointAt,
  type CrashPoint,
  enumerateFates,
  fate,
  FATE_KINDS,
  type FateKind,
  type Fates,
  type Fault,
  hashImage,
  INFORMATIONAL_PROFILES,
  legalImages,
  type PendingUnit,
  type Profile,
  PROFILES,
  SimulatedDisk,
} from "../src/testing/index.ts";
import { runScript } from "./simulated-support.ts";

/**
 * The enumeration leaves out fates that make no difference. Held against the one that leaves out nothing: an odometer
 * with a wheel for every pending unit, which shows everything that the profile allows to become of such a unit.
 */
function wheel(unit: PendingUnit, profile: Profile, kinds: readonly FateKind[]): number[] {
  const shows = (kind: FateKind): boolean =>
    kind === "intact" || (kinds.includes(kind) && canBecome(unit, kind, profile));
  return FATE_KINDS.filter(shows).map((kind) => fate(kind));
}

function canBecome({ kind: unit, logged, standing }: PendingUnit, kind: FateKind, profile: Profile): boolean {
  if (profile === "kill" || profile === "drop-all") return false;
  const inOrder = profile === "prefix" || profile === "ordered" || profile === "files-ordered";
  if (standing === "cache-only" && inOrder) return false;
  if (kind === "lost") return true;
  if (unit === "entry") return profile === "hostile" && isTorn(logged.operation) && kind.startsWith("torn");
  if (kind === "torn-prefix") return true;
  return unit === "bytes" && !inOrder && (kind !== "astray" || profile === "astray");
}

function isTorn(operation: PendingUnit["logged"]["operation"]): boolean {
  return operation.kind === "rename" && operation.journaled !== true;
}

function* odometer(point: CrashPoint, profile: Profile, kinds: readonly FateKind[]): Generator<Fates> {
  const wheels = point.units.filter(({ fateIndex }) => fateIndex >= 0).map((unit) => wheel(unit, profile, kinds));
  for (let turn = 0; turn < turns(wheels); turn++) {
    let rest = turn;
    yield wheels.map((numbers) => {
      const number = numbers[rest % numbers.length];
      rest = Math.floor(rest / numbers.length);
      return number;
    });
  }
}

function turns(wheels: readonly number[][]): number {
  return wheels.reduce((product, numbers) => product * numbers.length, 1);
}

function sizeOf(point: CrashPoint, profile: Profile, kinds: readonly FateKind[]): number {
  return turns(point.units.filter(({ fateIndex }) => fateIndex >= 0).map((unit) => wheel(unit, profile, kinds)));
}

const SIZE_MAX = 3000;

const imagesOf = (point: CrashPoint, all: Iterable<Fates>, profile: Profile): Set<string> =>
  new Set([...all].map((fates) => hashImage(point.image(fates, profile))));

// Appends of few bytes, and of enough to reach into the next sector; of one byte, which cannot be torn.
const lengthArbitrary = fc.oneof(fc.nat(6), fc.constantFrom(0, 1, 500, 511, 600));
// Mostly what makes something pending: create, append, replace, link, remove; now and then a sync.
const actionArbitrary = fc.constantFrom(0, 1, 1, 1, 1, 5, 7, 6, 3, 4, 8);
const scriptArbitrary = fc
  .array(fc.tuple(actionArbitrary, fc.nat(3), lengthArbitrary), { maxLength: 6 })
  .map((steps) => [[0, 0, 0] as const, ...steps]);
const faultArbitrary = fc.record({
  at: fc.nat(12),
  kind: fc.constantFrom("EIO", "short"),
  failedSync: fc.constantFrom("kept", "reverted"),
});
const kindsArbitrary = fc.oneof(
  { weight: 3, arbitrary: fc.constant(FATE_KINDS) },
  { weight: 1, arbitrary: fc.subarray([...FATE_KINDS]) },
);
const caseArbitrary = fc.record({
  script: scriptArbitrary,
  faults: fc.array(faultArbitrary, { maxLength: 1 }),
  platform: fc.constantFrom("posix", "posix", "windows"),
  safeFileFlush: fc.boolean(),
  at: fc.nat(),
  kinds: kindsArbitrary,
});

test("the enumeration leaves exactly the images of the full odometer, and as many lists of fates as it counts", async () => {
  await fc.assert(
    fc.asyncProperty(caseArbitrary, async ({ script, faults, platform, safeFileFlush, at, kinds }) => {
      const disk = new SimulatedDisk({ faults: faults as Fault[], platform, safeFileFlush });
      await runScript(disk, script);
      const point = crashPointAt(disk, disk.position - (at % Math.min(3, disk.position + 1)));
      for (const profile of [...PROFILES, ...INFORMATIONAL_PROFILES]) {
        if (sizeOf(point, profile, kinds) > SIZE_MAX) continue;
        const options = { profile, kinds };
        const fates = [...enumerateFates(point, options)];
        const full = imagesOf(point, odometer(point, profile, kinds), profile);
        expect(fates).toHaveLength(countFates(point, options));
        expect(fates.length).toBeLessThanOrEqual(sizeOf(point, profile, kinds));
        expect(fates[0].every((number) => number === 0)).toBe(true);
        expect(imagesOf(point, fates, profile)).toEqual(full);
        expect([...legalImages(point, options)].map(hashImage).sort()).toEqual([...full].sort());
      }
    }),
    { numRuns: 400 },
  );
});
