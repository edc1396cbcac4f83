import { hintFileName, segmentFileName } from "@hashlog/format";
import { replacedFile, truncations, bitFlips, type DiskImage } from "@hashlog/fs-io/testing";
import type { Keydir } from "@hashlog/index";
import { describe, expect, test } from "vitest";
import {
  mustCountAlike,
  mustHintTheScan,
  mustIndexAlike,
  mustMatterToNobody,
  type KeyPlace,
} from "../properties/p09-hint-equivalence.ts";
import { mustBeRightOrTold } from "../properties/p10-corruption-honesty.ts";
import { mapKeydir } from "../world/map-keydir.ts";
import { DIRECTORY, type TextStore } from "../world/text-store.ts";
import { DamageJudge } from "./judge.ts";
import { placesIn } from "./keydir-places.ts";
import { openImage, type Opened, type SmallShape } from "./opening.ts";
import { packedKeydir } from "./packed-keydir.ts";
import { readEverything } from "./reading.ts";
import { recordsOf } from "./records-of.ts";
import { newestOf, scanSegment } from "./scan-segment.ts";
import { indexOf, readHintIndex } from "./segment-index.ts";
import { kindOf, pathsOf, withDirectory, withoutCaches } from "./store-files.ts";
import { foreignStore, smallStore, STORE_NAMES, type SmallStore } from "./stores.ts";

/**
 * Hints and checkpoints are only caches (P9): by each of them the keydir becomes what a recount of the segments gives,
 * and whatever happens to one, the store opens, holds the same, and counts the same. That no byte of them matters to
 * any answer is shown where all bytes are (every-byte-closed.test.ts).
 */
const ROADS = [
  { road: "checkpoint", without: [] },
  { road: "hints", without: ["checkpoint"] },
  { road: "scan", without: ["checkpoint", "hint"] },
] as const;
const KEYDIRS = { "keydir in a map": mapKeydir, "real keydir": packedKeydir };

async function opened(image: DiskImage, shape: SmallShape): Promise<Opened & { kind: "open" }> {
  const result = await openImage(image, shape);
  if (result.kind === "open") return result;
  mustMatterToNobody(result.code, 0);
  throw new Error(result.code);
}

/** Where every key lies, by a recount of all records of all segments. */
async function recounted(store: SmallStore): Promise<readonly KeyPlace[]> {
  const newest = [...newestOf(await recordsOf(store)).values()].filter(({ tombstone }) => !tombstone);
  return newest.map(({ key, segmentId, offset, valueBytes, expiresAtMs }) => {
    return { key, segmentId, offset, valueBytes, expiresAtMs };
  });
}

describe.each(Object.entries(KEYDIRS))("with the %s", (_, factory) => {
  test("checkpoint, hints and scan give the keydir that a recount of all segments gives", async () => {
    const store = await smallStore("closed", factory);
    const counted = await recounted(store);
    expect(counted.filter(({ expiresAtMs }) => expiresAtMs > 0)).not.toEqual([]);
    for (const { road, without } of ROADS) {
      let keydir: Keydir | undefined;
      const image = withoutCaches(store.image, without);
      const shape: SmallShape = { ...store.shape, keydir: (options) => (keydir = factory(options)) };
      const { stats, disk } = await opened(image, shape);
      expect(stats.open.road).toBe(road);
      mustIndexAlike(road, placesIn(keydir!, counted), counted);
      disk.kill();
    }
  });

  test.each(STORE_NAMES)("a store counts the same by each road, one that was %s", async (name) => {
    const store = await smallStore(name, factory);
    const whole = await opened(store.image, store.shape);
    whole.disk.kill();
    for (const { road, without } of ROADS) {
      const { stats, disk } = await opened(withoutCaches(store.image, without), store.shape);
      expect(stats.open.road).toBe(road);
      mustCountAlike(stats, whole.stats);
      disk.kill();
    }
  });
});

test.each(STORE_NAMES)(
  "the hint of every sealed segment says what a scan says, in a store that was %s",
  async (name) => {
    const { image, manifest } = await smallStore(name);
    let compared = 0;
    for (const listed of manifest.segments) {
      const path = `${DIRECTORY}/${hintFileName(listed.segmentId)}`;
      const hint = image.bytes(path);
      if (hint === undefined || listed.state !== "sealed") continue;
      const scan = indexOf(
        await scanSegment(image.bytes(`${DIRECTORY}/${segmentFileName(listed.segmentId)}`)!, listed),
      );
      const read = await readHintIndex(hint, listed);
      expect(read).toBeDefined();
      mustHintTheScan(path, read!, scan);
      compared += 1;
    }
    expect(compared).toBeGreaterThan(1);
  },
);

