import { bytes, json, utf8, type Codec, type Store, type StoreIterator } from "@hashlog/engine";
import { describe, expect, expectTypeOf, test } from "vitest";
import { all, entriesOf, filler, rejection, text, utf8Bytes } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld } from "./support/worlds.ts";

/** Strings, but those that begin with "bad" cannot be encoded. */
const moody: Codec<string> = {
  name: "moody",
  encode: (value) => {
    if (value.startsWith("bad")) throw new RangeError(`${value} is bad`);
    return utf8.encode(value);
  },
  decode: (content) => utf8.decode(content),
};

/** Numbers, each time encoded into the same buffer. */
function reusing(): Codec<number> {
  const scratch = new Uint8Array(8);
  const view = new DataView(scratch.buffer);
  return {
    name: "reusing",
    encode: (value) => {
      view.setFloat64(0, value);
      return scratch;
    },
    decode: (content) => new DataView(content.buffer, content.byteOffset).getFloat64(0),
  };
}

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test("an error that a codec throws reaches the caller as it is, and nothing is written", async () => {
    const world = await newWorld();
    const db = await world.open({ keys: moody, values: moody });
    await db.put("good", "1");
    const before = db.stats();
    const writes = [
      db.put("bad key", "x"),
      db.put("x", "bad value"),
      db.delete("bad key"),
      db.batch([
        { type: "put", key: "a", value: "1" },
        { type: "put", key: "b", value: "bad value" },
      ]),
      db.batch([
        { type: "put", key: "a", value: "1" },
        { type: "delete", key: "bad key" },
      ]),
    ];
    for (const write of writes) expect(await rejection(write)).toBeInstanceOf(RangeError);
    expect(() => db.getSync("bad key")).toThrow(RangeError);
    expect(() => db.has("bad key")).toThrow(RangeError);
    expect(await rejection(db.get("bad key"))).toBeInstanceOf(RangeError);
    expect(await rejection(db.getMany(["good", "bad key"]))).toBeInstanceOf(RangeError);
    expect(db.stats()).toEqual(before);
    await db.put("good", "2");
    expect(await all(db.entries())).toEqual([["good", "2"]]);
  });

  test("a codec that writes while it encodes does no harm: its write comes first, then the one it was called for", async () => {
    const world = await newWorld();
    let db: Store<string, string>;
    const inner: Promise<unknown>[] = [];
    const nosy: Codec<string> = {
      name: "nosy",
      encode: (value) => {
        if (value.startsWith("outer")) inner.push(db.put("key", `inner of ${value}`), db.delete("other"));
        return utf8.encode(value);
      },
      decode: (content) => utf8.decode(content),
    };
    db = await world.open({ values: nosy });
    await db.put("other", "there");
    const outer = db.put("key", "outer");
    await Promise.all([outer, ...inner]);
    expect(await db.get("key")).toBe("outer");
    expect(await inner[1]).toBe(true);
    const batch = db.batch([
      { type: "put", key: "key", value: "outer 2" },
      { type: "put", key: "other", value: "again" },
    ]);
    await Promise.all([batch, ...inner]);
    expect(await all(db.entries())).toEqual(
      expect.arrayContaining([
        ["key", "outer 2"],
        ["other", "again"],
      ]),
    );
  });

  test("a codec that reads while it encodes or decodes sees the store as it is", async () => {
    const world = await newWorld();
    let db: Store<string, string>;
    const seen: (string | undefined)[] = [];
    let reading = false;
    const look = (): void => {
      if (reading) return;
      reading = true;
      seen.push(db?.getSync("key"));
      reading = false;
    };
    const curious: Codec<string> = {
      name: "curious",
      encode: (value) => (look(), utf8.encode(value)),
      decode: (content) => (look(), utf8.decode(content)),
    };
    db = await world.open({ values: curious });
    await db.put("key", "1");
    await db.put("key", "2");
    expect(db.getSync("key")).toBe("2");
    expect(await db.get("key")).toBe("2");
    expect(seen).toEqual([undefined, "1", "2", "2"]);
  });

  test("a codec that closes the store while it encodes: the write is still done", async () => {
    const world = await newWorld();
    let db: Store<string, string>;
    let closed: Promise<void> | undefined;
    const closing: Codec<string> = {
      name: "closing",
      encode: (value) => {
        if (value === "last") closed = db.close();
        return utf8.encode(value);
      },
      decode: (content) => utf8.decode(content),
    };
    db = await world.open({ values: closing });
    await db.put("key", "first");
    await db.put("key", "last");
    await closed;
    const again = await world.open();
    expect(await entriesOf(again)).toEqual([["key", "last"]]);
  });

  test("a codec may encode into one buffer again and again, for keys and values alike", async () => {
    const world = await newWorld();
    const codec = reusing();
    const db = await world.open({ keys: codec, values: codec });
    await Promise.all([db.put(1, 10), db.put(2, 20)]);
    await db.batch([
      { type: "put", key: 3, value: 30 },
      { type: "put", key: 4, value: 40 },
      { type: "delete", key: 1 },
    ]);
    const sorted = (entries: [number, number][]): [number, number][] => entries.sort(([a], [b]) => a - b);
    expect(sorted(await all(db.entries()))).toEqual([
      [2, 20],
      [3, 30],
      [4, 40],
    ]);
    expect(await db.getMany([4, 1, 3])).toEqual([40, undefined, 30]);
    expect(await Promise.all([db.get(2), db.get(3), db.get(4)])).toEqual([20, 30, 40]);
    expect(await Promise.all([db.delete(2), db.delete(9), db.delete(3)])).toEqual([true, false, true]);
    expect(await all(db.keys())).toEqual([4]);
  });

  test("json values keep what JSON keeps", async () => {
    const world = await newWorld();
    interface User {
      readonly name: string;
      readonly tags?: readonly string[];
      readonly nested?: { readonly deep: null };
    }
    const db = await world.open({ values: json<User | number | string | null | boolean>() });
    const values = [
      { name: "Ada \u{1f680} é", tags: ["a", ""], nested: { deep: null } },
      0,
      -1.5,
      "",
      "\ud800",
      null,
      false,
    ];
    for (const [index, value] of values.entries()) await db.put(`key ${index}`, value);
    expect(await db.getMany(values.map((_, index) => `key ${index}`))).toEqual(values);
  });

  test("keys may be bytes, whatever they are", async () => {
    const world = await newWorld();
    const db = await world.open({ keys: bytes });
    // No two of these are the same text in UTF-8, and most are none.
    const keys = [[0xff], [0xfe], [], [0], [0, 0], [0x80], [0xc3, 0x28], [0xef, 0xbf, 0xbd]].map((key) =>
      Uint8Array.from(key),
    );
    await db.batch(keys.map((key, index) => ({ type: "put", key, value: String(index) })));
    expect((await db.getMany(keys)).map(text)).toEqual(keys.map((_, index) => String(index)));
    const found = await all(db.keys());
    expect(found.map((key) => key.join()).sort()).toEqual(keys.map((key) => key.join()).sort());
  });

  test("keys may be anything that a codec makes bytes of", async () => {
    const world = await newWorld();
    const point: Codec<{ readonly x: number; readonly y: number }> = {
      name: "point",
      encode: ({ x, y }) => Uint8Array.of(x, y),
      decode: (content) => ({ x: content[0]!, y: content[1]! }),
    };
    const db = await world.open({ keys: point, values: utf8 });
    await db.put({ x: 1, y: 2 }, "here");
    expect(db.has({ x: 1, y: 2 })).toBe(true);
    expect(await all(db.entries())).toEqual([[{ x: 1, y: 2 }, "here"]]);
  });
});

