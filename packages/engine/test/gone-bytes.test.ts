import { bytes } from "@hashlog/engine";
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
