import { FsError } from "@hashlog/fs-io";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mustConform } from "../properties/p20-conformance.ts";
import { PropertyViolation } from "../properties/property.ts";
import { runs, TEST_TIMEOUT_MS } from "../world/runs.ts";
import { portScript, type PortScript } from "./port-script.ts";
import { runPortScript } from "./run-port-script.ts";
import { inWorlds, memoryWorld, nodeWorld, simulatedWorld, withMethods, WORLDS, type World } from "./worlds.ts";

/** The first world is what the others are held against. */
async function mustBeAlike(makers: readonly (() => Promise<World>)[], script: PortScript): Promise<void> {
  const [first, ...others] = await inWorlds(makers, (world) => runPortScript(world, script));
  for (const other of others) mustConform(first!, other);
}

test(
  "any script of calls gives the same on the simulated file system, the machine's own and the one in memory",
  async () => {
    await fc.assert(
      fc.asyncProperty(portScript, (script) => mustBeAlike(WORLDS, script)),
      { numRuns: runs(100) },
    );
  },
  TEST_TIMEOUT_MS,
);

describe("a file system is told from the simulated one when it", () => {
  const inMemory = (methods: (world: World) => Parameters<typeof withMethods>[1]) => async (): Promise<World> => {
    const world = await memoryWorld();
    return withMethods(world, methods(world));
  };
  const told: readonly (readonly [what: string, seen: RegExp, make: () => Promise<World>, script: PortScript])[] = [
    [
      "forgets a name when it lists",
      /result 2 .*\["a"\].*\[\]/s,
      inMemory(() => ({ list: () => Promise.resolve([]) })),
      [
        ["create", "a"],
        ["list", "."],
      ],
    ],
    [
      "fails with another code",
      /result 1 .*FS_NOT_FOUND.*FS_IO/s,
      inMemory(() => ({
        remove: (path) => Promise.reject(new FsError("FS_IO", "no", { operation: "remove", path })),
      })),
      [["remove", "a"]],
    ],
    [
      "replaces with other bytes",
      /a differs between simulated and memory at byte 0/,
      inMemory(({ fileSystem }) => ({
        replace: (path, bytes) =>
          fileSystem.replace(
            path,
            Uint8Array.from(bytes, (byte) => byte ^ 1),
          ),
      })),
      [["replace", "a", 5]],
    ],
    [
      "leaves something behind",
      /name 2 .*nothing.*left/s,
      inMemory(({ fileSystem, directory }) => ({
        replace: async (path, bytes) => {
          await fileSystem.replace(path, bytes);
          await fileSystem.replace(fileSystem.join(directory, "left"), bytes);
        },
      })),
      [["replace", "a", 5]],
    ],
    [
      "does not sync what it renames",
      /effect 3 .*sync a\.new.*rename a/s,
      () => nodeWorld({ fdatasync: (_fd, done) => done(null) }),
      [["replace", "a", 5]],
    ],
  ];

  test.each(told)("%s", async (_what, seen, make, script) => {
    const judged = mustBeAlike([simulatedWorld, make], script);
    await expect(judged).rejects.toThrow(PropertyViolation);
    await expect(judged).rejects.toThrow(seen);
  });
});
