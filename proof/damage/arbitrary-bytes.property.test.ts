import { crc32, MANIFEST_NAME } from "@hashlog/format";
import type { DiskImage } from "@hashlog/fs-io/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { mustBeRightOrTold } from "../properties/p10-corruption-honesty.ts";
import { mustBeBounded } from "../properties/p17-decoder-safety.ts";
import { settled } from "../world/quiet.ts";
import { runs } from "../world/runs.ts";
import { DIRECTORY } from "../world/text-store.ts";
import { allocationsOf } from "./allocations.ts";
import { filesOf, withoutCaches } from "./store-files.ts";
import { openImage } from "./opening.ts";
import { readEverything } from "./reading.ts";
import { smallStore, type SmallStore } from "./stores.ts";

/**
 * Whatever lies in its files, opening a store ends, in little memory, with a store or a HashlogError, and so does every
 * read of it (P17): also where a checksum is right, and the bytes were made by somebody who means no good.
 */
const STORES = ["closed", "killed under never"] as const;
const PATH = `${DIRECTORY}/${MANIFEST_NAME}`;

// The small stores are a few kilobytes long; a keydir, and what is read at once, takes the rest.
const LIMIT = { largestBytes: 1 << 20, totalBytes: 8 << 20 };

/** Opens, and reads everything; what ends in any other way than it may is thrown by `openImage` and `readEverything`. */
async function openAndRead(image: DiskImage, store: SmallStore): Promise<string> {
  let ending = "";
  const allocations = await allocationsOf(async () => {
    const opened = await settled(openImage(image, store.shape), "the opening");
    ending = opened.kind === "failed" ? opened.code : opened.kind;
    if (opened.kind === "failed") return;
    await settled(readEverything(opened.store), "a read");
    opened.disk.kill();
  });
  mustBeBounded(allocations, LIMIT);
  return ending;
}

const roads = fc.constantFrom<readonly string[]>([], ["checkpoint"], ["checkpoint", "hint"]);
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 700, size: "max" }),
  fc.tuple(fc.nat({ max: 255 }), fc.nat({ max: 700 })).map(([byte, length]) => new Uint8Array(length).fill(byte)),
);

test.each(STORES)("any bytes may be any file of a store that was %s", async (name) => {
  const store = await smallStore(name);
  const paths = filesOf(store);
  await fc.assert(
    fc.asyncProperty(fc.nat(), anyBytes, roads, fc.nat(), async (which, bytes, kinds, kept) => {
      const path = paths[which % paths.length]!;
      const original = store.image.bytes(path)!;
      // Behind a part of what was there: what is random from the beginning is not looked at for long.
      const content = Uint8Array.of(...original.subarray(0, kept % (original.length + 1)), ...bytes);
      await openAndRead(withoutCaches(store.image, kinds).withFile(path, content), store);
    }),
    { numRuns: runs(400) },
  );
});

test.each(STORES)(
  "garbage behind any file changes nothing that is vouched for, in a store that was %s",
  async (name) => {
    const store = await smallStore(name);
    const paths = filesOf(store).filter((path) => path !== PATH);
    await fc.assert(
      fc.asyncProperty(fc.nat(), anyBytes, roads, async (which, bytes, kinds) => {
        const path = paths[which % paths.length]!;
        const content = Uint8Array.of(...store.image.bytes(path)!, ...bytes);
        const opened = await openImage(withoutCaches(store.image, kinds).withFile(path, content), store.shape);
        if (opened.kind === "failed") throw new Error(`refused with ${opened.code}`);
        const { sequence } = opened.stats;
        expect(sequence).toBe(Math.max(...store.contents.keys()));
        expect(mustBeRightOrTold(await readEverything(opened.store), store.contents.get(sequence))).toBe(0);
        opened.disk.kill();
      }),
      { numRuns: runs(200) },
    );
  },
);

test.each(STORES)(
  "any manifest with a right checksum ends in a store or a HashlogError, and so does every read, for one that was %s",
  async (name) => {
    const store = await smallStore(name);
    const original = store.image.bytes(PATH)!;
    const edits = fc.array(fc.tuple(fc.nat({ max: original.length - 5 }), fc.nat({ max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    const endings = new Set<string>();
    await fc.assert(
      fc.asyncProperty(edits, roads, async (bytes, kinds) => {
        const image = withoutCaches(store.image, kinds).withFile(PATH, resealed(original, bytes));
        endings.add(await openAndRead(image, store));
      }),
      { numRuns: runs(600) },
    );
    expect(endings).toContain("HASHLOG_CORRUPT");
    expect(endings).toContain("open");
  },
);

test.each(STORES)("each single byte of a manifest may be forged, of a store that was %s", async (name) => {
  const store = await smallStore(name);
  const original = store.image.bytes(PATH)!;
  const endings = new Map<string, number>();
  for (let at = 0; at < original.length - 4; at += 1) {
    for (const byte of new Set([original[at]! ^ 1, original[at]! ^ 128, 0, 1, 255])) {
      const ending = await openAndRead(store.image.withFile(PATH, resealed(original, [[at, byte]])), store);
      endings.set(ending, (endings.get(ending) ?? 0) + 1);
    }
  }
  expect(Math.min(endings.get("open") ?? 0, endings.get("HASHLOG_CORRUPT") ?? 0)).toBeGreaterThan(50);
});

/**
 * A length is believed by nobody before it is held against what is left of its file. Wherever one may stand, a very large
 * one is put there, and the file is read by the road that needs it.
 */
test.each(STORES)("a very large length anywhere in a file costs no memory, in a store that was %s", async (name) => {
  const store = await smallStore(name);
  let reached = 0;
  for (const path of filesOf(store)) {
    const original = store.image.bytes(path)!;
    const image = withoutCaches(store.image, CACHES_BEFORE[path.slice(path.lastIndexOf(".") + 1)] ?? []);
    for (let at = 0; at + LARGE.length <= original.length; at += 1) {
      const content = original.slice();
      content.set(LARGE, at);
      await openAndRead(image.withFile(path, content), store);
      reached += 1;
    }
  }
  expect(reached).toBeGreaterThan(1000);
});

const LARGE = [0xff, 0xff, 0xff, 0x7f];

/** What has to be gone for files of that kind to be read. */
const CACHES_BEFORE: Readonly<Record<string, readonly string[]>> = {
  segment: ["checkpoint", "hint"],
  hint: ["checkpoint"],
};

/** The manifest with those bytes in it, and a checksum that says that it is right. */
function resealed(original: Uint8Array, edits: readonly (readonly [at: number, byte: number])[]): Uint8Array {
  const content = original.slice();
  for (const [at, byte] of edits) content[at] = byte;
  const crcAt = content.length - 4;
  new DataView(content.buffer).setUint32(crcAt, crc32(content, 0, crcAt), true);
  return content;
}

test("the watch sees what is allocated, and no more", async () => {
  const seen = await allocationsOf(() =>
    Promise.resolve([new Uint8Array(10), new Float64Array(5), new Int16Array(2), Uint8Array.of(1)]),
  );
  expect(seen).toEqual({ largestBytes: 40, totalBytes: 55 });
  expect(() => mustBeBounded(seen, { largestBytes: 39, totalBytes: 99 })).toThrow("P17");
  expect(() => mustBeBounded(seen, { largestBytes: 99, totalBytes: 54 })).toThrow("P17");
  expect(await allocationsOf(() => Promise.resolve(1))).toEqual({ largestBytes: 0, totalBytes: 0 });
});
