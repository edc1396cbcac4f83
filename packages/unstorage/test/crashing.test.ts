/** What is left of a storage after a crash at any of its steps, on a disk that keeps only what was synced for sure. */
import { exploreCrashes, type SimulatedFileSystem, SimulatedDisk } from "@hashlog/fs-io/testing";
import { hashlogDriver, type HashlogDriverOptions } from "@hashlog/unstorage";
import { createStorage, type Storage } from "unstorage";
import { describe, expect, test } from "vitest";

const KEYS = ["a", "b", "c"];
const TURNS = 4;

const storageOn = (fileSystem: SimulatedFileSystem, options: Partial<HashlogDriverOptions> = {}): Storage<number> =>
  createStorage({ driver: hashlogDriver({ directory: "/items", fileSystem, compaction: false, ...options }) });

describe("after a crash", () => {
  const syncs: readonly [string, Partial<HashlogDriverOptions>, boolean][] = [
    ["by default", {}, false],
    ['with sync: "always"', { sync: "always" }, true],
  ];

  test.each(syncs)("items that were set together are all there or none, %s", async (_name, options, isDurable) => {
    /** At which step of the disk each turn had resolved. */
    const resolvedAt: number[] = [];
    const report = await exploreCrashes({
      workload: async (fileSystem, disk) => {
        const storage = storageOn(fileSystem, options);
        for (let turn = 1; turn <= TURNS; turn += 1) {
          await storage.setItems(KEYS.map((key) => ({ key, value: turn })));
          await storage.setItem("alone", turn);
          resolvedAt.push(disk.position);
        }
        await storage.dispose();
      },
      check: async (image, ordinal) => {
        const storage = storageOn(new SimulatedDisk({ image }).boot());
        const turns = (await storage.getItems(KEYS)).map(({ value }) => value);
        const turn = turns[0] ?? 0;
        const alone = (await storage.getItem<number>("alone")) ?? 0;
        expect(new Set(turns).size).toBe(1);
        // The two alternate: nothing is missing in the midst of others.
        expect([turn, turn - 1]).toContain(alone);
        const resolved = resolvedAt.filter((position) => position <= ordinal).length;
        if (isDurable) expect(alone).toBeGreaterThanOrEqual(resolved);
        await storage.dispose();
      },
      points: 60,
      fatesPerPoint: 4,
      obligation: (ordinal) => resolvedAt.filter((position) => position <= ordinal).length,
    });
    expect(resolvedAt).toHaveLength(TURNS);
    expect(report.images).toBeGreaterThan(50);
  });
});
