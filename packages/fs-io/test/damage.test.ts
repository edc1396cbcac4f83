import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bitFlips,
  byteOverwrites,
  DiskImage,
  droppedSectors,
  duplicatedSectors,
  everyDamage,
  everyFileDamage,
  extensions,
  hashImage,
  misdirectedSectors,
  missingFile,
  replacedFile,
  staleFiles,
  staleSectors,
  SECTOR_BYTES,
  swappedFiles,
  swappedSectors,
  truncations,
  zeroedSectors,
  type Damage,
} from "../src/testing/index.ts";
import { bytes, shown } from "./simulated-support.ts";

const SMALL = { sectorBytes: 2 };

function disk(files: Record<string, readonly number[]>): DiskImage {
  return DiskImage.of(
    Object.fromEntries(Object.entries(files).map(([path, content]) => [path, Uint8Array.of(...content)])),
  );
}

/** What each damage makes of the disk, as the contents of `path`. */
function contents(image: DiskImage, damages: Iterable<Damage>, path = "/a"): number[][] {
  return [...damages].map((damage) => [...damage.apply(image).bytes(path)!]);
}

describe("bits and bytes", () => {
  test("of a file are flipped one at a time, each of them", () => {
    const image = disk({ "/a": [0, 255] });
    const flipped = contents(image, bitFlips(image, "/a"));
    expect(flipped.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 64, 128].map((bit) => [bit, 255]));
    expect(flipped.slice(8)).toEqual([254, 253, 251, 247, 239, 223, 191, 127].map((byte) => [0, byte]));
  });

  test("are overwritten where they are something else", () => {
    const image = disk({ "/a": [0, 7, 255] });
    expect(contents(image, byteOverwrites(image, "/a", 0))).toEqual([
      [0, 0, 255],
      [0, 7, 0],
    ]);
    expect(contents(image, byteOverwrites(image, "/a", 255))).toEqual([
      [255, 7, 255],
      [0, 255, 255],
    ]);
  });

  test("are told in words", () => {
    const image = disk({ "/a": [1] });
    const words = [...bitFlips(image, "/a"), ...byteOverwrites(image, "/a", 255)].map((damage) => damage.description);
    expect(words.slice(6)).toEqual([
      "bit 6 of byte 0 of /a is flipped",
      "bit 7 of byte 0 of /a is flipped",
      "byte 0 of /a is 255",
    ]);
  });
});

describe("a length", () => {
  test("may be every shorter one", () => {
    const image = disk({ "/a": [1, 2, 3] });
    expect(contents(image, truncations(image, "/a"))).toEqual([[], [1], [1, 2]]);
  });

  test("may be longer, by zeros, by garbage, and by what the file begins with", () => {
    const image = disk({ "/a": [1, 2, 3] });
    const longer = contents(image, extensions(image, "/a"));
    expect(longer).toHaveLength(12);
    for (const content of longer) expect(content.slice(0, 3)).toEqual([1, 2, 3]);
    expect(longer.map(({ length }) => length - 3)).toEqual(
      [1, 31, SECTOR_BYTES, SECTOR_BYTES + 1].flatMap((count) => [count, count, count]),
    );
    const [zeros, garbage, again] = longer.slice(3, 6).map((content) => content.slice(3));
    expect(new Set(zeros)).toEqual(new Set([0]));
    expect(new Set(garbage).size).toBeGreaterThan(20);
    expect(again!.slice(0, 7)).toEqual([1, 2, 3, 1, 2, 3, 1]);
  });

  test("of an empty file may only grow", () => {
    const image = disk({ "/a": [] });
    expect([...truncations(image, "/a")]).toEqual([]);
    expect(contents(image, extensions(image, "/a")).every(({ length }) => length > 0)).toBe(true);
  });
});

