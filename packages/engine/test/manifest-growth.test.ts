import type { Manifest, ManifestSegment } from "@hashlog/format";
import { describe, expect, test } from "vitest";
import { growthOf } from "../src/manifest-growth.ts";

const sealed = (segmentId: number, merged = false): ManifestSegment => ({
  state: "sealed",
  segmentId,
  identity: BigInt(segmentId),
  sealedBytes: 100,
  lowestSequence: segmentId * 10,
  highestSequence: segmentId * 10 + 9,
  merged,
});

const unsealed = (segmentId: number): ManifestSegment => ({
  state: "unsealed",
  segmentId,
  identity: BigInt(segmentId),
  firstSequence: segmentId * 10,
  cleanBytes: 0,
});

const manifest = (segments: readonly ManifestSegment[], change: Partial<Manifest> = {}): Manifest => ({
  storeId: 1n,
  hashKey: new Uint8Array(16),
  epoch: 1,
  floor: 0,
  nextFileId: 100,
  nextSequence: 1000,
  logCompleteFrom: 1,
  segments,
  checkpoint: undefined,
  ...change,
});

const BEFORE = manifest([sealed(1), unsealed(2)]);

describe("a manifest has only grown", () => {
  test.each<[string, readonly ManifestSegment[], number[]]>([
    ["if it lists the same", [sealed(1), unsealed(2)], []],
    ["if what was unsealed is sealed", [sealed(1), sealed(2)], []],
    ["if others were begun", [sealed(1), sealed(2), unsealed(3)], [3]],
    ["if others were begun and sealed", [sealed(1), sealed(2), sealed(3), unsealed(4)], [3, 4]],
  ])("%s", (_when, segments, added) => {
    const growth = growthOf(BEFORE, manifest(segments, { floor: 5, nextFileId: 200, nextSequence: 2000 }));
    expect(growth?.map(({ segmentId }) => segmentId)).toEqual(added);
  });
});

describe("a manifest has changed otherwise", () => {
  test.each<[string, Manifest]>([
    ["if a segment is gone", manifest([unsealed(2)])],
    ["if a merge has published", manifest([sealed(5, true), sealed(1), unsealed(2)])],
    ["if what a merge has published stands behind", manifest([sealed(1), unsealed(2), sealed(5, true)])],
    ["if something else stands in between", manifest([sealed(1), sealed(5), unsealed(2)])],
    ["if another writer has opened the store", manifest([sealed(1), unsealed(2)], { epoch: 2 })],
    ["if it is of another store", manifest([sealed(1), unsealed(2)], { storeId: 2n })],
    ["if a segment is another", manifest([{ ...sealed(1), identity: 9n }, unsealed(2)])],
    [
      "if a sealed segment is of another length",
      manifest([{ ...sealed(1), sealedBytes: 99 } as ManifestSegment, unsealed(2)]),
    ],
    ["if a sealed segment is not any more", manifest([unsealed(1), unsealed(2)])],
    [
      "if a merge has taken what was begun in between",
      manifest([sealed(1), sealed(2), unsealed(4)], { logCompleteFrom: 40 }),
    ],
    ["if what was unsealed was merged", manifest([sealed(1), sealed(2, true)])],
  ])("%s", (_when, after) => {
    expect(growthOf(BEFORE, after)).toBe(undefined);
  });
});
