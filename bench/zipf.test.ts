import { describe, expect, test } from "vitest";
import { SeededRandom } from "./random.ts";
import { Zipf } from "./zipf.ts";

const DRAWS = 200_000;

function counted(count: number, exponent: number, seed: number): number[] {
  const random = new SeededRandom(seed);
  const zipf = new Zipf(count, exponent, () => random.fraction());
  const counts = Array.from({ length: count + 1 }, () => 0);
  for (let draw = 0; draw < DRAWS; draw += 1) counts[zipf.next()]! += 1;
  return counts;
}

describe("ranks by Zipf's law", () => {
  test.each([0.5, 0.99, 1, 2])("come as often as 1 / rank^%s says", (exponent) => {
    const count = 50;
    const weights = Array.from({ length: count }, (_, index) => (index + 1) ** -exponent);
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    const counts = counted(count, exponent, 7);
    for (const [index, weight] of weights.entries()) {
      const expected = (DRAWS * weight) / all;
      // Five standard deviations of a count.
      expect(Math.abs(counts[index + 1]! - expected)).toBeLessThan(5 * Math.sqrt(expected) + 1);
    }
    expect(counts[0]).toBe(0);
  });

  test("lie between 1 and the count, the count of one included, at both ends of what is drawn", () => {
    for (const count of [1, 2, 2_000_000]) {
      for (const fraction of [0, 0.5, 1 - 2 ** -32]) {
        const rank = new Zipf(count, 0.99, () => fraction).next();
        expect(rank).toBeGreaterThanOrEqual(1);
        expect(rank).toBeLessThanOrEqual(count);
      }
    }
  });

  test("are the same for the same seed, and others for another", () => {
    expect(counted(20, 0.99, 1)).toEqual(counted(20, 0.99, 1));
    expect(counted(20, 0.99, 1)).not.toEqual(counted(20, 0.99, 2));
  });
});
