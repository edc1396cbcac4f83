import { expect, test } from "vitest";
import { rejection, text } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

/** An operation as a program may well have it: what it is comes from accessors, which are the class's and not enumerable. */
class Update {
  readonly type = "put" as const;
  readonly key: string;
  readonly value: string;
  readonly #version: number | undefined;
  readonly #ttlMs: number | undefined;

  constructor(key: string, value: string, version?: number, ttlMs?: number) {
    this.key = key;
    this.value = value;
    this.#version = version;
    this.#ttlMs = ttlMs;
  }

  get ttlMs(): number | undefined {
    return this.#ttlMs;
  }

  get ifVersion(): number {
    return this.#version!;
  }
}

class Expiring {
  readonly type = "put" as const;
  readonly key: string;
  readonly value: string;
  readonly #ttlMs: number;

  constructor(key: string, value: string, ttlMs: number) {
    this.key = key;
    this.value = value;
    this.#ttlMs = ttlMs;
  }

  get ttlMs(): number {
    return this.#ttlMs;
  }
}

test("a condition that an accessor of the operation's class gives is not lost in a batch", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("key", "theirs");
  await db.put("key", "theirs, and newer");
  // As `put(key, value, options)` takes it.
  expect(await db.put("key", "mine", { ifVersion: 1 })).toBe(false);
  expect(await db.batch([new Update("key", "mine", 1)])).toBe(false);
  expect(text(await db.get("key"))).toBe("theirs, and newer");
});

test("a condition on a version that was lost is refused, also where an accessor gives it", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("key", "theirs");
  expect(await rejection(db.batch([new Update("key", "mine")]))).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
});

test("a time to live that an accessor of the operation's class gives is not lost in a batch", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.batch([new Expiring("key", "value", 1000)]);
  world.clock.advance(1001);
  expect(db.has("key")).toBe(false);
});

test.each([{ expiresAtMs: 1.5 }, { expiresAtMs: "soon" }, { ttlMs: -5 }, { ifVersion: "1" }, { ifAbsent: 1 }])(
  "an operation of a batch that inherits %j is refused, as one that has it is",
  async (given) => {
    const world = await memoryWorld();
    const db = await world.open();
    const operation = Object.assign(Object.create(given), { type: "put", key: "a", value: "b" }) as never;
    expect(await rejection(db.batch([operation]))).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
  },
);

test("an array is no operation of a batch, whatever it has besides", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  const operation = Object.assign([], { type: "put", key: "key", value: "value" } as const);
  expect(await rejection(db.batch([operation]))).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
});
