import { segmentFileName } from "@hashlog/format";
import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { DIRECTORY } from "../world/text-store.ts";
import { recount } from "../../packages/engine/test/support/recount.ts";
import { copied, sectors } from "./damages.ts";
import { SegmentJudge, segmentPaths, withDirectory, withoutCaches } from "./judge.ts";
import { openImage } from "./reading.ts";
import { foreignStore, smallStore, type SmallStore, type StoreName } from "./stores.ts";

/** Bytes that were written, and are valid, but lie where other bytes should: misdirected, duplicated, stale, lost. */
const STORES: readonly StoreName[] = ["closed", "killed under always", "killed under never", "killed before it sealed"];
const ROADS = [[], ["checkpoint", "hint"]] as const;

describe.each(STORES)("in a store that was %s", (name) => {
  test("a segment that is missing is named, and nothing touched", async () => {
    const store = await smallStore(name);
    for (const path of segmentPaths(store)) {
      for (const kinds of ROADS) {
        const opened = await openImage(withoutCaches(store.image.withoutFile(path), kinds), store.shape);
        expect(opened).toEqual({ kind: "failed", code: "HASHLOG_CORRUPT", path });
      }
    }
    expect(segmentPaths(store).length).toBeGreaterThan(4);
  });

  test("a directory in the place of a segment is refused, and nothing touched", async () => {
    const store = await smallStore(name);
    for (const path of segmentPaths(store)) {
      const opened = await openImage(withDirectory(store.image, path), store.shape);
      expect(opened).toEqual({ kind: "failed", code: "HASHLOG_IO", path });
    }
  });

  test("two segments that changed places, or one that is there twice, are told", async () => {
    const store = await smallStore(name);
    const judge = await SegmentJudge.of(store);
    const paths = segmentPaths(store);
    for (const [index, first] of paths.entries()) {
      for (const second of paths.slice(index + 1)) {
        const [one, other] = [store.image.bytes(first)!, store.image.bytes(second)!];
        await judge.tryOne(store.image.withFile(first, other).withFile(second, one), [first, second]);
        await judge.tryAll(store.image, first, [{ what: `as ${second}`, bytes: other }]);
        await judge.tryAll(store.image, second, [{ what: `as ${first}`, bytes: one }]);
      }
    }
    expect(judge.refused).toBe(judge.tried);
    expect(judge.tried).toBeGreaterThan(25);
  });

  test("a segment of another store, or as it was earlier, is right or told", async () => {
    const store = await smallStore(name);
    const judge = await SegmentJudge.of(store);
    const foreign = await foreignStore();
    for (const kinds of ROADS) {
      const image = withoutCaches(store.image, kinds);
      for (const path of segmentPaths(store)) {
        const versions = [foreign.image, ...store.past].map((other) => other.bytes(path));
        const others = versions.flatMap((bytes) => (bytes === undefined ? [] : [{ what: "another's", bytes }]));
        await judge.tryAll(image, path, others);
      }
    }
    expect(judge.tried).toBeGreaterThan(10);
    expect(judge.refused).toBeGreaterThan(5);
  });

  test("sectors that were lost, duplicated or swapped are told, or hold no record", async () => {
    const store = await smallStore(name);
    const judge = await SegmentJudge.of(store);
    for (const kinds of ROADS) {
      for (const path of segmentPaths(store)) {
        await judge.tryAll(withoutCaches(store.image, kinds), path, sectors(store.image.bytes(path)!));
      }
    }
    expect(judge.tried).toBeGreaterThanOrEqual(2 * segmentPaths(store).length);
    // A second sector of a sealed segment can hold nothing but a fence behind the sealed length.
    expect(judge.refused + judge.torn).toBeGreaterThanOrEqual(judge.tried - 4);
  });

  test("a whole valid record in the place of another is never taken for it", async () => {
    const store = await smallStore(name);
    const judge = await SegmentJudge.of(store);
    const records = await recordsOf(store);
    for (const target of records) {
      const bytes = store.image.bytes(target.path)!;
      const others = records.filter((source) => source !== target);
      const damages = others.map((source) => ({
        what: `with the record at ${source.offset} of ${source.path} at ${target.offset}`,
        bytes: copied(bytes, source.bytes, target.offset),
      }));
      await judge.tryAll(store.image, target.path, damages);
    }
    expect(judge.tried).toBe(records.length * (records.length - 1));
    expect(judge.told).toBeGreaterThan(50);
  });
});

interface StoredRecord {
  readonly path: string;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

async function recordsOf({ image }: SmallStore): Promise<readonly StoredRecord[]> {
  const fileSystem = new SimulatedDisk({ image }).boot();
  const { segments } = await recount({ fileSystem, directory: DIRECTORY });
  return segments.flatMap(({ listed, records }) => {
    const path = `${DIRECTORY}/${segmentFileName(listed.segmentId)}`;
    const file = image.bytes(path)!;
    return records.map(({ offset, bytes }) => ({ path, offset, bytes: file.slice(offset, offset + bytes) }));
  });
}
