import type { MergeStrategy } from "../strategy.ts";
import { choicesContract } from "./contract-choices.ts";
import { mergingContract } from "./contract-merging.ts";
import type { TestFunctions } from "./contract-support.ts";

export type { TestFunctions } from "./contract-support.ts";

/**
 * The prose of the `MergeStrategy` port as a suite. A strategy that passes can be handed to `resolvePolicy`, and to the
 * engine as `compaction: { strategy }`.
 *
 *     runStrategyContract({ describe, test }, "my strategy", () => myStrategy());
 *
 * It brings its own assertions and random numbers (a failure names the seed), so it runs under any runner: `describe` and
 * `test` are the runner's. `newStrategy` is called for each test. The stores are idle for as long as a number can say.
 */
export function runStrategyContract(runner: TestFunctions, name: string, newStrategy: () => MergeStrategy): void {
  const test: TestFunctions["test"] = (sentence, body) => runner.test(sentence, body);
  runner.describe(`the MergeStrategy contract, kept by ${name}`, () => {
    runner.describe("what is chosen of a store", () => choicesContract(test, newStrategy));
    runner.describe("what becomes of a store", () => mergingContract(test, newStrategy));
  });
}
