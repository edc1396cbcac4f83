/**
 * A short crash suite: lives of a store on the simulated disk, each cut off at steps and in ways drawn by chance. What is there
 * afterwards is judged, and so is whether the store reads what is written to it then, before and after another opening.
 */
import { crashPointAt, PROFILES, sampleFates, SeededRandom, SimulatedDisk } from "@hashlog/fs-io/testing";
import assert from "node:assert/strict";
import { complaintAbout, liveOnce, openStore } from "./crash-life.mjs";
import { describe, test } from "./harness.mjs";

const LIVES = 40;
const CRASHES = 8;

for (let seed = 1; seed <= LIVES; seed += 1) {
  /** @type {ReturnType<typeof liveOnce> | undefined} */
  let life;
  describe(`life ${seed} on the simulated disk`, () => {
    for (let crash = 1; crash <= CRASHES; crash += 1) {
      const profile = PROFILES[crash % PROFILES.length] ?? "free";
      test(`survives crash ${crash}, of the kind ${JSON.stringify(profile)}`, async () => {
        life ??= liveOnce(seed);
        const { disk, ...history } = await life;
        const random = new SeededRandom(seed * 7919 + crash);
        const point = crashPointAt(disk, random.below(disk.position + 1));
        const image = point.image(sampleFates(point, random, { profile }), profile);
        await lookAfter(image, (found) => complaintAbout(history, point.ordinal, found));
      });
    }
  });
}

/**
 * @param {import("@hashlog/fs-io/testing").DiskImage} image What the crash has left.
 * @param {(found: Map<string, string>) => string | undefined} judge
 */
async function lookAfter(image, judge) {
  const fileSystem = new SimulatedDisk({ image }).boot();
  const db = await openStore(fileSystem, 1);
  const expected = await contentsOf(db);
  assert.equal(judge(expected), undefined);
  await db.put("key 0", "after the crash");
  await db.batch([
    { type: "put", key: "new", value: "and this" },
    { type: "delete", key: "key 1" },
  ]);
  expected.set("key 0", "after the crash").set("new", "and this").delete("key 1");
  assert.equal(db.getSync("key 0"), "after the crash");
  assert.deepEqual(await contentsOf(db), expected);
  await db.close();
  const again = await openStore(fileSystem, 2);
  assert.deepEqual(await contentsOf(again), expected);
  await again.close();
}

/**
 * @param {import("./crash-life.mjs").Db} db
 * @returns {Promise<Map<string, string>>}
 */
async function contentsOf(db) {
  const found = new Map();
  for await (const [key, value] of db.entries()) found.set(key, value);
  return found;
}
