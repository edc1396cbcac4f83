import { expect, test } from "vitest";
import { LIMITS } from "../src/limits.ts";
import { memoryWorld } from "./support/worlds.ts";

const KEYS = Array.from({ length: 100 }, (_, index) => `key ${index}`);

/** How many rounds of `read` one turn of the event loop is kept for, of 200. */
async function roundsBeforeOthers(read: () => Promise<unknown>): Promise<number> {
  let others = false;
  setImmediate(() => {
    others = true;
  });
  let rounds = 0;
  while (!others && rounds < 200) {
    await read();
    rounds += 1;
  }
  return rounds;
}

/** So many answers a turn has room for; one `getMany` of all keys takes them all. */
const TURNS = { ...LIMITS, answersPerTurn: 100 };

test("a loop of getMany of keys that are not there lets others have their turn", async () => {
  const world = await memoryWorld();
  const db = await world.openWithin(TURNS);
  expect(await roundsBeforeOthers(() => db.getMany(KEYS))).toBeLessThanOrEqual(3);
});

test("a loop of getMany of values that are in the cache lets others have their turn", async () => {
  const world = await memoryWorld();
  const db = await world.openWithin(TURNS);
  await db.batch(KEYS.map((key) => ({ type: "put", key, value: key })));
  for (let round = 0; round < 2; round += 1) for (const key of KEYS) db.getSync(key);
  expect(await roundsBeforeOthers(() => db.getMany(KEYS))).toBeLessThanOrEqual(3);
});

test("a loop of getMany of values that lie side by side lets others have their turn", async () => {
  const world = await memoryWorld();
  const db = await world.openWithin(TURNS, { cacheBytesMax: 0 });
  await db.batch(KEYS.map((key) => ({ type: "put", key, value: key })));
  expect(await roundsBeforeOthers(() => db.getMany(KEYS))).toBeLessThanOrEqual(3);
});

test("closing waits for gets of keys that are not there, as for others", async () => {
  const world = await memoryWorld();
  const db = await world.openWithin({ ...LIMITS, answersPerTurn: 1 });
  await db.put("key", "value");
  let answered = 0;
  const gets = Array.from({ length: 500 }, (_, index) =>
    db.get(`missing ${index}`).then(() => {
      answered += 1;
    }),
  );
  await db.close();
  const atClosing = answered;
  await Promise.all(gets);
  expect(atClosing).toBe(500);
});
