import { beforeAll, describe, expect, test } from "vitest";
import { everyByte, everySector, expectAtLeast, sweep } from "./every-byte.ts";
import { filesOf, pathsOf, segmentPaths, withoutCaches } from "./store-files.ts";
import { smallStore, type SmallStore } from "./stores.ts";

/**
 * A store that was closed clean: whatever happens to any byte of any of its files, it is told or changes nothing, and
 * nothing at all is lost without a word. Complete: each bit, each byte, each length, each sector, by each road by which
 * the damaged file is read.
 */
describe("a store that was closed", () => {
  let store: SmallStore;

  beforeAll(async () => {
    store = await smallStore("closed");
  });

  test("is right or tells of any byte that is not what it was, in any file", async () => {
    // Beside a checkpoint nobody reads a hint.
    const paths = filesOf(store).filter((path) => !path.endsWith(".hint"));
    const judge = await sweep(store, store.image, paths, (path) => everyByte(store.image, path), "any byte");
    expectAtLeast(judge, { tried: 15_600, refused: 5200, told: 750, right: 9600 });
    expect(judge.torn).toBe(0);
  });

  test("is right or tells of any sector or file that is not what it was, or is another", async () => {
    const damagesOf = (path: string): ReturnType<typeof everySector> => everySector(store, store.image, path);
    const judge = await sweep(store, store.image, filesOf(store), damagesOf, "any sector");
    expectAtLeast(judge, { tried: 2180, refused: 950, told: 210, right: 1000 });
    expect(judge.torn).toBe(0);
  });

  test("is right or tells of any of it when opened by its hints", async () => {
    const image = withoutCaches(store.image, ["checkpoint"]);
    const paths = [...segmentPaths(store), ...pathsOf(image, "hint")];
    const bytes = await sweep(store, image, paths, (path) => everyByte(image, path), "by hints, any byte");
    expectAtLeast(bytes, { tried: 10_300, refused: 2800, told: 750, right: 6700 });
    const sectors = await sweep(store, image, paths, (path) => everySector(store, image, path), "by hints, any sector");
    expectAtLeast(sectors, { tried: 840, refused: 430, told: 100, right: 300 });
    expect([bytes.torn, sectors.torn]).toEqual([0, 0]);
  });

  test("is right or tells of any of it when opened by a scan", async () => {
    const image = withoutCaches(store.image);
    const paths = segmentPaths(store);
    const bytes = await sweep(store, image, paths, (path) => everyByte(image, path), "by a scan, any byte");
    // What is not refused is a last fence behind a sealed length, or bytes behind the log.
    expectAtLeast(bytes, { tried: 6590, refused: 5890 });
    const sectors = await sweep(
      store,
      image,
      paths,
      (path) => everySector(store, image, path),
      "by a scan, any sector",
    );
    expectAtLeast(sectors, { tried: 380, refused: 360 });
    expect([bytes.torn, sectors.torn, bytes.told, sectors.told]).toEqual([0, 0, 0, 0]);
  });
});
