/** The suite that js-stores publishes for every datastore, unmodified. */
import { HashlogDatastore } from "@hashlog/datastore";
import { interfaceDatastoreTests } from "interface-datastore-tests";
import { afterAll, describe, expect, test } from "vitest";
import { actAsMocha, type Tally } from "../../../test/support/mocha-on-vitest.ts";
import { newLocation } from "../../../test/support/temporary.ts";

const tally: Tally = { tests: 0 };
actAsMocha(tally);

describe("interface-datastore-tests", () => {
  interfaceDatastoreTests({
    async setup() {
      const datastore = new HashlogDatastore(newLocation());
      await datastore.open();
      return datastore;
    },
    teardown: (datastore) => datastore.close(),
  });

  // Below it, so that a suite which has become shorter, or is not run to its end, does not go unnoticed.
  test("was run as a whole", () => {
    expect(tally).toEqual({ tests: 42 });
  });

  afterAll(() => {
    console.log(`interface-datastore-tests, the suite of js-stores: ${tally.tests} tests`);
  });
});
