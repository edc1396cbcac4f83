import { FsError } from "@hashlog/fs-io";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { mustConform } from "../properties/p20-conformance.ts";
import { PropertyViolation } from "../properties/property.ts";
import { runs, TEST_TIMEOUT_MS } from "../world/runs.ts";
import { runStoreScript } from "./run-store-script.ts";
import { storeScript, type StoreScript } from "./store-script.ts";
import { inWorlds, memoryWorld, simulatedWorld, withMethods, WORLDS, type World } from "./worlds.ts";

async function mustBeAlike(makers: readonly (() => Promise<World>)[], script: StoreScript): Promise<void> {
  const [first, ...others] = await inWorlds(makers, (world) => runStoreScript(world, script));
  for (const other of others) mustConform(first!, other);
}

test(
  "a store calls every file system alike, call for call, and leaves the same bytes",
  async () => {
    await fc.assert(
      fc.asyncProperty(storeScript, (script) => mustBeAlike(WORLDS, script)),
      { numRuns: runs(25) },
    );
  },
  TEST_TIMEOUT_MS,
);

test("a store that meets another answer is told from the one on the simulated file system", async () => {
  const busy = async (): Promise<World> =>
    withMethods(await memoryWorld(), {
      remove: (path) => Promise.reject(new FsError("FS_BUSY", "no", { operation: "remove", path })),
    });
  const judged = mustBeAlike([simulatedWorld, busy], {
    sync: "always",
    segmentBytesMax: 4096,
    seed: 1,
    operations: [["put", "a", 10], ["put", "a", 10], ["settle"], ["compact"], ["settle"]],
  });
  await expect(judged).rejects.toThrow(PropertyViolation);
  await expect(judged).rejects.toThrow(
    /call \d+ is not the same.*remove.*: #\d+ fails with FS_NOT_FOUND.*: #\d+ fails with FS_BUSY/s,
  );
});
