/** What is left of a datastore after a crash at any of its steps, on a disk that keeps only what was synced for sure. */
import { HashlogDatastore } from "@hashlog/datastore";
import { exploreCrashes, type SimulatedFileSystem, SimulatedDisk } from "@hashlog/fs-io/testing";
import { Key } from "interface-datastore";
import { describe, expect, test } from "vitest";

const KEYS = ["/a", "/b", "/c"].map((name) => new Key(name));
const ALONE = new Key("/alone");
const TURNS = 4;

async function openOn(fileSystem: SimulatedFileSystem): Promise<HashlogDatastore> {
  const datastore = new HashlogDatastore("/store", { fileSystem, compaction: false });
  await datastore.open();
  return datastore;
}

/** The turn in which the key was put; 0 if it is not there. */
async function turnOf(datastore: HashlogDatastore, key: Key): Promise<number> {
  return (await datastore.has(key)) ? (await datastore.get(key))[0]! : 0;
}

describe("after a crash", () => {
  test("what was put is there once that has resolved, and a batch is whole or not there", async () => {
    /** At which step of the disk each turn had resolved. */
    const resolvedAt: number[] = [];
    const report = await exploreCrashes({
      workload: async (fileSystem, disk) => {
        const datastore = await openOn(fileSystem);
        for (let turn = 1; turn <= TURNS; turn += 1) {
          const batch = datastore.batch();
          for (const key of KEYS) batch.put(key, Uint8Array.of(turn));
          await batch.commit();
          await datastore.put(ALONE, Uint8Array.of(turn));
          resolvedAt.push(disk.position);
        }
        await datastore.close();
      },
      check: async (image, ordinal) => {
        const datastore = await openOn(new SimulatedDisk({ image }).boot());
        const turns = await Promise.all(KEYS.map((key) => turnOf(datastore, key)));
        const alone = await turnOf(datastore, ALONE);
        expect(new Set(turns).size).toBe(1);
        // The two alternate.
        expect([turns[0]!, turns[0]! - 1]).toContain(alone);
        expect(alone).toBeGreaterThanOrEqual(resolvedAt.filter((position) => position <= ordinal).length);
        await datastore.close();
      },
      points: 60,
      fatesPerPoint: 4,
      obligation: (ordinal) => resolvedAt.filter((position) => position <= ordinal).length,
    });
    expect(resolvedAt).toHaveLength(TURNS);
    expect(report.images).toBeGreaterThan(100);
  });
});
