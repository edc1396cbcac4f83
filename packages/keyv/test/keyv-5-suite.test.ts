/** The suite that Keyv publishes for its stores, unmodified, with Keyv 5. */
import keyvTestSuite, { keyvIteratorTests } from "@keyv/test-suite";
import { KeyvHashlog } from "@hashlog/keyv/v5";
import { Keyv } from "keyv";
import * as vitest from "vitest";
import { newLocation } from "../../../test/support/temporary.ts";

const stores: KeyvHashlog[] = [];
let tests = 0;

function store(): KeyvHashlog {
  const made = new KeyvHashlog(newLocation());
  stores.push(made);
  return made;
}

/** In the types of an earlier vitest, for which the suite was written. */
const runner = vitest as object as Parameters<typeof keyvTestSuite>[0];

vitest.describe("the test suite of Keyv 5", () => {
  vitest.afterEach(() => {
    tests += 1;
  });

  keyvTestSuite(runner, Keyv, store);
  keyvIteratorTests(runner, Keyv, store);

  // Below it, so that a suite which has become shorter, or is not run to its end, does not go unnoticed.
  vitest.test("was run as a whole", () => {
    vitest.expect(tests).toBe(42);
  });

  vitest.afterAll(async () => {
    console.log(`@keyv/test-suite, with Keyv 5: ${tests - 1} tests`);
    for (const made of stores) await made.disconnect();
  });
});
