/** A process that is killed while it writes takes nothing with it that it was told is safe. */
import { open, utf8, verify } from "@hashlog/engine";
import { SeededRandom } from "@hashlog/fs-io/testing";
import assert from "node:assert/strict";
import { describe, test } from "./harness.mjs";
import { inDirectory, OtherProcess } from "./machine.mjs";
import { KEYS, valueOf } from "./values.mjs";

const KILLS = 5;

/**
 * Starts a writer, kills it after some writes, and looks at what is there.
 * @param {string} directory
 * @param {string} sync
 * @param {number} acknowledged How many are waited for.
 * @param {Map<string, number>} least The last acknowledged number of each key, those of earlier lives included.
 */
async function killAndLook(directory, sync, acknowledged, least) {
  const writer = new OtherProcess("writer.mjs", directory, sync);
  await writer.says(acknowledged);
  await writer.kill();
  for (const line of writer.said) {
    const [key = "", number] = line.split(" ");
    least.set(key, Number(number));
  }
  // A hint file that was being written may be cut off: it is only a cache.
  const { findings } = await verify(directory);
  assert.deepEqual(
    findings.filter(({ harmless }) => !harmless),
    [],
  );
  const db = await open(directory, { values: utf8 });
  for (let index = 0; index < KEYS; index += 1) {
    const key = String(index);
    const value = await db.get(key);
    const number = value === undefined ? 0 : Number(value.split(" ")[0]);
    const acknowledgedLast = least.get(key) ?? 0;
    // The one that was under way may be there or not; whole, if it is.
    assert.ok(number >= acknowledgedLast && number <= acknowledgedLast + 1, `${key}: ${number}, ${acknowledgedLast}`);
    assert.equal(value, number === 0 ? undefined : valueOf(key, number));
    least.set(key, number);
  }
  assert.ok(db.stats().keys <= KEYS);
  await db.close();
}

for (const sync of ["always", "never"]) {
  describe(`a process that writes with sync ${JSON.stringify(sync)}`, () => {
    test(`is killed ${KILLS} times in the midst of writing, and each time everything acknowledged is there`, () =>
      inDirectory(async (directory) => {
        const random = new SeededRandom(4711);
        const least = new Map();
        for (let kill = 0; kill < KILLS; kill += 1) {
          await killAndLook(directory, sync, 20 + random.below(400), least);
        }
        assert.equal(least.size, KEYS);
      }));
  });
}
