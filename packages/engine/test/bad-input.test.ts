import { bytes, HashlogError, utf8, type Codec, type Store } from "@hashlog/engine";
import { KEY_BYTES_MAX, SEGMENT_BYTES_MAX } from "@hashlog/format";
import { describe, expect, test } from "vitest";
import { snapshotOf } from "./support/directory-snapshot.ts";
import { failureOf } from "./support/failure-of.ts";
import { filler, text } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld } from "./support/worlds.ts";

type TextStore = Store<string, Uint8Array, Uint8Array | string>;

/** Types are only for those who use them: here everything may be given everywhere. */
type Loose = Record<string, (...args: unknown[]) => unknown>;

const NOT_STRINGS: readonly unknown[] = [undefined, null, 0, 1n, true, Symbol("key"), {}, [], filler(3), () => "key"];
const NOT_VALUES: readonly unknown[] = [
  undefined,
  null,
  0,
  1n,
  true,
  Symbol("value"),
  {},
  [],
  [1],
  new ArrayBuffer(1),
  () => 1,
];
const NOT_OPTIONS: readonly unknown[] = [null, 0, "options", true, [], () => ({})];
const NOT_BOOLEANS: readonly unknown[] = [null, 0, 1, "true", {}];
const LONE_SURROGATES: readonly string[] = ["\ud800", "\udfff", "a\ud800b", "\udc00\ud800"];
const NOT_MILLISECONDS: readonly unknown[] = [0, -1, Number.NaN, Infinity, -Infinity, "100", null, 10n];
const NOT_DATES: readonly unknown[] = [0, -1, 1.5, Number.NaN, Infinity, 2 ** 53, "100", null, new Date(2040, 1), 10n];

