import { crc32, MANIFEST_NAME, parseFileName, RESERVE_NAME } from "@hashlog/format";
import type { DiskImage } from "@hashlog/fs-io/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { DIRECTORY } from "../world/text-store.ts";
import { withoutCaches } from "./judge.ts";
import { openImage, readEverything } from "./reading.ts";
import { smallStore, type SmallStore } from "./stores.ts";

/**
 * Whatever lies in its files, opening a store ends with a store or a HashlogError; so does every read of it, unless the
 * manifest was forged: a checksum that is right vouches for it.
 */
const STORES = ["closed", "killed under never"] as const;
const PATH = `${DIRECTORY}/${MANIFEST_NAME}`;

// `openImage` and `readEverything` throw anything that is no HashlogError.
async function openAndRead(image: DiskImage, store: SmallStore): Promise<void> {
  const opened = await openImage(image, store.shape);
  if (opened.kind === "failed") return;
  await readEverything(opened.store);
  opened.disk.kill();
}

function filesOf({ image }: SmallStore): readonly string[] {
  return [...image.files.keys()].filter((path) => {
    const name = path.slice(DIRECTORY.length + 1);
    return name !== RESERVE_NAME && parseFileName(name) !== undefined;
  });
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
    { numRuns: 400 },
  );
});

test.each(STORES)(
  "garbage behind any file changes nothing that is vouched for, in a store that was %s",
  async (name) => {
    const store = await smallStore(name);
    const paths = filesOf(store).filter((path) => path !== PATH);
    const contents = store.contents.at(-1)!;
    await fc.assert(
      fc.asyncProperty(fc.nat(), anyBytes, roads, async (which, bytes, kinds) => {
        const path = paths[which % paths.length]!;
        const content = Uint8Array.of(...store.image.bytes(path)!, ...bytes);
        const opened = await openImage(withoutCaches(store.image, kinds).withFile(path, content), store.shape);
        if (opened.kind === "failed") throw new Error(`refused with ${opened.code}`);
        const found = await readEverything(opened.store);
        opened.disk.kill();
        for (const [key, value] of found) expect({ key, value }).toEqual({ key, value: contents.get(key) });
      }),
      { numRuns: 200 },
    );
  },
);

test.each(STORES)(
  "any manifest with a right checksum ends in a store or a HashlogError, for one that was %s",
  async (name) => {
    const store = await smallStore(name);
    const original = store.image.bytes(PATH)!;
    const edits = fc.array(fc.tuple(fc.nat({ max: original.length - 5 }), fc.nat({ max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(edits, roads, async (bytes, kinds) => {
        const content = original.slice();
        for (const [at, byte] of bytes) content[at] = byte;
        const crcAt = content.length - 4;
        new DataView(content.buffer).setUint32(crcAt, crc32(content, 0, crcAt), true);
        const opened = await openImage(withoutCaches(store.image, kinds).withFile(PATH, content), store.shape);
        outcomes.add(opened.kind === "failed" ? opened.code : opened.kind);
        if (opened.kind === "open") opened.disk.kill();
      }),
      { numRuns: 400 },
    );
    expect([...outcomes]).toContain("HASHLOG_CORRUPT");
  },
);
