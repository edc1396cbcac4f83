import { describe, expect, test } from "vitest";
import { mergeSegments, storeOf } from "./support.ts";

/** How many records each question to the keydir was about. */
async function questionsOf(...segments: readonly (readonly string[])[]): Promise<number[]> {
  const store = storeOf(...segments);
  const counts: number[] = [];
  const lookUp = store.lookUp.bind(store);
  store.lookUp = (records, found) => {
    counts.push(records.count);
    return lookUp(records, found);
  };
  await mergeSegments(store);
  store.check();
  return counts;
}

const puts = (count: number, value = "v"): string[] =>
  Array.from({ length: count }, (_, index) => `k${index}=${value}`);

describe("the keydir is asked for many records at once", () => {
  test("where each lies in a frame of its own", async () => {
    expect(await questionsOf(puts(1_000, "v".repeat(40)))).toEqual([1_000]);
  });

  test("where all lie in one frame: 1,024, and what is left", async () => {
    expect(await questionsOf([puts(2_500).join(",")])).toEqual([1_024, 1_024, 452]);
  });

  test("but not for those of two segments, nor for none", async () => {
    expect(await questionsOf(puts(3), ["-k0", "-k1"], puts(2))).toEqual([3, 2]);
  });
});
