import { SeededRandom } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { quiet, settled } from "../world/quiet.ts";
import { long, Script } from "../world/script.ts";

/** A sync of the directory that fails takes the entries of everybody who has made files by then. */
describe("a sync of the directory that fails", () => {
  async function threeSegments(schedule: readonly number[] = []): Promise<Script> {
    const script = await Script.begin({ segments: 0, schedule });
    await script.store.put("a", long("1"));
    await script.store.put("b", long("2"));
    await script.store.put("a", long("3"));
    await quiet();
    return script;
  }

  test.each(["compact", "checkpoint"] as const)(
    "while a segment is begun does not let %s believe that its own files are there",
    async (work) => {
      for (let turns = 0; turns < 130; turns += 1) {
        const script = await threeSegments();
        script.disk.inject({ at: { operation: "syncDirectory" }, kind: "EIO" });
        const working = script.store[work]().catch(() => undefined);
        await script.turns(turns);
        const put = script.store.put("c", long("4")).catch(() => undefined);
        await settled(Promise.all([working, put]), work);
        await quiet();
        script.disk.clearFaults();
        const before = await script.state();
        await script.cutPowerAndOpen("drop-all");
        expect(await script.state()).toEqual(before);
      }
    },
  );

  test("while the manifest is replaced does not let the edit count as durable", async () => {
    for (let seed = 0; seed < 150; seed += 1) {
      const random = new SeededRandom(seed);
      const script = await threeSegments(Array.from({ length: 400 }, () => random.below(3)));
      script.disk.inject({ at: { operation: "syncDirectory", nth: 1 }, kind: "EIO" });
      const merging = script.store.compact().catch(() => undefined);
      await script.turns(random.below(2000));
      const put = script.store.put("c", long("4")).catch(() => undefined);
      await settled(Promise.all([merging, put]), "the merge");
      await quiet();
      script.disk.clearFaults();
      const before = await script.state();
      await script.cutPowerAndOpen("drop-all");
      expect(await script.state()).toEqual(before);
    }
  });

  test("is not the end: later writes and merges go on", async () => {
    const script = await threeSegments();
    script.disk.inject({ at: { operation: "syncDirectory" }, kind: "EIO" });
    const merging = script.store.compact().catch(() => undefined);
    await settled(Promise.all([merging, script.store.put("c", long("4")).catch(() => undefined)]), "the merge");
    await script.store.put("d", "5");
    await script.store.compact();
    await script.store.checkpoint();
    await script.cutPowerAndOpen("drop-all");
    expect(await script.state()).toMatchObject({ a: long("3"), b: long("2"), d: "5" });
  });
});
