import type { Damage } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { DIRECTORY } from "../world/text-store.ts";
import { DamageJudge } from "./judge.ts";
import { openImage } from "./opening.ts";
import { recordsOf, type PlacedRecord } from "./records-of.ts";
import { segmentPaths, withDirectory, withoutCaches } from "./store-files.ts";
import { foreignStore, smallStore, STORE_NAMES, type SmallStore } from "./stores.ts";

/**
 * Bytes that were written, and are valid, but lie where other bytes should: whole records, whole segments. (Sectors
 * that were swapped, misdirected, duplicated or lost are in every-byte-*.test.ts.)
 */
const ROADS = [[], ["checkpoint", "hint"]] as const;

describe.each(STORE_NAMES)("in a store that was %s", (name) => {
  test("a segment that is missing is named, and nothing touched", async () => {
    const store = await smallStore(name);
    for (const path of segmentPaths(store)) {
      for (const kinds of ROADS) {
        const opened = await openImage(withoutCaches(store.image.withoutFile(path), kinds), store.shape);
        expect(opened).toEqual({ kind: "failed", code: "HASHLOG_CORRUPT", path });
      }
    }
    expect(segmentPaths(store).length).toBeGreaterThan(2);
  });

  test("a directory in the place of a segment is refused, and nothing touched", async () => {
    const store = await smallStore(name);
    for (const path of segmentPaths(store)) {
      const opened = await openImage(withDirectory(store.image, path), store.shape);
      expect(opened).toEqual({ kind: "failed", code: "HASHLOG_IO", path });
    }
  });

  test("a segment that is another, of this store or of another one, is named, and nothing touched", async () => {
    const store = await smallStore(name);
    const foreign = await foreignStore();
    for (const path of segmentPaths(store)) {
      const others = segmentPaths(store).filter((other) => other !== path);
      const contents = [...others.map((other) => store.image.bytes(other)!), foreign.image.bytes(path)];
      for (const content of contents) {
        if (content === undefined) continue;
        const opened = await openImage(store.image.withFile(path, content), store.shape);
        expect(opened).toEqual({ kind: "failed", code: "HASHLOG_CORRUPT", path });
      }
    }
  });

  test("a whole valid record in the place of another is never taken for it", async () => {
    const store = await smallStore(name);
    const judge = await DamageJudge.of(store);
    const records = await recordsOf(store);
    // By a checkpoint, and by hints: a scan looks at the sequences as well.
    for (const image of [store.image, withoutCaches(store.image, ["checkpoint"])]) {
      for (const target of records) {
        const others = records.filter((source) => source !== target);
        await judge.tryAll(
          image,
          others.map((source) => recordOver(store, source, target)),
        );
      }
    }
    expect(judge.tried).toBe(2 * records.length * (records.length - 1));
    // What nobody notices is dead.
    expect(judge.right).toBeLessThan(judge.tried * 0.6);
  });
});

test("a file of a store to come, a manifest for instance, does no harm where a manifest is being written", async () => {
  const store = await smallStore("closed");
  const judge = await DamageJudge.of(store);
  const manifest = store.image.bytes(`${DIRECTORY}/hashlog.manifest`)!;
  for (const content of [manifest, manifest.subarray(0, 50), new Uint8Array(0), new Uint8Array(700).fill(255)]) {
    await judge.judge(store.image.withFile(`${DIRECTORY}/hashlog.manifest.new`, content), []);
  }
  expect(judge.right).toBe(4);
});

/** The damage that the bytes of one record lie where another one begins. */
function recordOver({ image: whole }: SmallStore, source: PlacedRecord, target: PlacedRecord): Damage {
  return {
    description: `the record at ${source.offset} of ${source.path} lies at ${target.offset} of ${target.path}`,
    paths: [target.path],
    apply: (image) => {
      const bytes = image.bytes(target.path)!.slice();
      const record = whole.bytes(source.path)!.subarray(source.offset, source.end);
      bytes.set(record.subarray(0, bytes.length - target.offset), target.offset);
      return image.withFile(target.path, bytes);
    },
  };
}
