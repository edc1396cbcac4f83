import { bytes, type Codec } from "@hashlog/engine";
import { expect, test } from "vitest";
import { filler, rejection } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

/** An array whose buffer was handed to somebody else. */
function transferred(): Uint8Array {
  const array = filler(8);
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return array;
}

/** An array that lies beyond the end of its buffer. */
function beyondItsBuffer(): Uint8Array {
  const buffer = new ArrayBuffer(16, { maxByteLength: 16 });
  const array = new Uint8Array(buffer, 8, 8);
  buffer.resize(4);
  return array;
}

const KEY = filler(3);

test.each([
  ["was transferred", transferred],
  ["has become shorter", beyondItsBuffer],
])("bytes whose buffer %s are refused, and nobody else's write is", async (_what, gone) => {
  const world = await memoryWorld();
  const db = await world.open({ keys: bytes, values: bytes });
  const writes: readonly (() => Promise<unknown>)[] = [
    () => db.put(gone(), KEY),
    () => db.put(KEY, gone()),
    () => db.put(KEY, gone(), { ifAbsent: true }),
    () => db.delete(gone()),
    () =>
      db.batch([
        { type: "put", key: filler(4), value: KEY },
        { type: "put", key: KEY, value: gone() },
      ]),
    () => db.batch([{ type: "delete", key: gone() }]),
    () => db.get(gone()),
  ];
  for (const [index, write] of writes.entries()) {
    const before = db.put(filler(10 + index), KEY);
    expect(await rejection(write())).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
    await before;
  }
  expect(db.stats()).toMatchObject({ keys: writes.length, writes: "ready" });
  await db.put(new Uint8Array(0), new Uint8Array(0));
  expect(await db.get(new Uint8Array(0))).toEqual(new Uint8Array(0));
});

test("bytes that a codec, or a later operation, takes away meanwhile are refused, and no part of a batch is written", async () => {
  const world = await memoryWorld();
  const passes: Codec<Uint8Array> = { ...bytes, name: "passes on", encode: (value) => value };
  const takes: Codec<{ readonly value: Uint8Array; readonly from: Uint8Array }> = {
    name: "takes the key",
    encode: ({ value, from }) => {
      structuredClone(from.buffer, { transfer: [from.buffer as ArrayBuffer] });
      return value;
    },
    decode: (value) => ({ value, from: value }),
  };
  const db = await world.open<Uint8Array, { readonly value: Uint8Array; readonly from: Uint8Array }>({
    keys: passes,
    values: takes,
  });
  const gone = { code: "HASHLOG_INVALID_ARGUMENT" };
  const key = filler(4);
  expect(await rejection(db.put(key, { value: KEY, from: key }))).toMatchObject(gone);
  const first = filler(5);
  const batch = db.batch([
    { type: "put", key: filler(6), value: { value: KEY, from: filler(1) } },
    { type: "put", key: first, value: { value: KEY, from: filler(1) } },
    { type: "put", key: filler(7), value: { value: KEY, from: first } },
  ]);
  expect(await rejection(batch)).toMatchObject({
    ...gone,
    message: expect.stringMatching(/^operations\[1\]: /) as string,
  });
  expect(db.stats()).toMatchObject({ keys: 0, sequence: 0, writes: "ready" });
});
