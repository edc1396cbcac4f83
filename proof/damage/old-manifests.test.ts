import { MANIFEST_NAME } from "@hashlog/format";
import { replacedFile, staleFiles } from "@hashlog/fs-io/testing";
import { expect, test } from "vitest";
import { mustBeRightOrTold, mustNameDamage } from "../properties/p10-corruption-honesty.ts";
import { DIRECTORY } from "../world/text-store.ts";
import { openImage } from "./opening.ts";
import { readEverything } from "./reading.ts";
import { foreignStore, smallStore, type StoreName } from "./stores.ts";

/**
 * The manifest as it was at any earlier time of the store's life, beside the files of today. Where it opens at all it is
 * as good as the newest: everything is there, also after more was written and the store opened again.
 */
const PATH = `${DIRECTORY}/${MANIFEST_NAME}`;
const STORES: readonly StoreName[] = ["closed", "killed under always"];

test.each(STORES)("an older manifest is refused or does as well, in a store that was %s", async (name) => {
  const store = await smallStore(name);
  const last = Math.max(...store.contents.keys());
  const counts = { refused: 0, right: 0 };
  for (const damage of staleFiles(store.image, PATH, store.past)) {
    const opened = await openImage(damage.apply(store.image), store.shape);
    if (opened.kind === "failed") {
      mustNameDamage(opened);
      counts.refused += 1;
      continue;
    }
    counts.right += 1;
    expect(opened.stats.sequence).toBe(last);
    const before = await readEverything(opened.store);
    expect(mustBeRightOrTold(before, store.contents.get(last))).toBe(0);
    await opened.store.put("e", "new");
    opened.disk.kill();
    const again = await openImage(opened.disk.image(), store.shape);
    if (again.kind === "failed") throw new Error(again.code);
    expect(await readEverything(again.store)).toEqual(new Map(before).set("e", "new"));
    again.disk.kill();
  }
  expect(counts.refused).toBeGreaterThan(5);
  expect(counts.right).toBeGreaterThan(0);
});

test("a manifest from an earlier clean close is refused when the log has gone on since in the same segment", async () => {
  const { image, shape } = await smallStore("closed");
  const opened = await openImage(image, shape);
  if (opened.kind === "failed") throw new Error(opened.code);
  await opened.store.put("e", "new");
  await opened.store.close();
  const later = opened.disk.image();
  const damaged = await openImage(replacedFile(PATH, image).apply(later), shape);
  expect(damaged).toEqual({ kind: "failed", code: "HASHLOG_CORRUPT", path: PATH });
});

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
