/** What is left of a database after a crash at any of its steps, on a disk that keeps only what was synced for sure. */
import { exploreCrashes, type SimulatedFileSystem, SimulatedDisk } from "@hashlog/fs-io/testing";
import { HashlogLevel } from "@hashlog/level";
import { describe, expect, test } from "vitest";

const TURNS = 4;

const openOn = (fileSystem: SimulatedFileSystem): HashlogLevel =>
  new HashlogLevel("/db", { store: { fileSystem, compaction: false } });

describe("after a crash", () => {
  test("a batch across sublevels is whole or not there, in the order of writing, and what had `sync: true` is there", async () => {
    /** At which step of the disk each turn was known to be durable. */
    const syncedAt: number[] = [];
    const report = await exploreCrashes({
      workload: async (fileSystem, disk) => {
        const db = openOn(fileSystem);
        await db.open();
        const [one, two] = [db.sublevel("one"), db.sublevel("two")];
        for (let turn = 1; turn <= TURNS; turn += 1) {
          const value = `${turn}`;
          const batch = db.batch().put("turn", value, { sublevel: one }).put("turn", value, { sublevel: two });
          await batch.put("turn", value).write();
          await db.put("after", value, { sync: true });
          syncedAt.push(disk.position);
        }
        await db.close();
      },
      check: async (image, ordinal) => {
        const db = openOn(new SimulatedDisk({ image }).boot());
        const [one, two] = [db.sublevel("one"), db.sublevel("two")];
        const found = [await db.get("turn"), await one.get("turn"), await two.get("turn")];
        expect(new Set(found).size).toBe(1);
        const turn = Number(found[0] ?? 0);
        const after = Number((await db.get("after")) ?? 0);
        // The two alternate.
        expect([turn, turn - 1]).toContain(after);
        expect(after).toBeGreaterThanOrEqual(syncedAt.filter((position) => position <= ordinal).length);
        // And it goes on from there.
        await db.put("after", "more", { sync: true });
        await db.close();
      },
      points: 60,
      fatesPerPoint: 4,
      obligation: (ordinal) => syncedAt.filter((position) => position <= ordinal).length,
    });
    expect(syncedAt).toHaveLength(TURNS);
    expect(report.points).toBeGreaterThan(50);
    expect(report.images).toBeGreaterThan(100);
  });
});
