import { parseFileName, segmentFileName, SEGMENT_HEADER_BYTES } from "@hashlog/format";
import { bitFlips, type Damage, type DiskImage } from "@hashlog/fs-io/testing";
import { expect, test } from "vitest";
import { quiet } from "../world/quiet.ts";
import { DIRECTORY } from "../world/text-store.ts";
import { mustBeRightOrTold, mustNameDamage } from "../properties/p10-corruption-honesty.ts";
import { withoutCaches } from "./store-files.ts";
import { manifestOf } from "../world/manifest.ts";
import { openImage } from "./opening.ts";
import { readEverything } from "./reading.ts";
import { smallStore, type SmallStore, type StoreName } from "./stores.ts";

/**
 * A store with damage in a sealed segment is compacted. The checkpoint or the hints tie the damage to keys, so that it
 * opens; every other segment is merged, the damaged one stays as it is, the report names it, and nothing else is lost,
 * then or at the next openings.
 */
const STORES: readonly StoreName[] = ["closed", "killed under always"];
const EVERY = 7;

test.each(STORES)("compacting leaves a damaged segment out, in a store that was %s", async (name) => {
  const store = await smallStore(name);
  let tried = 0;
  for (const listed of store.manifest.segments) {
    if (listed.state !== "sealed") continue;
    const path = `${DIRECTORY}/${segmentFileName(listed.segmentId)}`;
    for (const damage of someFlips(store.image, path, listed.sealedBytes)) {
      for (const kinds of [[], ["checkpoint"]]) {
        const image = withoutCaches(damage.apply(store.image), kinds);
        const opened = await compactWith(store, image, listed.segmentId).catch((error: unknown) => {
          throw new Error(`${damage.description}: ${(error as Error).message}`, { cause: error });
        });
        if (opened) tried += 1;
      }
    }
  }
  expect(tried).toBeGreaterThan(40);
});

// Not of the header: with that damaged no segment is opened.
function someFlips(image: DiskImage, path: string, sealedBytes: number): readonly Damage[] {
  return [...bitFlips(image, path)].filter((_damage, index) => {
    const [at, bit] = [Math.floor(index / 8), index % 8];
    return at >= SEGMENT_HEADER_BYTES && at < sealedBytes && at % EVERY === 0 && bit === at % 8;
  });
}

/** Resolves to whether the store opened at all. */
async function compactWith(store: SmallStore, image: DiskImage, damagedId: number): Promise<boolean> {
  const opened = await openImage(image, store.shape);
  if (opened.kind === "failed") {
    // The segment where the replay of a checkpoint begins is scanned, hint or not.
    mustNameDamage(opened);
    return false;
  }
  const before = await readEverything(opened.store);
  const contents = store.contents.get(opened.stats.sequence);
  const damaged = mustBeRightOrTold(before, contents);
  const report = await opened.store.compact();
  expect(report.leftOut.map(({ segmentId }) => segmentId)).toEqual([damagedId]);
  const listed = opened.stats.segments.map(({ segmentId }) => segmentId).filter((id) => id !== damagedId);
  expect(report.inputs.map(({ segmentId }) => segmentId)).toEqual(listed);
  expect(await readEverything(opened.store)).toEqual(before);
  await opened.store.close();
  await quiet();
  const after = opened.disk.image();
  const path = `${DIRECTORY}/${segmentFileName(damagedId)}`;
  expect(after.bytes(path)).toEqual(image.bytes(path));
  mustBeListed(after, [damagedId, ...report.outputs.map(({ segmentId }) => segmentId)]);
  for (const kinds of [[], ["checkpoint"]]) {
    const again = await openImage(withoutCaches(after, kinds), store.shape);
    if (again.kind === "failed") throw new Error(`refused with ${again.code} after compacting`);
    expect(await readEverything(again.store)).toEqual(before);
    again.disk.kill();
    expect(mustBeRightOrTold(before, contents)).toBe(damaged);
  }
  return true;
}

function mustBeListed(image: DiskImage, ids: readonly number[]): void {
  expect(
    manifestOf(image)
      .segments.map(({ segmentId }) => segmentId)
      .sort(byNumber),
  ).toEqual([...ids].sort(byNumber));
  const files = [...image.files.keys()].flatMap((path) => {
    const file = parseFileName(path.slice(DIRECTORY.length + 1));
    return file?.kind === "segment" ? [file.id] : [];
  });
  expect(files.sort(byNumber)).toEqual([...ids].sort(byNumber));
}

function byNumber(left: number, right: number): number {
  return left - right;
}
