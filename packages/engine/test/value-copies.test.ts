import { expect, test } from "vitest";
import { ValueCopies } from "../src/value-copies.ts";
import { filler, isSame } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

const LENGTHS = [0, 1, 7, 8, 63, 64, 65, 66, 100, 1000, 2047, 2048, 2049, 5000, 16_384, 20_000];

test("a copy is what was copied, of whatever length, and none touches another one", () => {
  const copies = new ValueCopies();
  const made: { readonly copy: Uint8Array; readonly expected: Uint8Array }[] = [];
  for (let round = 0; round < 40; round += 1) {
    for (const length of LENGTHS) {
      const source = filler(length + 10, round);
      const copy = copies.copy(source, 5, 5 + length);
      made.push({ copy, expected: source.slice(5, 5 + length) });
      source.fill(0);
    }
  }
  for (const { copy, expected } of made) expect(isSame(copy, expected)).toBe(true);
  // Written all over, each leaves the others as they are.
  for (const { copy } of made.filter((_, index) => index % 2 === 0)) copy.fill(0xff);
  for (const { copy, expected } of made.filter((_, index) => index % 2 === 1))
    expect(isSame(copy, expected)).toBe(true);
});

test("small copies share an ArrayBuffer of 16 KiB, and lie where numbers of eight bytes may begin", () => {
  const copies = new ValueCopies();
  const made = Array.from({ length: 100 }, () => copies.copy(filler(101), 0, 101));
  expect(new Set(made.map(({ buffer }) => buffer)).size).toBe(1);
  expect(made[0]!.buffer.byteLength).toBe(16_384);
  expect(made.every(({ byteOffset }) => byteOffset % 8 === 0)).toBe(true);
  // Those that are cheap by themselves, and those that would keep much, are alone.
  for (const length of [64, 2049]) expect(copies.copy(filler(length), 0, length).buffer.byteLength).toBe(length);
});

test("a value cannot be transferred to another thread and the others with it", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("a", filler(100, 1));
  await db.put("b", filler(100, 2));
  const [a, b] = [db.getSync("a")!, (await db.get("b"))!];
  expect(() => structuredClone(a, { transfer: [a.buffer as ArrayBuffer] })).toThrow(/transfer/);
  expect([isSame(a, filler(100, 1)), isSame(b, filler(100, 2))]).toEqual([true, true]);
  // A copy of its own can.
  const own = a.slice();
  expect(isSame(structuredClone(own, { transfer: [own.buffer] }), filler(100, 1))).toBe(true);
});
