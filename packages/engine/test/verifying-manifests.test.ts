import { verify } from "@hashlog/engine";
import { hintFileName, MANIFEST_NAME, segmentFileName } from "@hashlog/format";
import { describe, expect, test } from "vitest";
import { readFile } from "./support/recount.ts";
import { copyStore, writeFile } from "./support/roads.ts";
import { sixRecords } from "./support/six-records.ts";
import { spoil } from "./support/spoil.ts";
import { filler } from "./support/values.ts";
import { shared } from "./support/verifying.ts";
import { memoryWorld } from "./support/worlds.ts";

describe("without a manifest that can be believed", () => {
  test("the segments are read all the same", async () => {
    const world = await memoryWorld();
    await sixRecords(world);
    await spoil(world, MANIFEST_NAME, (bytes) => {
      bytes[50]! ^= 1;
    });
    const report = await verify(world.directory, shared(world));
    expect(report.findings[0]).toMatchObject({ subject: "manifest", harmless: false });
    expect(report.findings[0]!.what).toContain("manifest checksum");
    expect(report.keys).toBe(6);
  });

  test("its replacement, which a crash left, stands for it", async () => {
    const world = await memoryWorld();
    await sixRecords(world);
    const bytes = await readFile(world.fileSystem, world.path(MANIFEST_NAME));
    await spoil(world, MANIFEST_NAME, () => new Uint8Array(10));
    await writeFile(world.fileSystem, `${world.path(MANIFEST_NAME)}.new`, bytes);
    const report = await verify(world.directory, shared(world));
    expect(report.findings).toHaveLength(1);
    expect(report.findings[0]!.what).toContain("its replacement");
    expect(report.keys).toBe(6);
  });

  test("a segment whose header is damaged as well cannot be told", async () => {
    const world = await memoryWorld();
    await sixRecords(world);
    await world.fileSystem.remove(world.path(MANIFEST_NAME));
    await world.fileSystem.remove(world.path(hintFileName(1)));
    await spoil(world, segmentFileName(1), (bytes) => {
      bytes[20]! ^= 1;
    });
    const report = await verify(world.directory, shared(world));
    expect(report.findings.map(({ subject }) => subject)).toEqual(["manifest", "segment"]);
    expect(report.keys).toBe(4);
  });

  test("one that is older than the files beside it is a finding", async () => {
    const world = await memoryWorld();
    let db = await world.open({ segmentBytesMax: 512 });
    await db.put("key 0", filler(400));
    await db.close();
    const older = await copyStore(world);
    db = await world.open({ segmentBytesMax: 512 });
    for (let index = 1; index < 4; index += 1) await db.put(`key ${index}`, filler(400));
    await db.close();
    const bytes = await readFile(older.fileSystem, older.fileSystem.join(older.directory, MANIFEST_NAME));
    await spoil(world, MANIFEST_NAME, () => bytes);
    const { findings } = await verify(world.directory, shared(world));
    expect(findings.find(({ subject }) => subject === "manifest")?.what).toContain("it is older than");
  });
});
