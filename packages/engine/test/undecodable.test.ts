import { bytes, HashlogError, json, utf8, type Codec, type ReadOnlyStore } from "@hashlog/engine";
import { describe, expect, test } from "vitest";
import { all, rejection } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

type Reader = ReadOnlyStore<string, unknown>;

const READS: readonly (readonly [string, (db: Reader) => Promise<unknown>])[] = [
  ["get", (db) => db.get("bad")],
  ["getSync", async (db) => db.getSync("bad")],
  ["getEntry", (db) => db.getEntry("bad")],
  ["getMany", (db) => db.getMany(["good", "bad"])],
  ["entries", (db) => all(db.entries())],
  ["values", (db) => all(db.values())],
  ["a snapshot", (db) => db.snapshot().get("bad")],
  ["a feed from the state on", (db) => all(db.changes({ since: 0, wait: false }))],
  ["a feed from the log", (db) => all(db.changes({ since: 1, wait: false }))],
];

/** A store in which of two values one is no JSON. */
async function withBadValue(): Promise<{ openReader: (values: Codec<unknown>) => Promise<Reader> }> {
  const world = await memoryWorld();
  const db = await world.open({ values: utf8 });
  for (const [key, value] of [
    ["good", "1"],
    ["bad", "{"],
  ] as const)
    await db.put(key, value);
  await db.close();
  return { openReader: (values) => world.openReader<string, unknown>({ values, cacheBytesMax: 0 }) };
}

describe("a value that the codec of another store has written", () => {
  test.each(READS)("is told with its key: %s", async (_name, read) => {
    const { openReader } = await withBadValue();
    const error = await rejection(read(await openReader(json<unknown>())));
    expect(error).toMatchObject({
      code: "HASHLOG_INVALID_ARGUMENT",
      key: "bad",
      message: expect.stringMatching(/^the value of "bad": .* is no JSON .*: open it with the codecs/) as string,
      cause: expect.any(SyntaxError) as SyntaxError,
    });
  });

  test.each(READS)("is told with its key also where it has to be read aside: %s", async (_name, read) => {
    const { openReader } = await withBadValue();
    const db = await openReader(json<unknown>());
    // More at once than are read in one turn: the others are read later.
    const others = Array.from({ length: 2_000 }, () => db.get("good"));
    expect(await rejection(read(db))).toMatchObject({ key: "bad" });
    await Promise.all(others);
  });

  test.each(READS)("a codec of one's own says so as it likes: %s", async (_name, read) => {
    const { openReader } = await withBadValue();
    const refused = new Error("not this one");
    const own: Codec<unknown> = {
      ...json<unknown>(),
      decode(content) {
        if (utf8.decode(content) === "{") throw refused;
        return null;
      },
    };
    expect(await rejection(read(await openReader(own)))).toBe(refused);
  });

  test("what it expected, and what it found, is told as it was", async () => {
    const { openReader } = await withBadValue();
    const details = { expected: "version 2", actual: 1, cause: new Error("too old") };
    const own: Codec<unknown> = {
      ...json<unknown>(),
      decode() {
        throw new HashlogError("HASHLOG_INVALID_ARGUMENT", "not of this version", details);
      },
    };
    const error = await rejection((await openReader(own)).get("bad"));
    expect(error).toMatchObject({ ...details, key: "bad", message: 'the value of "bad": not of this version' });
  });

  test("what else a codec meets keeps its code", async () => {
    const { openReader } = await withBadValue();
    const refused = new HashlogError("HASHLOG_NOT_SUPPORTED", "written by somebody else");
    const own: Codec<unknown> = {
      ...json<unknown>(),
      decode() {
        throw refused;
      },
    };
    expect(await rejection((await openReader(own)).get("bad"))).toBe(refused);
  });
});

describe("a key that the codec of another store has written", () => {
  test("is told as its bytes, by keys, entries and feeds", async () => {
    const world = await memoryWorld();
    const db = await world.open({ keys: bytes, values: utf8 });
    await db.put(Uint8Array.of(0x61), "before");
    const key = Uint8Array.of(0xff, 0x7b);
    await db.put(key, "1");
    await db.close();
    const reader = await world.openReader({ values: utf8 });
    const feeds = [0, 1].map((since) => all(reader.changes({ since, wait: false })));
    for (const read of [all(reader.keys()), all(reader.entries()), ...feeds]) {
      expect(await rejection(read)).toMatchObject({
        code: "HASHLOG_INVALID_ARGUMENT",
        key,
        message: expect.stringMatching(/^the key 0xff7b: .* is no UTF-8 /) as string,
        cause: expect.any(TypeError) as TypeError,
      });
    }
  });

  test("its value is told by the bytes of the key as well, if that is what can be told", async () => {
    const world = await memoryWorld();
    const db = await world.open({ keys: bytes, values: utf8 });
    const key = Uint8Array.of(0xff, 0x7b);
    await db.put(key, "{");
    await db.close();
    const reader = await world.openReader({ values: json<unknown>() });
    expect(await rejection(all(reader.values()))).toMatchObject({
      key,
      message: expect.stringMatching(/^the value of 0xff7b: .* is no JSON /) as string,
    });
  });
});

test.each([
  ["a long text is cut", utf8, "k".repeat(200), `"${"k".repeat(60)}"...`],
  ["what would touch a terminal is escaped", utf8, "a\u001b[2J", '"a\\u001b[2J"'],
  ["long bytes are cut", bytes, new Uint8Array(100).fill(0xab), `0x${"ab".repeat(30)}...`],
  ["a number is as it is", json<number>(), 17, "17"],
  ["an object is what it is", json<object>(), { a: 1 }, "an object (Object)"],
  [
    "an object has no name that is none",
    json<object>(),
    { constructor: { name: { toString: 1 } } },
    "an object (without a name)",
  ],
  [
    "an object has no name that is longer than one is",
    json<object>(),
    { constructor: { name: "n".repeat(5000) } },
    "an object (without a name)",
  ],
  [
    "an object has no name that would touch a terminal",
    json<object>(),
    { constructor: { name: "\u001b[2J" } },
    "an object (without a name)",
  ],
] as const)("of a key in a message %s", async (_name, keys, key, words) => {
  const world = await memoryWorld();
  const codec = keys as Codec<unknown>;
  const db = await world.open<unknown, string>({ keys: codec, values: utf8 });
  await db.put(key, "{");
  await db.close();
  const reader = await world.openReader<unknown, unknown>({ keys: codec, values: json<unknown>() });
  for (const read of [() => reader.get(key), () => all(reader.values()), () => all(reader.entries())]) {
    expect(((await rejection(read())) as Error).message.split(": ")[0]).toBe(`the value of ${words}`);
  }
});

test("a key that throws at whatever is asked of it is told all the same", async () => {
  const touched = (): never => {
    throw new Error("do not touch");
  };
  const key = new Proxy({}, { get: touched, getPrototypeOf: touched, has: touched });
  const world = await memoryWorld();
  const db = await world.open({ values: utf8 });
  await db.put("a", "{");
  await db.close();
  const keys: Codec<object> = { ...json<object>(), decode: () => key };
  const reader = await world.openReader<object, unknown>({ keys, values: json<unknown>() });
  for (const read of [() => all(reader.values()), () => all(reader.entries())]) {
    const error = (await rejection(read())) as HashlogError;
    expect([error.code, error.key === key]).toEqual(["HASHLOG_INVALID_ARGUMENT", true]);
    expect(error.message).toMatch(/^the value of an object \(without a name\): .* is no JSON /);
  }
});
