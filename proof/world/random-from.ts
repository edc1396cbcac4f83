import type { RandomSource } from "@hashlog/engine";
import { SeededRandom } from "@hashlog/fs-io/testing";

/** Bytes that look random and are the same ones each time; further ones each time that they are asked for. */
export function randomFrom(seed: number): RandomSource {
  const random = new SeededRandom(seed);
  return {
    fill: (target) => {
      for (let index = 0; index < target.length; index += 1) target[index] = random.below(256);
    },
  };
}
