import { expect, onTestFinished, test } from "vitest";
import { filler } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

/** As long as `write` runs, arrays longer than `bytesMax` cannot be had, as on a machine whose memory is used up. */
function withoutMemoryFor<T>(bytesMax: number, write: () => T): T {
  const real = globalThis.Uint8Array;
  const restore = (): void => {
    globalThis.Uint8Array = real;
  };
  onTestFinished(restore);
  globalThis.Uint8Array = new Proxy(real, {
    construct(target, given: unknown[], newTarget: unknown) {
      if (Number(given[0]) > bytesMax) throw new RangeError("Array buffer allocation failed");
      return Reflect.construct(
        target,
        given,
        newTarget === globalThis.Uint8Array ? target : (newTarget as typeof real),
      ) as object;
    },
  });
  try {
    return write();
  } finally {
    restore();
  }
}

const LARGE = filler(150_000);

test("a batch for which there is no memory is not written in part", async () => {
  const world = await memoryWorld();
  let db = await world.open();
  const before = db.put("before", "1");
  const batch = withoutMemoryFor(200_000, () =>
    db.batch([
      { type: "put", key: "a", value: LARGE },
      { type: "put", key: "b", value: LARGE },
    ]),
  );
  await expect(batch).rejects.toThrow(RangeError);
  await before;
  await db.put("after", "1");
  expect([db.has("a"), db.has("b")]).toEqual([false, false]);
  db = await world.reopen(db);
  expect(db.stats().keys).toBe(2);
});

test("a put for which there is no memory leaves nothing behind that could not be sealed", async () => {
  const world = await memoryWorld();
  let db = await world.open();
  await db.put("first", "1");
  await db.compact();
  const put = withoutMemoryFor(100_000, () => db.put("a", LARGE));
  await expect(put).rejects.toThrow(RangeError);
  await db.compact();
  await db.put("b", "1");
  await db.compact();
  db = await world.reopen(db);
  expect(db.stats()).toMatchObject({ keys: 2, sequence: 2 });
});
