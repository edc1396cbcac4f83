/** The suite that js-stores publishes for every blockstore, unmodified. */
import { HashlogBlockstore } from "@hashlog/blockstore";
import { interfaceBlockstoreTests } from "interface-blockstore-tests";
import { afterAll, describe, expect, test } from "vitest";
import { actAsMocha, type Tally } from "../../../test/support/mocha-on-vitest.ts";
import { newLocation } from "../../../test/support/temporary.ts";

const tally: Tally = { tests: 0 };
actAsMocha(tally);

describe("interface-blockstore-tests", () => {
  interfaceBlockstoreTests({
    async setup() {
      const blockstore = new HashlogBlockstore(newLocation());
      await blockstore.open();
      return blockstore;
    },
    teardown: (blockstore) => blockstore.close(),
  });

  // Below it, so that a suite which has become shorter, or is not run to its end, does not go unnoticed.
  test("was run as a whole", () => {
    expect(tally).toEqual({ tests: 18 });
  });

  afterAll(() => {
    console.log(`interface-blockstore-tests, the suite of js-stores: ${tally.tests} tests`);
  });
});
