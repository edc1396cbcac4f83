import type { KeydirFactory } from "../keydir.ts";
import { dumpsContract } from "./contract-dumps.ts";
import { keysContract } from "./contract-keys.ts";
import { loadingContract } from "./contract-loading.ts";
import { modelContract } from "./contract-model.ts";
import { movesContract } from "./contract-moves.ts";
import { type ContractPart, makerOf, type TestFunctions } from "./contract-support.ts";
import { rangesContract } from "./contract-ranges.ts";
import { viewsContract } from "./contract-views.ts";

export type { TestFunctions } from "./contract-support.ts";

const PARTS: readonly (readonly [string, ContractPart])[] = [
  ["keys and locations", keysContract],
  ["moving and dropping", movesContract],
  ["views", viewsContract],
  ["ranges", rangesContract],
  ["loading", loadingContract],
  ["dumps", dumpsContract],
  ["everything at random", modelContract],
];

/**
 * The prose of the `Keydir` port as a suite: every sentence of it is a test. An implementation that passes can be handed
 * to the engine as `index`.
 *
 *     runIndexContract({ describe, test }, "my keydir", ({ hashKey }) => new MyKeydir(hashKey));
 *
 * It brings its own assertions and random numbers (a failure names the seed), so it runs under any runner: `describe`
 * and `test` are the runner's. `factory` is called for each test, with the same hash key.
 */
export function runIndexContract(runner: TestFunctions, name: string, factory: KeydirFactory): void {
  const make = makerOf(factory);
  runner.describe(`the Keydir contract, kept by ${name}`, () => {
    for (const [title, part] of PARTS) {
      runner.describe(title, () => part((sentence, body) => runner.test(sentence, body), make));
    }
  });
}
