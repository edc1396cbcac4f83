import { open, utf8 } from "@hashlog/engine";
import { systemClock, type Clock } from "@hashlog/fs-io";
import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { expect, test } from "vitest";
import { settled } from "../world/quiet.ts";
import { codeOf, long, Script } from "../world/script.ts";

/** Stories of a volume that was full for a moment while something else was under way. */

test("an append that finds no room while a segment is being sealed leaves no later write waiting for ever", async () => {
  for (let nth = 0; nth < 24; nth += 1) {
    const script = await Script.begin({ segments: 0 });
    script.disk.inject({ at: { operation: "append", path: ".segment", nth }, kind: "ENOSPC" });
    const compacted = script.store.compact().catch(() => undefined);
    for (let index = 0; index < 6; index += 1) {
      const writes = [script.store.put(`a${index}`, long("1")), script.store.put(`b${index}`, "2")];
      await settled(Promise.allSettled(writes), `a write after append ${nth} failed`);
    }
    await settled(compacted, "compacting");
    script.disk.clearFaults();
    await settled(script.store.put("last", "3"), `a write when there is room again, append ${nth} having failed,`);
    expect((await script.state())["last"]).toBe("3");
  }
});

test("a write whose sync went through and whose fence did not is refused for good, also if a merge comes between", async () => {
  const script = await Script.begin();
  const { store, disk } = script;
  // A refused write would have the background look for room.
  store.compaction.pause();
  for (let turn = 0; turn < 20; turn += 1) await store.put(`k${turn % 4}`, long("1"));
  await store.put("a", "old");
  disk.inject({ at: { operation: "append", path: ".segment", nth: 1 }, kind: "ENOSPC" });
  expect(await codeOf(store.put("a", "refused"))).toBe("HASHLOG_NO_SPACE");
  expect(store.stats()).toMatchObject({ writes: "no-space", floor: store.stats().sequence });
  // No room for the edit with which the log would resume, in the reserve's room neither, nor for that of the merge of all.
  for (const nth of [0, 1, 2]) disk.inject({ at: { operation: "replace.write", nth }, kind: "ENOSPC" });
  expect((await store.compact()).inputs.length).toBeGreaterThan(0);
  expect(store.stats().writes).toBe("no-space");
  await store.put("b", "new");
  await script.killAndOpen();
  expect(await script.state()).toMatchObject({ a: "old", b: "new" });
});

test.each([1, 8, 31])(
  "a checkpoint is not named when the log resumed elsewhere after slice %i of it",
  async (slice) => {
    const disk = new SimulatedDisk();
    const written: Record<string, string> = { b: "1" };
    let slices = 0;
    const clock: Clock = {
      ...systemClock,
      yield: async () => {
        slices += 1;
        if (slices !== slice) return;
        disk.inject({ at: { operation: "append", path: ".segment" }, kind: "ENOSPC" });
        expect(await codeOf(store.put("refused", "1"))).toBe("HASHLOG_NO_SPACE");
        await store.put("b", "1");
      },
    };
    const store = await open("/store", { fileSystem: disk.boot(), sync: "never", values: utf8, clock });
    for (let index = 0; index < 200; index += 1) {
      written[`k${index}`] = String(index);
      await store.put(`k${index}`, String(index), { sync: index === 100 });
    }
    expect(await codeOf(store.checkpoint())).toBe("HASHLOG_NO_SPACE");
    expect(slices).toBeGreaterThanOrEqual(slice);
    // What was copied elsewhere is durable there, and nothing vouches for the places where it lay before.
    disk.powerCut([], "drop-all");
    const reopened = await open("/store", { fileSystem: disk.boot(), values: utf8 });
    const found: Record<string, string> = {};
    for await (const [key, value] of reopened.entries()) found[key] = value;
    expect({ b: "1", ...found }).toEqual(written);
    await reopened.checkpoint();
    await reopened.close();
  },
);