describe("a sector", () => {
  test("may be zeroed, gone, or there twice, the short one at the end as well", () => {
    const image = disk({ "/a": [1, 2, 3, 4, 5] });
    expect(contents(image, zeroedSectors(image, "/a", SMALL))).toEqual([
      [0, 0, 3, 4, 5],
      [1, 2, 0, 0, 5],
      [1, 2, 3, 4, 0],
    ]);
    expect(contents(image, droppedSectors(image, "/a", SMALL))).toEqual([
      [3, 4, 5],
      [1, 2, 5],
      [1, 2, 3, 4],
    ]);
    expect(contents(image, duplicatedSectors(image, "/a", SMALL))).toEqual([
      [1, 2, 1, 2, 3, 4, 5],
      [1, 2, 3, 4, 3, 4, 5],
      [1, 2, 3, 4, 5, 5],
    ]);
  });

  test("that holds zeros is not zeroed once more", () => {
    const image = disk({ "/a": [0, 0, 3] });
    expect(contents(image, zeroedSectors(image, "/a", SMALL))).toEqual([[0, 0, 0]]);
  });

  test("may have changed places with another of the file; lengths stay as they are", () => {
    const image = disk({ "/a": [1, 2, 3, 4, 5] });
    expect(contents(image, swappedSectors(image, "/a", "/a", SMALL))).toEqual([
      [3, 4, 1, 2, 5],
      [5, 2, 3, 4, 1],
      [1, 2, 5, 4, 3],
    ]);
  });

  test("may have changed places with one of another file", () => {
    const image = disk({ "/a": [1, 2, 3], "/b": [7, 8] });
    const [first, second, ...more] = [...swappedSectors(image, "/a", "/b", SMALL)];
    expect(more).toEqual([]);
    expect(first!.paths).toEqual(["/a", "/b"]);
    expect(shown(first!.apply(image))).toEqual({ "/a": [7, 8, 3], "/b": [1, 2] });
    expect(shown(second!.apply(image))).toEqual({ "/a": [1, 2, 7], "/b": [3, 8] });
  });

  test("may lie over another, of the same file, of another one, or of another disk", () => {
    const image = disk({ "/a": [1, 2, 3, 4, 5], "/b": [7, 8, 9] });
    expect(contents(image, misdirectedSectors(image, "/a", "/a", image, SMALL))).toEqual([
      [1, 2, 1, 2, 5],
      [1, 2, 3, 4, 1],
      [3, 4, 3, 4, 5],
      [1, 2, 3, 4, 3],
      [5, 2, 3, 4, 5],
      [1, 2, 5, 4, 5],
    ]);
    expect(contents(image, misdirectedSectors(image, "/a", "/b", image, SMALL))).toHaveLength(6);
    const other = disk({ "/c": [6] });
    expect(contents(image, misdirectedSectors(image, "/a", "/c", other, SMALL))).toEqual([
      [6, 2, 3, 4, 5],
      [1, 2, 6, 4, 5],
      [1, 2, 3, 4, 6],
    ]);
  });

  test("may be as it was at an earlier time, each version once", () => {
    const image = disk({ "/a": [1, 2, 3, 4, 5] });
    const earlier = [disk({ "/a": [1, 2, 9] }), disk({ "/b": [1] }), disk({ "/a": [0, 2, 9] }), disk({ "/a": [0, 2] })];
    const stale = [...staleSectors(image, "/a", earlier, SMALL)];
    expect(contents(image, stale)).toEqual([
      [1, 2, 9, 4, 5],
      [0, 2, 3, 4, 5],
    ]);
    expect(stale[1]!.description).toBe("the sector at 0 of /a is as it was in version 2");
  });

  test("has 512 bytes, unless said otherwise", () => {
    const image = DiskImage.of({ "/a": bytes(SECTOR_BYTES + 1) });
    expect([...droppedSectors(image, "/a")]).toHaveLength(2);
    expect([...droppedSectors(image, "/a")][0]!.apply(image).bytes("/a")).toEqual(bytes(1, SECTOR_BYTES + 1));
  });
});

