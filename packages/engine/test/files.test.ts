import { parseFileName } from "@hashlog/format";
import { describe, expect, test } from "vitest";
import { readManifest, recount } from "./support/recount.ts";
import { filler } from "./support/values.ts";
import { FILE_SYSTEMS, type World } from "./support/worlds.ts";

/** How many files there are of each kind. */
async function census(world: World): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const name of await world.fileSystem.list(world.directory)) {
    const kind = parseFileName(name)?.kind ?? "other";
    found[kind] = (found[kind] ?? 0) + 1;
  }
  return found;
}

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test("opening and closing many times leaves the files that one time leaves", async () => {
    const world = await newWorld();
    await (await world.open()).close();
    const before = await census(world);
    expect(before).toEqual({ manifest: 1, reserve: 1, checkpoint: 1 });
    for (let turn = 0; turn < 15; turn += 1) await (await world.open()).close();
    expect(await census(world)).toEqual(before);
  });

  test("short openings with a few writes each leave no litter", async () => {
    const world = await newWorld();
    for (let turn = 0; turn < 15; turn += 1) {
      const db = await world.open();
      await db.put(`key ${turn % 3}`, String(turn));
      if (turn % 4 === 3) await db.delete("key 0");
      await db.close();
    }
    expect(await census(world)).toEqual({ manifest: 1, reserve: 1, checkpoint: 1, segment: 1 });
  });

  test("compacting many times leaves no litter, no empty file, and no more than what is alive", async () => {
    const world = await newWorld();
    let db = await world.open({ segmentBytesMax: 512 });
    for (let turn = 0; turn < 8; turn += 1) {
      for (let index = 0; index < 6; index += 1) await db.put(`key ${index}`, filler(100, turn));
      if (turn % 3 === 2) await db.clear();
      await db.compact();
      if (turn % 2 === 1) db = await world.reopen(db);
    }
    await db.clear();
    await db.compact();
    await db.close();
    expect(await census(world)).toEqual({ manifest: 1, reserve: 1, checkpoint: 1 });
  });

  test("no file's id and no sequence is ever given twice", async () => {
    const world = await newWorld();
    const files = new Map<string, bigint>();
    const sequences = new Map<number, string>();
    const look = async (): Promise<void> => {
      const { manifest, segments } = await recount(world);
      for (const { segmentId, identity } of manifest.segments) {
        expect(files.get(`segment ${segmentId}`) ?? identity).toBe(identity);
        files.set(`segment ${segmentId}`, identity);
      }
      for (const { key, sequence, tombstone, value } of segments.flatMap(({ records }) => records)) {
        const written = `${key} ${tombstone ? "deleted" : Buffer.from(value).toString("hex")}`;
        expect(sequences.get(sequence) ?? written).toBe(written);
        sequences.set(sequence, written);
      }
    };
    let highestId = 0;
    for (let turn = 0; turn < 10; turn += 1) {
      const db = await world.open({ segmentBytesMax: 512 });
      for (let index = 0; index < 4; index += 1) await db.put(`key ${index}`, filler(100, turn * 4 + index));
      await look();
      // The last thing in the log is a delete, and then nothing at all is left.
      if (turn % 2 === 0) await db.clear();
      await look();
      if (turn % 3 === 0) await db.compact();
      await db.close();
      const { nextFileId } = await readManifest(world);
      expect(nextFileId).toBeGreaterThan(highestId);
      highestId = nextFileId;
    }
    expect(sequences.size).toBeGreaterThanOrEqual(60);
  });
});
