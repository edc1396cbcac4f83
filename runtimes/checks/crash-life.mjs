/**
 * One life of a store on the simulated disk, drawn from a seed, with what it held after each of its commits and when that was
 * acknowledged; and the judgement of what a crash has left of it.
 */
import { open, utf8 } from "@hashlog/engine";
import { SeededRandom, SimulatedDisk } from "@hashlog/fs-io/testing";
import assert from "node:assert/strict";

/** @typedef {Map<string, string>} Contents */
/** @typedef {import("@hashlog/engine").Store<string, string, string>} Db */

/**
 * @typedef {object} Life
 * @property {SimulatedDisk} disk
 * @property {Contents[]} contents Of the store, after each commit; the first is empty.
 * @property {number[]} acknowledgedAt The step of the disk by which each of them was acknowledged.
 */

export const DIRECTORY = "/store";
const KEYS = 6;
const COMMITS = 16;

/**
 * @param {import("@hashlog/fs-io").FileSystem} fileSystem
 * @param {number} seed Of identities and hash keys, which are random otherwise.
 * @returns {Promise<Db>}
 */
export function openStore(fileSystem, seed) {
  const random = new SeededRandom(seed);
  return open(DIRECTORY, {
    fileSystem,
    values: utf8,
    segmentBytesMax: 512,
    compaction: false,
    random: { fill: (target) => target.set(target.map(() => random.below(256))) },
  });
}

/**
 * @param {number} seed
 * @returns {Promise<Life>}
 */
export async function liveOnce(seed) {
  const random = new SeededRandom(seed);
  const disk = new SimulatedDisk();
  const fileSystem = disk.boot();
  let db = await openStore(fileSystem, seed);
  /** @type {Life} */
  const life = { disk, contents: [new Map()], acknowledgedAt: [disk.position] };
  for (let commit = 1; commit <= COMMITS; commit += 1) {
    const next = new Map(life.contents.at(-1));
    await writeOnce(db, next, commit, random);
    life.contents.push(next);
    life.acknowledgedAt.push(disk.position);
    const rest = random.below(8);
    if (rest === 0) await db.compact();
    if (rest === 1) await db.checkpoint();
    if (rest === 2) {
      await db.close();
      db = await openStore(fileSystem, seed + commit);
    }
  }
  await db.close();
  return life;
}

/**
 * @param {Db} db
 * @param {Contents} contents What there is before, and then after.
 * @param {number} commit
 * @param {SeededRandom} random
 */
async function writeOnce(db, contents, commit, random) {
  const key = () => `key ${random.below(KEYS)}`;
  const value = () => `${commit} ${"x".repeat(random.below(200))}`;
  switch (random.below(4)) {
    case 0: {
      const gone = key();
      assert.equal(await db.delete(gone), contents.delete(gone));
      return;
    }
    case 1: {
      /** @type {import("@hashlog/engine").BatchOperation<string, string>[]} */
      const operations = [];
      for (let count = 2 + random.below(3); count > 0; count -= 1) {
        const [at, what] = [key(), value()];
        operations.push({ type: "put", key: at, value: what });
        contents.set(at, what);
      }
      const gone = key();
      operations.push({ type: "delete", key: gone });
      contents.delete(gone);
      await db.batch(operations);
      return;
    }
    default: {
      const [at, what] = [key(), value()];
      await db.put(at, what);
      contents.set(at, what);
    }
  }
}

/**
 * Whether what was found is what the first so many commits left, and no fewer than were acknowledged before the crash, nor more
 * than were begun: one at most is under way at a time.
 * @param {Pick<Life, "contents" | "acknowledgedAt">} life
 * @param {number} ordinal Steps before the crash.
 * @param {Contents} found
 * @returns {string | undefined} What is wrong.
 */
export function complaintAbout({ contents, acknowledgedAt }, ordinal, found) {
  const acknowledged = acknowledgedAt.filter((position) => position <= ordinal).length - 1;
  const legal = contents.slice(Math.max(0, acknowledged), acknowledged + 2);
  if (legal.some((each) => isSame(each, found))) return undefined;
  const older = contents.findIndex((each) => isSame(each, found));
  const what = older < 0 ? "what no number of commits leaves" : `what ${older} commits leave`;
  return `${acknowledged} commits were acknowledged, and found is ${what}: ${JSON.stringify([...found])}`;
}

/**
 * @param {Contents} one
 * @param {Contents} other
 */
function isSame(one, other) {
  return one.size === other.size && [...one].every(([key, value]) => other.get(key) === value);
}