describe.each(STORE_NAMES)("in a store that was %s", (name) => {
  test("any cache, and all of them, may be missing, empty, or a directory", async () => {
    const store = await smallStore(name);
    const { image } = store;
    const whole = await opened(image, store.shape);
    whole.disk.kill();
    const images = [["hint"], ["checkpoint"], ["hint", "checkpoint"]].map((kinds) => withoutCaches(image, kinds));
    for (const base of [image, withoutCaches(image, ["checkpoint"])]) {
      for (const path of [...pathsOf(base, "hint"), ...pathsOf(base, "checkpoint"), ...pathsOf(base, "reserve")]) {
        images.push(base.withoutFile(path), base.withFile(path, new Uint8Array(0)), withDirectory(base, path));
      }
    }
    const roads = new Set<string>();
    for (const damaged of images) {
      const { stats, store: open, disk } = await opened(damaged, store.shape);
      mustCountAlike(stats, whole.stats);
      roads.add(stats.open.road);
      const told = mustBeRightOrTold(await readEverything(open), store.contents.get(stats.sequence));
      mustMatterToNobody(stats.open.road, told);
      disk.kill();
    }
    expect(images.length).toBeGreaterThan(16);
    expect(roads).toEqual(new Set(["checkpoint", "hints", "scan"]));
  });

  test("any cache may be another's, or as it was at any earlier time", async () => {
    const store = await smallStore(name);
    const judge = await DamageJudge.of(store);
    const others = distinctCaches([store.image, (await foreignStore()).image, ...store.past]);
    for (const path of [...pathsOf(store.image, "hint"), ...pathsOf(store.image, "checkpoint")]) {
      const base = kindOf(path) === "hint" ? withoutCaches(store.image, ["checkpoint"]) : store.image;
      await judge.tryAll(
        base,
        others.map(([image, from]) => replacedFile(path, image, from)),
      );
    }
    expect(judge.right).toBe(judge.tried);
    expect(judge.tried).toBeGreaterThan(30);
  });
});

/** Every cache of the images, each content once. */
function distinctCaches(images: readonly DiskImage[]): [DiskImage, string][] {
  const all = new Map<string, [DiskImage, string]>();
  for (const image of images) {
    for (const path of [...pathsOf(image, "hint"), ...pathsOf(image, "checkpoint")]) {
      all.set(image.bytes(path)!.join(), [image, path]);
    }
  }
  return [...all.values()];
}

test("no flipped bit and no length of a checkpoint or a hint matters to the real keydir", async () => {
  const store = await smallStore("killed under always", packedKeydir);
  const judge = await DamageJudge.of(store);
  for (const [kind, without] of [
    ["checkpoint", []],
    ["hint", ["checkpoint"]],
  ] as const) {
    const image = withoutCaches(store.image, without);
    for (const path of pathsOf(image, kind)) {
      // One bit of each byte: which one does not matter to a checksum.
      const flips = [...bitFlips(image, path)].filter((_flip, index) => index % 8 === Math.floor(index / 8) % 8);
      await judge.tryAll(image, flips);
      await judge.tryAll(image, truncations(image, path));
    }
  }
  expect(judge.right).toBe(judge.tried);
  expect(judge.tried).toBeGreaterThan(2000);
});

test("a checkpoint of a copy of the store, which went another way, is not used", async () => {
  const store = await smallStore("closed");
  const ours = await goOn(store, async (open) => {
    await open.put("a", "is put first");
    await open.delete("d");
  });
  const theirs = await goOn(store, async (open) => {
    await open.delete("d");
    await open.put("a", "is put first");
  });
  const [path] = pathsOf(ours, "checkpoint");
  // Store id, file id and length are the same, and so are the segments: only the checksum in the manifest differs.
  expect(pathsOf(theirs, "checkpoint")).toEqual([path]);
  expect(theirs.bytes(path!)!.length).toBe(ours.bytes(path!)!.length);
  const { stats, store: open, disk } = await opened(ours.withFile(path!, theirs.bytes(path!)!), store.shape);
  expect(stats.open.road).toBe("hints");
  const found = await readEverything(open);
  expect([found.get("a"), found.get("d")]).toEqual(["is put first", undefined]);
  disk.kill();
});

/** The disk after somebody has opened the store, written, and closed it. */
async function goOn({ image, shape }: SmallStore, write: (store: TextStore) => Promise<void>): Promise<DiskImage> {
  const { store, disk } = await opened(image, shape);
  await write(store);
  await store.close();
  return disk.image();
}
