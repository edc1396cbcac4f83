import { bytes, type Codec } from "@hashlog/engine";
import { expect, test } from "vitest";
import { text } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

/** Small numbers, each time encoded into the same `Buffer`, whose `slice` copies nothing. */
function reusingBuffer(): Codec<number> {
  const scratch = Buffer.alloc(1);
  return {
    name: "reusing a Buffer",
    encode: (value) => {
      scratch[0] = value;
      return scratch;
    },
    decode: (content) => content[0]!,
  };
}

test("a codec may encode into one Buffer again and again, for keys and values alike", async () => {
  const world = await memoryWorld();
  const db = await world.open({ keys: reusingBuffer(), values: reusingBuffer() });
  await db.batch([1, 2, 3].map((number) => ({ type: "put", key: number, value: 10 * number })));
  expect(await db.getMany([1, 2, 3, 4])).toEqual([10, 20, 30, undefined]);
});

test("a Buffer that was given as a key is the caller's again when get returns its promise", async () => {
  const world = await memoryWorld();
  const db = await world.open({ keys: bytes as Codec<Uint8Array> });
  const key = Buffer.from("key");
  await db.put(key, "value");
  const found = db.get(key);
  const among = db.getMany([key]);
  key.fill(0);
  expect(text((await found)!)).toBe("value");
  expect(text((await among)[0]!)).toBe("value");
});

test("keys and values may be parts of larger buffers, shared ones too, and are changed after the call in vain", async () => {
  const world = await memoryWorld();
  const db = await world.open({ keys: bytes as Codec<Uint8Array> });
  const shared = new Uint8Array(new SharedArrayBuffer(64));
  for (const memory of [Buffer.alloc(64), shared]) {
    memory.fill(7);
    const key = memory.subarray(3, 9);
    const writing = [
      db.put(key, memory.subarray(20, 40)),
      db.batch([{ type: "put", key: memory.subarray(3, 10), value: key }]),
    ];
    memory.fill(0);
    await Promise.all(writing);
    expect(await db.get(new Uint8Array(6).fill(7))).toEqual(new Uint8Array(20).fill(7));
    expect(await db.get(new Uint8Array(7).fill(7))).toEqual(new Uint8Array(6).fill(7));
  }
});
