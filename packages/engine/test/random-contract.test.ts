import type { RandomSource } from "@hashlog/engine";
import { runRandomContract } from "@hashlog/engine/testing";
import { describe, expect, test } from "vitest";
import { systemRandom } from "../src/random.ts";

runRandomContract({ describe, test }, "systemRandom", () => systemRandom);

const FILLS = "it fills what it is given, from the first byte to the last, and nothing beside it";

/** A suite is worth what it finds: each of these sources has one fault, and that sentence must tell. */
const FAULTS: Record<string, [sentence: string, newSource: () => RandomSource]> = {
  "leaves the last byte alone": [
    FILLS,
    () => ({ fill: (target) => systemRandom.fill(target.subarray(0, Math.max(0, target.length - 1))) }),
  ],
  "fills the whole buffer": [FILLS, () => ({ fill: ({ buffer }) => void new Uint8Array(buffer).fill(0xa5) })],
  "cannot fill nothing": [
    FILLS,
    () => ({
      fill: (target) => {
        if (target.length === 0) throw new RangeError("nothing to fill");
        systemRandom.fill(target);
      },
    }),
  ],
  "gives the same each time": ["no two fills are alike", () => ({ fill: (target) => void target.fill(0xa5) })],
  "begins the same each time": ["no two sources are alike", counting],
  "gives text": [
    "every bit is now set and now not",
    () => ({
      fill: (target) => {
        systemRandom.fill(target);
        for (const [at, byte] of target.entries()) target[at] = byte & 0x7f;
      },
    }),
  ],
};

/** Numbers one after the other, from 1. */
function counting(): RandomSource {
  let next = 1;
  return { fill: (target) => target.forEach((_byte, at) => (target[at] = next++)) };
}

describe("the contract suite of sources of randomness", () => {
  test.each(Object.entries(FAULTS))("finds one that %s", (_fault, [sentence, newSource]) => {
    expect(sentencesOf(newSource).get(sentence)).toThrow(/the contract is broken|nothing to fill/);
  });

  test("has no sentence that none of them breaks", () => {
    const broken = new Set(Object.values(FAULTS).map(([sentence]) => sentence));
    expect([...sentencesOf(() => systemRandom).keys()].filter((sentence) => !broken.has(sentence))).toEqual([]);
  });
});

function sentencesOf(newSource: () => RandomSource): Map<string, () => void> {
  const sentences = new Map<string, () => void>();
  const runner = {
    describe: (_name: string, body: () => void): void => body(),
    test: (sentence: string, body: () => void) => sentences.set(sentence, body),
  };
  runRandomContract(runner, "a source", newSource);
  return sentences;
}
