import { expect, onTestFinished, test } from "vitest";
import { text } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

/** From now on arrays longer than `bytesMax` cannot be had, as on a machine whose memory is used up. */
function refuseMemoryFor(bytesMax: number): void {
  const real = globalThis.Uint8Array;
  onTestFinished(() => {
    globalThis.Uint8Array = real;
  });
  globalThis.Uint8Array = new Proxy(real, {
    construct(target, given: unknown[], newTarget: unknown) {
      if (Number(given[0]) > bytesMax) throw new RangeError("Array buffer allocation failed");
      const made = newTarget === globalThis.Uint8Array ? target : (newTarget as typeof real);
      return Reflect.construct(target, given, made) as object;
    },
  });
}

test("where there is no memory for the cache, values are read without it", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("key", "value");
  refuseMemoryFor(1024 * 1024);
  for (let round = 0; round < 3; round += 1) expect(text(db.getSync("key"))).toBe("value");
  for (let round = 0; round < 3; round += 1) expect(text(await db.get("key"))).toBe("value");
});
