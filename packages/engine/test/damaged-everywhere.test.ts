import { verify } from "@hashlog/engine";
import { expect, test, vi } from "vitest";
import { closedStore } from "./support/repairing.ts";
import { memoryWorld } from "./support/worlds.ts";

const RANGES = 200_000;

// A file with so many damaged places takes long to make, and to read. Here every segment has them.
vi.mock("../src/verify/read-past-damage.ts", () => ({
  readPastDamage: () => {
    const damaged = Array.from({ length: RANGES }, (_, index) => ({ offset: 32 + index, bytes: 1, reason: "damaged" }));
    return Promise.resolve({ damaged, expected: 7, tear: undefined });
  },
}));

test("damage in more places than a call has arguments is reported, each of them", async () => {
  const world = await memoryWorld();
  await closedStore(world);
  const { fileSystem, directory } = world;
  const { findings } = await verify(directory, { fileSystem });
  expect(findings.length).toBe(3 * RANGES);
});
