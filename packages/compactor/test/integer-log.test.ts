import { expect, test } from "vitest";
import { IntegerLog } from "../src/integer-log.ts";

test("An IntegerLog gives back what was pushed, over the limits of its chunks and the whole range of 32 bits.", () => {
  const log = new IntegerLog();
  const valueAt = (index: number): number => (index * 2_654_435_761) % 2 ** 32;
  for (let index = 0; index < 50_000; index++) log.push(valueAt(index));
  expect(log.length).toBe(50_000);
  for (const index of [0, 1, 16_383, 16_384, 32_767, 32_768, 49_999]) expect(log.at(index)).toBe(valueAt(index));
  log.push(0xffff_ffff);
  expect(log.at(50_000)).toBe(0xffff_ffff);
});