describe("a file", () => {
  const image = disk({ "/a": [1, 2], "/b": [3] });

  test("may be missing, or have changed places with another", () => {
    expect(shown(missingFile("/a").apply(image))).toEqual({ "/b": [3] });
    expect(shown(swappedFiles("/a", "/b").apply(image))).toEqual({ "/a": [3], "/b": [1, 2] });
  });

  test("may be another, or an earlier version of itself, each once", () => {
    expect(shown(replacedFile("/a", image, "/b").apply(image))).toEqual({ "/a": [3], "/b": [3] });
    const earlier = [disk({ "/a": [1] }), disk({ "/a": [1, 2] }), disk({ "/a": [1] }), disk({}), disk({ "/a": [] })];
    expect(contents(image, staleFiles(image, "/a", earlier))).toEqual([[1], []]);
  });

  test("that is like another cannot be mixed up with it", () => {
    const twins = disk({ "/a": [1], "/b": [1], "/c": [2] });
    expect([...everyFileDamage(twins, "/a")].map(({ description }) => description)).toEqual([
      "/a is missing",
      "/a and /c have changed places",
      "/a is as /c of 1 bytes is, or was",
    ]);
  });
});

describe("any damage", () => {
  const images = fc
    .dictionary(fc.constantFrom("/a", "/b", "/c"), fc.array(fc.constantFrom(0, 1, 255), { maxLength: 6 }), {
      minKeys: 1,
    })
    .map(disk);

  test("changes exactly the files that it names, and leaves the image as it is", () => {
    fc.assert(
      fc.property(images, images, (image, older) => {
        const before = JSON.stringify(image);
        for (const damage of everyDamage(image, { earlier: [older], ...SMALL })) {
          const after = damage.apply(image);
          const changed = [...image.files.keys()].filter(
            (path) => after.bytes(path)?.join() !== image.bytes(path)!.join(),
          );
          expect(changed.length).toBeGreaterThan(0);
          expect(damage.paths).toEqual(expect.arrayContaining(changed));
          expect(hashImage(after)).not.toBe(hashImage(image));
        }
        expect(JSON.stringify(image)).toBe(before);
      }),
      { numRuns: 40 },
    );
  });

  test("is one of so many, of every file or of those that are named, mixed up with those that are named", () => {
    const image = disk({ "/a": [1, 2, 3], "/b": [4, 5] });
    const paths = (options: Parameters<typeof everyDamage>[1]): string[] =>
      [...everyDamage(image, options)].flatMap((damage) => damage.paths);
    expect(new Set(paths({}))).toEqual(new Set(["/a", "/b"]));
    expect(new Set(paths({ paths: ["/a"], sources: ["/a"] }))).toEqual(new Set(["/a"]));
    // 8 flips and 2 overwrites a byte, 3 lengths, 12 extensions, 1 sector by 3, and it is missing.
    expect(paths({ paths: ["/a"], sources: ["/a"] })).toHaveLength(3 * 10 + 3 + 12 + 3 + 1);
  });

  test("can be done to another disk, or after another damage", () => {
    const image = disk({ "/a": [1, 2], "/b": [3] });
    const [first] = [...byteOverwrites(image, "/a", 0)];
    const [second] = [...truncations(image, "/b")];
    expect(shown(second!.apply(first!.apply(image)))).toEqual({ "/a": [0, 2], "/b": [] });
    expect(shown(first!.apply(disk({ "/a": [9, 9, 9] })))).toEqual({ "/a": [0, 9, 9] });
  });

  test("of bytes that are not there is refused", () => {
    const refusal = expect.objectContaining({ code: "FS_INVALID_ARGUMENT" });
    const image = disk({ "/a": [1, 2] });
    const shorter = disk({ "/a": [1] });
    for (const damage of [...bitFlips(image, "/a")].slice(8)) expect(() => damage.apply(shorter)).toThrow(refusal);
    expect(() => missingFile("/b").apply(image)).toThrow(refusal);
    expect(() => swappedFiles("/a", "/b").apply(image)).toThrow(refusal);
    expect(() => replacedFile("/a", image).apply(disk({}))).toThrow(refusal);
    expect(() => replacedFile("/a", image, "/b")).toThrow(refusal);
    expect(() => [...truncations(image, "/b")]).toThrow(refusal);
    expect(() => [...zeroedSectors(image, "/b")]).toThrow(refusal);
  });
});
