import * as fc from "fast-check";
import type { WriteStep } from "./writer.ts";

/** The steps of a `Writer` over so many keys, by chance; how often turns pass, in comparison, is the caller's. */
export function writeSteps(keys: number, turnsWeight: number): fc.WeightedArbitrary<WriteStep>[] {
  const key = fc.nat({ max: keys - 1 });
  const length = fc.oneof(fc.nat({ max: 40 }), fc.integer({ min: 150, max: 400 }));
  const change = fc.tuple(key, fc.oneof(length, fc.constant(-1)));
  return [
    { weight: 5, arbitrary: fc.tuple(fc.constant("put" as const), key, length) },
    { weight: 2, arbitrary: fc.tuple(fc.constant("delete" as const), key) },
    {
      weight: 2,
      arbitrary: fc.tuple(fc.constant("batch" as const), fc.array(change, { minLength: 1, maxLength: 3 })),
    },
    { weight: 1, arbitrary: fc.tuple(fc.constant("compact" as const)) },
    { weight: turnsWeight, arbitrary: fc.tuple(fc.constant("turns" as const), fc.nat({ max: 60 })) },
  ];
}

/** Which waiting call of the file system returns next. */
export const schedules: fc.Arbitrary<number[]> = fc.array(fc.nat({ max: 7 }), { maxLength: 60 });

/** Where the power is cut, as parts of a thousand of the way, with a seed of what is lost. */
export function powerCuts(most: number): fc.Arbitrary<[permille: number, seed: number][]> {
  const cut = fc.tuple(fc.integer({ min: 0, max: 1000 }), fc.nat({ max: 1_000_000 }));
  return fc.array(cut, { minLength: 1, maxLength: most });
}
