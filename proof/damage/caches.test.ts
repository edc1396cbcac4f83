import { parseFileName } from "@hashlog/format";
import type { DiskImage } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { DIRECTORY, type TextStore } from "../world/text-store.ts";
import { flips, overwrites, truncations, type Damage } from "./damages.ts";
import { countDamaged, withDirectory, withoutCaches } from "./judge.ts";
import { lastingStats, openImage, readEverything } from "./reading.ts";
import { foreignStore, smallStore, type SmallStore, type StoreName } from "./stores.ts";

/**
 * Hints and checkpoints are only caches: whatever happens to one, the store opens, holds the same, and counts the same.
 * Of each byte one bit is flipped: which one does not matter to a checksum.
 */
const STORES: readonly StoreName[] = ["closed", "killed under always", "killed before it sealed"];

class CacheJudge {
  readonly #store: SmallStore;
  readonly #stats: string;
  tried = 0;
  /** How many times the keydir was filled by which road. */
  readonly roads: Record<string, number> = { checkpoint: 0, hints: 0, scan: 0 };

  private constructor(store: SmallStore, stats: string) {
    this.#store = store;
    this.#stats = stats;
  }

  static async of(store: SmallStore): Promise<CacheJudge> {
    const opened = await openImage(store.image, store.shape);
    if (opened.kind === "failed") throw new Error(opened.code);
    opened.disk.kill();
    return new CacheJudge(store, lastingStats(opened.stats));
  }

  async try(what: string, image: DiskImage): Promise<void> {
    this.tried += 1;
    try {
      const opened = await openImage(image, this.#store.shape);
      if (opened.kind === "failed") throw new Error(`refused with ${opened.code}`);
      this.roads[opened.stats.open.road]! += 1;
      const stats = lastingStats(opened.stats);
      if (stats !== this.#stats) throw new Error(`counts ${stats} instead of ${this.#stats}`);
      const found = await readEverything(opened.store);
      opened.disk.kill();
      const damaged = countDamaged(found, this.#store.contents[opened.stats.sequence]!);
      if (damaged > 0) throw new Error(`${damaged} keys are damaged`);
    } catch (error) {
      throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
    }
  }

  async tryAll(image: DiskImage, path: string, damages: Iterable<Damage>): Promise<void> {
    for (const { what, bytes } of damages) await this.try(`${path} ${what}`, image.withFile(path, bytes));
  }
}

function pathsOf(image: DiskImage, kind: "hint" | "checkpoint"): string[] {
  return [...image.files.keys()].filter((path) => parseFileName(path.slice(DIRECTORY.length + 1))?.kind === kind);
}

describe.each(STORES)("in a store that was %s", (name) => {
  test("any cache, and all of them, may be missing, empty, or a directory", async () => {
    const store = await smallStore(name);
    const judge = await CacheJudge.of(store);
    const { image } = store;
    for (const kinds of [[], ["hint"], ["checkpoint"], ["hint", "checkpoint"]]) {
      await judge.try(`without ${kinds.join(" and ")}`, withoutCaches(image, kinds));
    }
    for (const without of [image, withoutCaches(image, ["checkpoint"])]) {
      for (const path of [...pathsOf(without, "hint"), ...pathsOf(without, "checkpoint")]) {
        await judge.try(`${path} missing`, without.withoutFile(path));
        await judge.try(`${path} empty`, without.withFile(path, new Uint8Array(0)));
        await judge.try(`${path} a directory`, withDirectory(without, path));
      }
    }
    expect(judge.tried).toBeGreaterThan(24);
    expect(Math.min(...Object.values(judge.roads))).toBeGreaterThan(0);
  });

  test("any cache may be another's, or as it was earlier", async () => {
    const store = await smallStore(name);
    const judge = await CacheJudge.of(store);
    const { image } = store;
    const others = [image, (await foreignStore()).image, ...store.past];
    for (const kind of ["hint", "checkpoint"] as const) {
      const contents = others.flatMap((other) => pathsOf(other, kind).map((path) => ({ what: path, other, path })));
      for (const path of pathsOf(image, kind)) {
        const damages = contents.map(({ what, other, path: from }) => ({
          what: `as ${what}`,
          bytes: other.bytes(from)!,
        }));
        await judge.tryAll(kind === "hint" ? withoutCaches(image, ["checkpoint"]) : image, path, damages);
      }
    }
    expect(judge.tried).toBeGreaterThan(30);
  });
});

test.each(["closed", "killed under always"] as const)(
  "no byte of a checkpoint matters to a store that was %s",
  async (name) => {
    const store = await smallStore(name);
    const judge = await CacheJudge.of(store);
    for (const path of pathsOf(store.image, "checkpoint")) {
      const bytes = store.image.bytes(path)!;
      await judge.tryAll(store.image, path, flips(bytes, 1));
      if (name === "closed") await judge.tryAll(store.image, path, overwrites(bytes));
    }
    expect(judge.tried).toBeGreaterThan(800);
    // But for the zeros that fill its one shard up to a multiple of 8, which nobody reads.
    expect(judge.roads).toMatchObject({ checkpoint: expect.toSatisfy((count) => count <= 3 * 7), scan: 0 });
  },
);

test("a checkpoint of a copy of the store, which went another way, is not used", async () => {
  const store = await smallStore("closed");
  const ours = await goOn(store, async (opened) => {
    await opened.put("a", "is put first");
    await opened.delete("d");
  });
  const theirs = await goOn(store, async (opened) => {
    await opened.delete("d");
    await opened.put("a", "is put first");
  });
  const [path] = pathsOf(ours, "checkpoint");
  // Store id, file id and length are the same, and so are the segments: only the checksum in the manifest differs.
  expect(pathsOf(theirs, "checkpoint")).toEqual([path]);
  expect(theirs.bytes(path!)!.length).toBe(ours.bytes(path!)!.length);
  const opened = await openImage(ours.withFile(path!, theirs.bytes(path!)!), store.shape);
  if (opened.kind === "failed") throw new Error(opened.code);
  expect(opened.stats.open.road).toBe("hints");
  const found = await readEverything(opened.store);
  expect([found.get("a"), found.get("d")]).toEqual(["is put first", undefined]);
  opened.disk.kill();
});

/** The disk after somebody has opened the store, written, and closed it. */
async function goOn({ image, shape }: SmallStore, write: (store: TextStore) => Promise<void>): Promise<DiskImage> {
  const opened = await openImage(image, shape);
  if (opened.kind === "failed") throw new Error(opened.code);
  await write(opened.store);
  await opened.store.close();
  return opened.disk.image();
}

test("a checkpoint that is too short does not matter", async () => {
  const store = await smallStore("closed");
  const judge = await CacheJudge.of(store);
  const [path] = pathsOf(store.image, "checkpoint");
  await judge.tryAll(store.image, path!, truncations(store.image.bytes(path!)!));
  expect(judge.tried).toBeGreaterThan(800);
  expect(judge.roads).toEqual({ checkpoint: 0, hints: judge.tried, scan: 0 });
});

test("no byte and no length of any hint matters", async () => {
  const store = await smallStore("closed");
  const judge = await CacheJudge.of(store);
  const image = withoutCaches(store.image, ["checkpoint"]);
  for (const path of pathsOf(image, "hint")) {
    const bytes = image.bytes(path)!;
    for (const damages of [flips(bytes, 1), overwrites(bytes), truncations(bytes)])
      await judge.tryAll(image, path, damages);
  }
  expect(judge.tried).toBeGreaterThan(2000);
});
