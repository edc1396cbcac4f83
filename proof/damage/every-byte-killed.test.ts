import { describe, expect, test } from "vitest";
import { everyByte, everySector, expectAtLeast, sweep, type Counts } from "./every-byte.ts";
import { filesOf, pathsOf, unsealedPaths, withoutCaches } from "./store-files.ts";
import { smallStore, type SmallStore, type StoreName } from "./stores.ts";

/**
 * Stores whose writer was killed. Here the end of the log may go without an error, where the damage takes with it
 * whatever could testify that it was durable; the judge works out from the damaged bytes where exactly that is so, and
 * there it has to open. Complete for the first of them; for the others, for what makes them others.
 */
interface Sweep {
  readonly name: StoreName;
  readonly unsealed: number;
  readonly paths: (store: SmallStore) => readonly string[];
  /** No single damage takes the last write and the fence that testifies to it, where each has one. */
  readonly mayLose: boolean;
  readonly bytes: Partial<Counts>;
  readonly sectors: Partial<Counts>;
}

const SWEEPS: readonly Sweep[] = [
  {
    name: "killed under always",
    unsealed: 1,
    paths: filesOf,
    mayLose: false,
    bytes: { tried: 20_600, refused: 9400, told: 220, right: 11_000 },
    sectors: { tried: 4120, refused: 2100, told: 170, right: 1800 },
  },
  {
    name: "killed under never",
    unsealed: 1,
    paths: logOf,
    mayLose: true,
    bytes: { tried: 7150, refused: 3300, torn: 3800, right: 10 },
    sectors: { tried: 910, refused: 550, told: 10, torn: 350 },
  },
  {
    name: "killed before it sealed",
    unsealed: 2,
    paths: logOf,
    mayLose: true,
    bytes: { tried: 9250, refused: 8300, torn: 870, right: 10 },
    sectors: { tried: 1410, refused: 1260, torn: 140 },
  },
  {
    name: "killed within a segment",
    unsealed: 1,
    paths: unsealedPaths,
    mayLose: true,
    bytes: { tried: 6000, refused: 4800, torn: 800, right: 370 },
    sectors: { tried: 790, refused: 620, torn: 70 },
  },
];

/** The unsealed segments, and the manifest that lists them. */
function logOf(store: SmallStore): readonly string[] {
  return [...filesOf(store).filter((path) => path.endsWith(".manifest")), ...unsealedPaths(store)];
}

describe.each(SWEEPS)("a store that was $name", ({ name, unsealed, paths, mayLose, bytes, sectors }) => {
  test("is right, tells, or loses what nothing testifies, whatever byte is not what it was", async () => {
    const store = await smallStore(name);
    expect(unsealedPaths(store)).toHaveLength(unsealed);
    const files = paths(store).filter((path) => !path.endsWith(".hint"));
    const judge = await sweep(store, store.image, files, (path) => everyByte(store.image, path), "any byte");
    expectAtLeast(judge, bytes);
    expect(judge.torn > 0).toBe(mayLose);
  });

  test("is right, tells, or loses what nothing testifies, whatever sector or file is another", async () => {
    const store = await smallStore(name);
    const damagesOf = (path: string): ReturnType<typeof everySector> => everySector(store, store.image, path);
    const judge = await sweep(store, store.image, paths(store), damagesOf, "any sector");
    expectAtLeast(judge, sectors);
    expect(judge.torn > 0).toBe(mayLose);
  });
});

test("no byte of any hint matters to a store that was killed", async () => {
  const store = await smallStore("killed under always");
  // Beside a checkpoint nobody reads them.
  const image = withoutCaches(store.image, ["checkpoint"]);
  const damagesOf = (path: string): ReturnType<typeof everyByte> => everyByte(image, path);
  const judge = await sweep(store, image, pathsOf(image, "hint"), damagesOf, "by hints, any byte of a hint");
  expectAtLeast(judge, { tried: 6000 });
  expect(judge.right).toBe(judge.tried);
});