/** Calls that are the caller's mistake, in words. */
const MISTAKES: readonly [mistake: string, calls: (db: Loose) => (() => unknown)[]][] = [
  [
    "a key that is not a string",
    (db) =>
      NOT_STRINGS.flatMap((key) => [
        () => db["get"]!(key),
        () => db["getSync"]!(key),
        () => db["getMany"]!(["good", key]),
        () => db["has"]!(key),
        () => db["put"]!(key, "value"),
        () => db["delete"]!(key),
        () => db["batch"]!([{ type: "put", key, value: "value" }]),
        () =>
          db["batch"]!([
            { type: "put", key: "good", value: "value" },
            { type: "delete", key },
          ]),
      ]),
  ],
  [
    "a key with a lone surrogate, two of which would be one key",
    (db) =>
      LONE_SURROGATES.flatMap((key) => [
        () => db["get"]!(key),
        () => db["getSync"]!(key),
        () => db["getMany"]!([key]),
        () => db["has"]!(key),
        () => db["put"]!(key, "value"),
        () => db["delete"]!(key),
        () => db["batch"]!([{ type: "delete", key }]),
      ]),
  ],
  [
    "a key that is too long",
    (db) =>
      ["k".repeat(KEY_BYTES_MAX + 1), "é".repeat(KEY_BYTES_MAX / 2 + 1)].flatMap((key) => [
        () => db["get"]!(key),
        () => db["getSync"]!(key),
        () => db["getMany"]!([key]),
        () => db["has"]!(key),
        () => db["put"]!(key, "value"),
        () => db["delete"]!(key),
        () =>
          db["batch"]!([
            { type: "put", key: "good", value: "value" },
            { type: "delete", key },
          ]),
      ]),
  ],
  [
    "a value that is neither bytes nor a string",
    (db) =>
      NOT_VALUES.flatMap((value) => [
        () => db["put"]!("key", value),
        () =>
          db["batch"]!([
            { type: "put", key: "good", value: "value" },
            { type: "put", key: "key", value },
          ]),
      ]),
  ],
  ["a value with a lone surrogate", (db) => LONE_SURROGATES.map((value) => () => db["put"]!("key", value))],
  [
    "keys of getMany that are no array",
    (db) => [undefined, null, "ab", new Set(["a"]), 1].map((keys) => () => db["getMany"]!(keys)),
  ],
  [
    "operations of a batch that are no array",
    (db) =>
      [undefined, null, "ab", new Set(), { type: "put", key: "a", value: "1" }].map(
        (given) => () => db["batch"]!(given),
      ),
  ],
  [
    "what is no operation of a batch",
    (db) =>
      [
        undefined,
        null,
        "put",
        [],
        {},
        { key: "a", value: "1" },
        { type: Object.create(null), key: "a" },
        { type: { toString: () => "put" }, key: "a" },
        { type: "del", key: "a" },
        { type: "PUT", key: "a", value: "1" },
        { type: "put", key: "a" },
        { type: "put", value: "1" },
        { type: "delete" },
        { type: "put", key: "a", value: "1", sync: true },
        { type: "put", key: "a", value: "1", ttl: 1 },
        { type: "delete", key: "a", value: "1" },
        { type: "delete", key: "a", ttlMs: 1 },
        { type: "put", key: "a", value: "1", ttlMs: 0 },
        { type: "put", key: "a", value: "1", expiresAtMs: 0.5 },
        { type: "put", key: "a", value: "1", ttlMs: 1, expiresAtMs: 1 },
      ].map((operation) => () => db["batch"]!([{ type: "put", key: "good", value: "value" }, operation])),
  ],
  ["a time to live that is none", (db) => NOT_MILLISECONDS.map((ttlMs) => () => db["put"]!("key", "value", { ttlMs }))],
  [
    "a date of expiry that is none",
    (db) => NOT_DATES.map((expiresAtMs) => () => db["put"]!("key", "value", { expiresAtMs })),
  ],
  ["two expiries at once", (db) => [() => db["put"]!("key", "value", { ttlMs: 1, expiresAtMs: Date.now() })]],
  [
    "options that are no object",
    (db) =>
      NOT_OPTIONS.flatMap((options) => [
        () => db["put"]!("key", "value", options),
        () => db["delete"]!("key", options),
        () => db["batch"]!([{ type: "put", key: "key", value: "value" }], options),
        () => db["batch"]!([], options),
        () => db["clear"]!(options),
        () => db["entries"]!(options),
        () => db["keys"]!(options),
        () => db["values"]!(options),
        () => db["compact"]!(options),
      ]),
  ],
  [
    "options that are unknown",
    (db) =>
      ["Sync", "ttl", "gte", "snapshot", "__proto__x", "constructor"].flatMap((name) => [
        () => db["put"]!("key", "value", { [name]: true }),
        () => db["delete"]!("key", { [name]: true }),
        () => db["batch"]!([{ type: "put", key: "key", value: "value" }], { [name]: true }),
        () => db["clear"]!({ [name]: true }),
        () => db["entries"]!({ [name]: true }),
        () => db["keys"]!({ [name]: true }),
        () => db["values"]!({ [name]: true }),
        () => db["compact"]!({ [name]: true }),
      ]),
  ],
  [
    "expiries where they mean nothing",
    (db) => [
      () => db["delete"]!("key", { ttlMs: 1 }),
      () => db["batch"]!([{ type: "put", key: "key", value: "value" }], { ttlMs: 1 }),
      () => db["clear"]!({ expiresAtMs: 1 }),
    ],
  ],
  [
    "sync that is neither true nor false",
    (db) =>
      NOT_BOOLEANS.flatMap((sync) => [
        () => db["put"]!("key", "value", { sync }),
        () => db["delete"]!("key", { sync }),
        () => db["batch"]!([{ type: "put", key: "key", value: "value" }], { sync }),
        () => db["clear"]!({ sync }),
      ]),
  ],
  [
    "a signal or a callback that is none",
    (db) =>
      [null, "signal", {}, new AbortController()].flatMap((signal) => [
        () => db["entries"]!({ signal }),
        () => db["keys"]!({ signal }),
        () => db["values"]!({ signal }),
        () => db["compact"]!({ signal }),
        () => db["compact"]!({ onProgress: signal }),
      ]),
  ],
];

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test.each(MISTAKES)("%s: refused as HASHLOG_INVALID_ARGUMENT, and nothing is written", async (_mistake, calls) => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("key", "value");
    await db.put("other", "value");
    const before = [db.stats(), await snapshotOf(world)];
    const codes = [];
    for (const call of calls(db as unknown as Loose)) codes.push(codeOf(await failureOf(call)));
    expect(new Set(codes)).toEqual(new Set(["HASHLOG_INVALID_ARGUMENT"]));
    expect([db.stats(), await snapshotOf(world)]).toEqual(before);
    await db.put("key", "still works");
    expect(text(await db.get("key"))).toBe("still works");
  });
});

function codeOf(error: unknown): unknown {
  return HashlogError.is(error) ? error.code : error;
}

