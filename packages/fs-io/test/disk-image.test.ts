import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DiskImage, hashImage, SimulatedDisk } from "../src/testing/index.ts";
import { bytes, shown } from "./simulated-support.ts";

describe("an image", () => {
  test("is made of files, with the directories that lead to them", () => {
    const image = DiskImage.of({ "/d/e/a": bytes(2), "/b": bytes(1) }, ["/x/y"]);
    expect([...image.directories].sort()).toEqual(["/d", "/d/e", "/x", "/x/y"]);
    expect([...image.bytes("/d/e/a")!]).toEqual([1, 2]);
    expect(image.bytes("/d")).toBe(undefined);
    expect(shown(new SimulatedDisk({ image }).image())).toEqual(shown(image));
  });

  test("can be changed into another without changing itself", () => {
    const image = DiskImage.of({ "/a": bytes(1, 1), "/b": bytes(1, 2) });
    expect(shown(image.withFile("/a", bytes(1, 9)))).toEqual({ "/a": [9], "/b": [2] });
    expect(shown(image.withoutFile("/a"))).toEqual({ "/b": [2] });
    expect(shown(image)).toEqual({ "/a": [1], "/b": [2] });
  });

  test("is not changed by a program that runs on it", async () => {
    const image = DiskImage.of({ "/a": bytes(2) });
    const file = await new SimulatedDisk({ image }).boot().openAppend("/a");
    file.append(bytes(300), 0, 300);
    expect(shown(image)).toEqual({ "/a": [1, 2] });
  });

  test("goes through JSON and back, with files that have two names", async () => {
    const disk = new SimulatedDisk({ image: DiskImage.of({ "/d/a": new Uint8Array([0, 255, 16]), "/b": bytes(0) }) });
    await disk.boot().link("/d/a", "/c");
    const image = disk.powerCut();
    const json = JSON.stringify(image);
    expect(JSON.parse(json)).toEqual({
      directories: ["/d"],
      files: { "/b": "", "/c": "00ff10", "/d/a": { sameAs: "/c" } },
    });
    const back = DiskImage.fromJSON(JSON.parse(json));
    expect(shown(back)).toEqual(shown(image));
    expect(back.files.get("/c")).toBe(back.files.get("/d/a"));
  });

  test("that names a file or a directory that is not there is refused", () => {
    const refusal = expect.objectContaining({ code: "FS_INVALID_ARGUMENT" });
    expect(() => DiskImage.fromJSON({ directories: [], files: { "/a": { sameAs: "/b" } } })).toThrow(refusal);
    const orphan = DiskImage.fromJSON({ directories: [], files: { "/d/a": "00" } });
    expect(() => new SimulatedDisk({ image: orphan })).toThrow(refusal);
  });
});

describe("the hash of an image", () => {
  test("differs when a path, a byte, a length or a directory does", () => {
    const images = [
      DiskImage.of({}),
      DiskImage.of({}, ["/a"]),
      DiskImage.of({}, ["/b"]),
      DiskImage.of({ "/a": bytes(0) }),
      DiskImage.of({ "/b": bytes(0) }),
      DiskImage.of({ "/a": new Uint8Array(1) }),
      DiskImage.of({ "/a": new Uint8Array(4) }),
      DiskImage.of({ "/a": new Uint8Array(5) }),
      DiskImage.of({ "/a": bytes(1, 1), "/b": bytes(1, 2) }),
      DiskImage.of({ "/a": bytes(1, 2), "/b": bytes(1, 1) }),
    ];
    const hashes = images.map(hashImage);
    expect(new Set(hashes).size).toBe(images.length);
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{16}$/);
  });

  test("is the same for the same bytes, wherever they lie in memory and in whatever order the files come", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 9 }), fc.nat(7), (a, b, shift) => {
        const moved = new Uint8Array(a.length + shift);
        moved.set(a, shift);
        const image = DiskImage.of({ "/a": a, "/b": b });
        const other = DiskImage.of({ "/b": b, "/a": moved.subarray(shift) });
        expect(hashImage(other)).toBe(hashImage(image));
      }),
    );
  });

  test("differs after any change of one byte", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 600 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (a, at, by) => {
          const changed = a.slice();
          changed[at % a.length] ^= by;
          expect(hashImage(DiskImage.of({ "/a": changed }))).not.toBe(hashImage(DiskImage.of({ "/a": a })));
        },
      ),
    );
  });
});
