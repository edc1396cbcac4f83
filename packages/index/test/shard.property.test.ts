import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { RecordLocation } from "@hashlog/index";
import { Shard } from "../src/shard.ts";
import { scanPlaces } from "../src/shard-scan.ts";
import { PLACES } from "../src/slots.ts";
import { checkInvariants } from "./shard-invariants.ts";

// Few keys with few hashes, near both ends of the table: every step meets crowds, wraps and gaps.
const place = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.integer({ min: PLACES - 4, max: PLACES - 1 }),
  fc.integer({ min: 0, max: PLACES - 1 }),
);
const keys = fc.uniqueArray(fc.tuple(fc.string({ unit: "binary-ascii", maxLength: 12 }), place), {
  selector: ([key]) => key,
  minLength: 1,
  maxLength: 60,
});
const location = fc.record({
  segmentSlot: fc.nat(16_382),
  offset: fc.nat(0xffff_ffff),
  valueBytes: fc.oneof(fc.nat(1000), fc.nat(0xffff_ffff)),
  expiresAtMs: fc.oneof(fc.constant(0), fc.maxSafeNat()),
});
const steps = fc.array(fc.tuple(fc.nat(), fc.option(location, { freq: 2 })), { maxLength: 300 });

function bytesOf(key: string): Uint8Array {
  return Uint8Array.from(key, (character) => character.charCodeAt(0));
}

/** Puts or (without a location) removes keys, in the shard and in the `Map` that is returned. */
function run(
  shard: Shard,
  chosen: readonly (readonly [string, number])[],
  changes: readonly (readonly [number, RecordLocation | null])[],
): Map<string, RecordLocation> {
  const model = new Map<string, RecordLocation>();
  for (const [choice, target] of changes) {
    const [key, at] = chosen[choice % chosen.length];
    const bytes = bytesOf(key);
    const index = shard.locate(at, bytes, 0, bytes.length);
    expect(index >= 0).toBe(model.has(key));
    if (target === null) {
      if (index >= 0) shard.remove(index);
      model.delete(key);
    } else {
      if (index >= 0) shard.replace(index, target);
      else shard.insert(index, at, bytes, 0, bytes.length, target);
      model.set(key, target);
    }
  }
  return model;
}

test("a shard answers as a Map does, whatever its hashes are", () => {
  fc.assert(
    fc.property(keys, steps, (chosen, changes) => {
      const shard = new Shard();
      const model = run(shard, chosen, changes);
      expect(checkInvariants(shard).sort()).toEqual([...model.keys()].sort());
      const found = { segmentSlot: 0, offset: 0, valueBytes: 0, expiresAtMs: 0 };
      for (const [key, at] of chosen) {
        const bytes = bytesOf(key);
        const index = shard.locate(at, bytes, 0, bytes.length);
        expect(index >= 0).toBe(model.has(key));
        if (index < 0) continue;
        shard.read(index, found);
        expect(found).toEqual(model.get(key));
      }
    }),
  );
});

test("slices of the hash bits hold every key once, in the slice of its hash", () => {
  fc.assert(
    fc.property(keys, steps, fc.array(place), (chosen, changes, cuts) => {
      const shard = new Shard();
      const model = run(shard, chosen, changes);
      const bounds = [0, ...new Set(cuts.filter((cut) => cut > 0)), PLACES].sort((one, other) => one - other);
      const placesSeen: number[] = [];
      for (let i = 1; i < bounds.length; i++) {
        scanPlaces(shard, bounds[i - 1], bounds[i], (at) => {
          expect(at).toBeGreaterThanOrEqual(bounds[i - 1]);
          expect(at).toBeLessThan(bounds[i]);
          placesSeen.push(at);
        });
      }
      const placesOf = new Map(chosen);
      const expected = [...model.keys()].map((key) => placesOf.get(key) ?? -1);
      const ascending = (one: number, other: number): number => one - other;
      expect(placesSeen.sort(ascending)).toEqual(expected.sort(ascending));
    }),
  );
});