test("reads and writes that take a promise never throw, but reject", async () => {
  const world = await memoryWorld();
  const db = (await world.open()) as unknown as Loose;
  for (const [method, ...args] of [
    ["get", 1],
    ["getMany", 1],
    ["put", 1, 1],
    ["delete", 1],
    ["batch", 1],
    ["clear", 1],
    ["compact", 1],
  ] as const) {
    const promise = db[method]!(...args);
    expect(promise).toBeInstanceOf(Promise);
    await expect(promise).rejects.toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
  }
});

describe("what does not fit into a segment", () => {
  test("is refused without being copied: a batch of more than four gigabytes", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("key", "value");
    const before = [db.stats(), await snapshotOf(world)];
    const value = new Uint8Array(2 ** 28);
    const batch = db.batch(Array.from({ length: 16 }, (_, index) => ({ type: "put", key: `key ${index}`, value })));
    await expect(batch).rejects.toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
    expect([db.stats(), await snapshotOf(world)]).toEqual(before);
    await db.put("key", "still works");
    expect(text(await db.get("key"))).toBe("still works");
  });

  test("is refused as a single value, too", async () => {
    const world = await memoryWorld();
    // As long as it says it is, and not a byte of it: the length is looked at first.
    const huge: Codec<number> = {
      name: "huge",
      encode: (length) => Object.defineProperty(new Uint8Array(1), "length", { value: length }),
      decode: (content) => content.length,
    };
    const db = await world.open({ values: huge });
    const failure = await failureOf(() => db.put("key", SEGMENT_BYTES_MAX));
    expect(failure).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
    const { expected, actual } = failure as HashlogError;
    expect(actual).toBeGreaterThan(expected as number);
    expect(db.stats().sequence).toBe(0);
  });
});

describe("errors", () => {
  test("are told by HashlogError.is and their code, also those of another copy of the package", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    const failure = await failureOf(() => db.put("\ud800", "value"));
    expect(HashlogError.is(failure)).toBe(true);
    expect(failure).toBeInstanceOf(Error);
    expect((failure as HashlogError).name).toBe("HashlogError");
    const foreign = Object.assign(new Error("foreign"), { [Symbol.for("@hashlog/engine/HashlogError")]: true });
    expect(HashlogError.is(foreign)).toBe(true);
    for (const other of [undefined, null, "HASHLOG_CORRUPT", new Error("x"), { code: "HASHLOG_CORRUPT" }]) {
      expect(HashlogError.is(other)).toBe(false);
    }
  });

  test("name what was given in words: nothing of an object's content, and no failure of their own", async () => {
    const world = await memoryWorld();
    const db = (await world.open()) as unknown as Loose;
    for (const [given, words] of [
      [null, "null"],
      [undefined, "undefined"],
      [{ password: "secret" }, "an object (Object)"],
      [Object.create(null), "an object (without a prototype)"],
      [new Date(0), "an object (Date)"],
      [7, "a number"],
      [Symbol("x"), "a symbol"],
    ] as const) {
      const { message } = (await failureOf(() => db["put"]!(given, "value"))) as Error;
      expect(message).toContain(words);
      expect(message).not.toContain("secret");
    }
    for (const [type, words] of [
      [Symbol("odd"), "a symbol"],
      [Object.create(null), "an object (without a prototype)"],
      [["put"], "an object (Array)"],
      ["del", "del"],
    ] as const) {
      const { message } = (await failureOf(() => db["batch"]!([{ type, key: "a" }]))) as Error;
      expect(message).toContain(`has the type ${words}; it must be`);
    }
  });
});

test("codecs that come along refuse what they cannot encode", () => {
  const call = (codec: { encode(value: never): unknown }, value: unknown) => () => codec.encode(value as never);
  const invalid = expect.objectContaining({ code: "HASHLOG_INVALID_ARGUMENT" }) as Error;
  for (const value of NOT_STRINGS) expect(call(utf8, value)).toThrow(invalid);
  for (const value of NOT_VALUES) expect(call(bytes, value)).toThrow(invalid);
  for (const value of LONE_SURROGATES) expect(call(bytes, value)).toThrow(invalid);
});

test("a missing key is undefined, in every way of asking, and never an error", async () => {
  const world = await memoryWorld();
  const db: TextStore = await world.open();
  expect(await db.get("missing")).toBe(undefined);
  expect(db.getSync("missing")).toBe(undefined);
  expect(db.has("missing")).toBe(false);
  expect(await db.getMany(["missing", "missing", ""])).toEqual([undefined, undefined, undefined]);
  expect(await db.getMany([])).toEqual([]);
});
