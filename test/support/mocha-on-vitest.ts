/** Runs suites that are written for mocha as tests of vitest: each `it` is a test, told by its name. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from "vitest";

type Body = (this: { timeout(ms: number): void }) => void | Promise<void>;

/** How many tests there were so far. */
export interface Tally {
  tests: number;
}

/** Makes global what mocha makes global, in this file of tests. */
export function actAsMocha(tally: Tally): void {
  Object.assign(globalThis, {
    describe,
    before: beforeAll,
    after: afterAll,
    beforeEach,
    afterEach,
    it(name: string, body: Body) {
      if (body.length > 0) throw new Error(`"${name}" wants a callback, which is not supported`);
      // Time is vitest's affair.
      // oxlint-disable-next-line vitest/valid-title, vitest/expect-expect -- both are the suite's
      test(name, async () => {
        tally.tests += 1;
        await body.call({ timeout: () => undefined });
      });
    },
  });
}
