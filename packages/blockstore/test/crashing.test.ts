/** What is left of a blockstore after a crash at any of its steps, on a disk that keeps only what was synced for sure. */
import { HashlogBlockstore } from "@hashlog/blockstore";
import { exploreCrashes, type SimulatedFileSystem, SimulatedDisk } from "@hashlog/fs-io/testing";
import { CID } from "multiformats/cid";
import * as raw from "multiformats/codecs/raw";
import { sha256 } from "multiformats/hashes/sha2";
import { describe, expect, test } from "vitest";

const BLOCKS = await Promise.all(
  Array.from({ length: 12 }, async (_, at) => {
    const bytes = new Uint8Array(50).fill(at);
    return { bytes, cid: CID.createV1(raw.code, await sha256.digest(bytes)) };
  }),
);

async function openOn(fileSystem: SimulatedFileSystem): Promise<HashlogBlockstore> {
  const blockstore = new HashlogBlockstore("/blocks", { fileSystem, compaction: false });
  await blockstore.open();
  return blockstore;
}

describe("after a crash", () => {
  test("every block that was put is there once that has resolved, whole, and in the order of putting", async () => {
    /** At which step of the disk each block was put. */
    const putAt: number[] = [];
    const report = await exploreCrashes({
      workload: async (fileSystem, disk) => {
        const blockstore = await openOn(fileSystem);
        for (const { cid, bytes } of BLOCKS.slice(0, 4)) {
          await blockstore.put(cid, bytes);
          putAt.push(disk.position);
        }
        for await (const _cid of blockstore.putMany(BLOCKS.slice(4))) putAt.push(disk.position);
        await blockstore.close();
      },
      check: async (image, ordinal) => {
        const blockstore = await openOn(new SimulatedDisk({ image }).boot());
        const are = await Promise.all(BLOCKS.map(({ cid }) => blockstore.has(cid)));
        const count = are.filter(Boolean).length;
        expect(are.indexOf(false)).toBe(count === BLOCKS.length ? -1 : count);
        expect(count).toBeGreaterThanOrEqual(putAt.filter((position) => position <= ordinal).length);
        for (const { cid, bytes } of BLOCKS.slice(0, count)) {
          for await (const block of blockstore.get(cid)) expect(block).toEqual(bytes);
        }
        await blockstore.close();
      },
      points: 60,
      fatesPerPoint: 4,
      obligation: (ordinal) => putAt.filter((position) => position <= ordinal).length,
    });
    expect(putAt).toHaveLength(BLOCKS.length);
    expect(report.images).toBeGreaterThan(50);
  });
});