describe("of the codecs that come along", () => {
  test("a string given as a value comes back as its bytes", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("key", "é\u{1f680}");
    expect(await db.get("key")).toEqual(utf8Bytes("é\u{1f680}"));
  });

  test("a Buffer is taken as the bytes that it shows, and a plain Uint8Array comes back", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    const pool = Buffer.from("xxvaluexx");
    await db.put("key", pool.subarray(2, 7));
    const value = await db.get("key");
    expect(value).toEqual(utf8Bytes("value"));
    expect(Buffer.isBuffer(value)).toBe(false);
  });

  test("a byte order mark is a part of a key like any other", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("\ufeffkey", "1");
    expect(await all(db.keys())).toEqual(["\ufeffkey"]);
    expect(db.has("key")).toBe(false);
  });

  test("what another codec has written is told from damage, with what to do", async () => {
    const world = await memoryWorld();
    const written = await world.open({ values: bytes });
    await written.put("a", new Uint8Array([0xff, 0x7b]));
    await written.put("b", '{"fine":true}');
    await world.check(written);
    await written.close();
    for (const [codec, kind] of [
      [json<unknown>(), "JSON"],
      [utf8 as Codec<unknown>, "UTF-8"],
    ] as const) {
      const db = await world.openReader<string, unknown>({ values: codec });
      const expected = {
        code: "HASHLOG_INVALID_ARGUMENT",
        message: expect.stringMatching(`holds there is no ${kind} .*: open it with the codecs`) as string,
        cause: expect.any(Error) as Error,
      };
      expect(() => db.getSync("a")).toThrow(expect.objectContaining(expected));
      for (const read of [db.get("a"), db.getMany(["b", "a"]), db.getEntry("a"), all(db.values())])
        expect(await rejection(read)).toMatchObject(expected);
      expect(await db.get("b")).toEqual(kind === "JSON" ? { fine: true } : '{"fine":true}');
    }
  });

  test("what has no JSON form is refused as a wrong argument", async () => {
    const world = await memoryWorld();
    const db = await world.open({ values: json<unknown>() });
    const circular: { self?: unknown } = {};
    circular.self = circular;
    for (const value of [undefined, () => 1, Symbol("x"), 1n, circular]) {
      expect(await rejection(db.put("key", value))).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
    }
    expect(db.stats().keys).toBe(0);
  });

  test("a codec that gives no bytes is named", async () => {
    const world = await memoryWorld();
    const lazy = { name: "lazy", encode: (value: string) => value, decode: String } as unknown as Codec<string>;
    const values = await world.open({ values: lazy });
    expect(await rejection(values.put("key", "value"))).toMatchObject({
      code: "HASHLOG_INVALID_ARGUMENT",
      message: expect.stringContaining('"lazy"') as unknown,
    });
    expect(await rejection(values.batch([{ type: "put", key: "key", value: "v" }]))).toMatchObject({
      code: "HASHLOG_INVALID_ARGUMENT",
    });
    await values.close();
    const keys = await world.open({ keys: lazy });
    expect(await rejection(keys.put("key", filler(1)))).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
    await keys.close();
  });

  test("what JSON cannot decode is told with the reason, and the value is still there", async () => {
    const world = await memoryWorld();
    const db = await world.open({ values: json<unknown>() });
    await db.close();
    const raw = await world.open();
    await raw.put("key", "{");
    await raw.close();
    const again = await world.open({ values: json<unknown>() });
    const because = { code: "HASHLOG_INVALID_ARGUMENT", cause: expect.any(SyntaxError) as SyntaxError };
    expect(await rejection(again.get("key"))).toMatchObject(because);
    expect(() => again.getSync("key")).toThrow(expect.objectContaining(because));
    expect(await rejection(all(again.entries()))).toMatchObject(because);
    expect(again.has("key")).toBe(true);
    await again.close();
    expect(text(await (await world.open()).get("key"))).toBe("{");
  });
});

