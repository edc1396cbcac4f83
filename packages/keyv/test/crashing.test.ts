/** What is left of a cache after a crash at any of its steps, on a disk that keeps only what was synced for sure. */
import { exploreCrashes, type SimulatedFileSystem, SimulatedDisk } from "@hashlog/fs-io/testing";
import { KeyvHashlog, type KeyvHashlogOptions } from "@hashlog/keyv";
import { describe, expect, test } from "vitest";

const KEYS = ["a", "b", "c"];
const TURNS = 4;

const storeOn = (fileSystem: SimulatedFileSystem, options: KeyvHashlogOptions = {}): KeyvHashlog =>
  new KeyvHashlog("/cache", { fileSystem, compaction: false, ...options });

describe("after a crash", () => {
  const syncs: readonly [string, KeyvHashlogOptions, boolean][] = [
    ["by default", {}, false],
    ['with sync: "always"', { sync: "always" }, true],
  ];

  test.each(syncs)("entries that were set together are all there or none, %s", async (_name, options, isDurable) => {
    /** At which step of the disk each turn had resolved. */
    const resolvedAt: number[] = [];
    const report = await exploreCrashes({
      workload: async (fileSystem, disk) => {
        const store = storeOn(fileSystem, options);
        for (let turn = 1; turn <= TURNS; turn += 1) {
          await store.setMany(KEYS.map((key) => ({ key, value: turn })));
          await store.set("alone", turn);
          resolvedAt.push(disk.position);
        }
        await store.disconnect();
      },
      check: async (image, ordinal) => {
        const store = storeOn(new SimulatedDisk({ image }).boot());
        const turns = await store.getMany<number>(KEYS);
        const turn = turns[0] ?? 0;
        const alone = (await store.get<number>("alone")) ?? 0;
        expect(new Set(turns).size).toBe(1);
        // The two alternate: nothing is missing in the midst of others.
        expect([turn, turn - 1]).toContain(alone);
        const resolved = resolvedAt.filter((position) => position <= ordinal).length;
        if (isDurable) expect(alone).toBeGreaterThanOrEqual(resolved);
        await store.disconnect();
      },
      points: 60,
      fatesPerPoint: 4,
      obligation: (ordinal) => resolvedAt.filter((position) => position <= ordinal).length,
    });
    expect(resolvedAt).toHaveLength(TURNS);
    expect(report.images).toBeGreaterThan(50);
  });
});
