import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { NumberedKeys } from "../../numbered-keys.ts";
import type { Contender, Durability, Entrant } from "../contender.ts";
import { ENTRANTS, entrant } from "./all.ts";

const VALUE_BYTES = 50;
const ALL = ENTRANTS.flatMap((one) =>
  (Object.keys(one.durabilities) as Durability[]).map((durability) => ({ name: one.name, durability, one })),
);

async function opened(one: Entrant, durability: Durability, directory: string): Promise<Contender> {
  return one.open({ directory, durability, valueBytes: VALUE_BYTES });
}

function key(number: number): Buffer {
  return NumberedKeys.write(Buffer.alloc(NumberedKeys.BYTES), number);
}

function value(number: number): Buffer {
  return Buffer.alloc(VALUE_BYTES, number);
}

test.each(ALL)(
  "$name, $durability, gives back what it was given, and is still there when it is opened again",
  async ({ one, durability }) => {
    const directory = await mkdtemp(join(tmpdir(), "hashlog-contender-"));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const store = await opened(one, durability, directory);
    const numbers = Array.from({ length: 20 }, (_, index) => 2 * index);
    await store.batch(numbers.map(key), numbers.map(value));
    // One buffer for all keys: it is used again once a call has returned.
    const shared = Buffer.alloc(NumberedKeys.BYTES);
    const puts = [3, 4, 5].map((number) => store.put(NumberedKeys.write(shared, 2 * number), value(100 + number)));
    await Promise.all(puts);
    const expected = numbers.map((number) => value([6, 8, 10].includes(number) ? 100 + number / 2 : number));
    const check = async (of: Contender): Promise<void> => {
      const gets = numbers.map((number) => of.get(NumberedKeys.write(shared, number)));
      expect((await Promise.all(gets)).map((found) => found && Buffer.from(found))).toEqual(expected);
      if (of.getSync === undefined) return;
      expect(numbers.map((number) => Buffer.from(of.getSync!(NumberedKeys.write(shared, number))!))).toEqual(expected);
      expect(of.getSync(key(7))).toBeUndefined();
    };
    await check(store);
    await store.settle();
    await store.close();
    if (one.isBare === true) return;
    const again = await opened(one, durability, directory);
    await check(again);
    await again.close();
  },
);

test("a store that there is not is named, with those that there are", () => {
  expect(entrant("lmdb").name).toBe("lmdb");
  expect(() => entrant("nedb")).toThrow(/nedb.*hashlog, hashlog cache off, lmdb/);
});

test("stores that come from elsewhere tell their version", () => {
  const versions = ENTRANTS.flatMap(({ name, version }) => (version === undefined ? [] : [name]));
  expect(versions).toEqual(["lmdb", "classic-level", "node:sqlite", "medea"]);
  for (const { version = "0.0" } of ENTRANTS) expect(version).toMatch(/^(?:SQLite )?\d+\.\d+/);
});
