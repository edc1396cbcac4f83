import { parseFileName, segmentFileName } from "@hashlog/format";
import type { DiskImage } from "@hashlog/fs-io/testing";
import { expect, test } from "vitest";
import { quiet } from "../world/quiet.ts";
import { DIRECTORY } from "../world/text-store.ts";
import { flips } from "./damages.ts";
import { countDamaged, withoutCaches } from "./judge.ts";
import { manifestOf, openImage, readEverything } from "./reading.ts";
import { smallStore, type SmallStore, type StoreName } from "./stores.ts";

/**
 * A store with damage in a sealed segment is compacted. The checkpoint or the hints tie the damage to keys, so that it
 * opens; every other segment is merged, the damaged one stays as it is, the report names it, and nothing else is lost,
 * then or at the next openings.
 */
const STORES: readonly StoreName[] = ["closed", "killed under always"];
const EVERY = 23;

test.each(STORES)("compacting leaves a damaged segment out, in a store that was %s", async (name) => {
  const store = await smallStore(name);
  let tried = 0;
  for (const listed of store.manifest.segments) {
    if (listed.state !== "sealed") continue;
    const path = `${DIRECTORY}/${segmentFileName(listed.segmentId)}`;
    const bytes = store.image.bytes(path)!;
    for (const damage of pick(flips(bytes.subarray(0, listed.sealedBytes), 1))) {
      tried += 1;
      const whole = bytes.slice();
      whole.set(damage.bytes);
      for (const kinds of [[], ["checkpoint"]]) {
        const image = withoutCaches(store.image.withFile(path, whole), kinds);
        await compactWith(store, image, listed.segmentId).catch((error: unknown) => {
          throw new Error(`${path} ${damage.what}: ${(error as Error).message}`, { cause: error });
        });
      }
    }
  }
  expect(tried).toBeGreaterThan(60);
});

// Not of the header: with that damaged no segment is opened.
function* pick<T>(all: Iterable<T>): Generator<T> {
  let at = 0;
  for (const one of all) {
    if (at >= 32 && at % EVERY === 0) yield one;
    at += 1;
  }
}

async function compactWith(store: SmallStore, image: DiskImage, damagedId: number): Promise<void> {
  const opened = await openImage(image, store.shape);
  // Without a checkpoint the segment where a crashed store's replay begins may have no hint yet.
  if (opened.kind === "failed") throw new Error(`refused with ${opened.code}`);
  const before = await readEverything(opened.store);
  const contents = store.contents[opened.stats.sequence]!;
  const damaged = countDamaged(before, contents);
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
    expect(countDamaged(before, contents)).toBe(damaged);
  }
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
