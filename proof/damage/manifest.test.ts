import { MANIFEST_NAME } from "@hashlog/format";
import { expect, test } from "vitest";
import { DIRECTORY } from "../world/text-store.ts";
import { flips, overwrites, truncations, type Damage } from "./damages.ts";
import { openImage } from "./reading.ts";
import { foreignStore, smallStore } from "./stores.ts";

const PATH = `${DIRECTORY}/${MANIFEST_NAME}`;
// Where the format's version stands.
const VERSION_AT = 8;
const VERSION_END = 12;

test.each(["closed", "killed before it sealed"] as const)(
  "a manifest with any byte changed, or too short, is refused and nothing touched, in a store that was %s",
  async (name) => {
    const { image, shape } = await smallStore(name);
    const bytes = image.bytes(PATH)!;
    let tried = 0;
    const tryAll = async (damages: Iterable<Damage>): Promise<void> => {
      for (const damage of damages) {
        tried += 1;
        const opened = await openImage(image.withFile(PATH, damage.bytes), shape);
        const code = isLaterVersion(damage.bytes, bytes) ? "HASHLOG_VERSION" : "HASHLOG_CORRUPT";
        expect({ ...damage, ...opened }).toEqual({ ...damage, kind: "failed", code, path: PATH });
      }
    };
    await tryAll(flips(bytes));
    await tryAll(overwrites(bytes));
    await tryAll(truncations(bytes));
    await tryAll([{ what: "longer by a byte", bytes: Uint8Array.of(...bytes, 0) }]);
    await tryAll([{ what: "twice", bytes: Uint8Array.of(...bytes, ...bytes) }]);
    expect(tried).toBeGreaterThan(10 * bytes.length);
  },
);

// The version is told before anything else is looked at: a later one may lay out the rest as it likes.
function isLaterVersion(bytes: Uint8Array, original: Uint8Array): boolean {
  const magic = bytes.length >= VERSION_END && bytes.subarray(0, VERSION_AT).every((byte, at) => byte === original[at]);
  return magic && new DataView(bytes.buffer, bytes.byteOffset).getUint32(VERSION_AT, true) > 1;
}

test("without its manifest a store is damaged, never empty", async () => {
  const { image, shape } = await smallStore("closed");
  const opened = await openImage(image.withoutFile(PATH), shape);
  expect(opened).toEqual({ kind: "failed", code: "HASHLOG_CORRUPT", path: DIRECTORY });
});

test("another store's manifest is refused, as are this store's segments in another", async () => {
  const { image, shape } = await smallStore("closed");
  const foreign = await foreignStore();
  const opened = await openImage(image.withFile(PATH, foreign.image.bytes(PATH)!), shape);
  expect(opened).toMatchObject({ kind: "failed", code: "HASHLOG_CORRUPT" });
});