test("types follow the codecs", async () => {
  const world = await memoryWorld();
  const plain = await world.open();
  expectTypeOf(plain).toEqualTypeOf<Store<string, Uint8Array, Uint8Array | string>>();
  expectTypeOf(plain.get("key")).resolves.toEqualTypeOf<Uint8Array | undefined>();
  await plain.close();
  const untyped = await world.open({ values: json() });
  expectTypeOf(untyped.getSync("key")).toBeAny();
  await untyped.put("key", { any: "thing" });
  await untyped.close();
  // What somebody else says that it is, it is.
  const values: Codec<{ readonly a: number }> = json();
  expect(values.name).toBe("json");
  const typed = await world.open({ keys: bytes, values: json<{ readonly a: number }>() });
  expectTypeOf(typed).toEqualTypeOf<Store<Uint8Array, { readonly a: number }, { readonly a: number }>>();
  expectTypeOf(typed.getSync(utf8Bytes("key"))).toEqualTypeOf<{ readonly a: number } | undefined>();
  expectTypeOf(typed.entries()).toEqualTypeOf<StoreIterator<[Uint8Array, { readonly a: number }], Uint8Array>>();
  // @ts-expect-error a value of another type
  await typed.put(utf8Bytes("key"), "text");
  // @ts-expect-error an option that is none
  await expect(typed.put(utf8Bytes("key"), { a: 1 }, { ttl: 1 })).rejects.toMatchObject({
    code: "HASHLOG_INVALID_ARGUMENT",
  });
});
