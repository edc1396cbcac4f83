import { verify } from "@hashlog/engine";
import { checkpointFileName, hintFileName, MANIFEST_NAME, segmentFileName } from "@hashlog/format";
import { FsError, type FileSystem, type ReadFile } from "@hashlog/fs-io";
import { describe, expect, test } from "vitest";
import { atRest } from "./support/at-rest.ts";
import { manifestIn } from "./support/manifests.ts";
import { altered } from "../../../test/support/altered.ts";
import { readFile } from "./support/recount.ts";
import { writeFile } from "./support/roads.ts";
import { sixRecords } from "./support/six-records.ts";
import { spoil } from "./support/spoil.ts";
import { filler } from "./support/values.ts";
import { shared } from "./support/verifying.ts";
import { memoryWorld, simulatedWorld, type World } from "./support/worlds.ts";

describe("damage to a sealed segment is a finding", () => {
  test("with its place, the sequences that lay there, and how many keys", async () => {
    const world = await memoryWorld();
    await sixRecords(world);
    await spoil(world, segmentFileName(2), (bytes) => {
      bytes[100]! ^= 1;
    });
    const { findings } = await verify(world.directory, shared(world));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      ...{ subject: "segment", harmless: false, segmentId: 2, path: world.path(segmentFileName(2)), keys: 1 },
      ...{ offset: 32, firstSequence: 3, lastSequence: 3 },
    });
    expect(findings[0]!.bytes).toBe(32 + 18 + 5 + 150);
  });

  test("also of a store that is open", async () => {
    const world = await memoryWorld();
    await sixRecords(world);
    await spoil(world, segmentFileName(1), (bytes) => {
      bytes[300]! ^= 1;
    });
    const db = await world.open();
    const { findings } = await db.verify();
    expect(findings).toMatchObject([{ subject: "segment", segmentId: 1, keys: 1, firstSequence: 2 }]);
  });

  test("in every place, and the rest is read all the same", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    for (let index = 0; index < 21; index += 1) await db.put(`key ${index % 20}`, filler(100, index));
    await db.compact();
    await atRest(db);
    await db.close();
    const { segments } = manifestIn(await readFile(world.fileSystem, world.path(MANIFEST_NAME)));
    const [merged] = segments;
    await spoil(world, segmentFileName(merged!.segmentId), (bytes) => {
      bytes[80]! ^= 1;
    });
    const report = await verify(world.directory, shared(world));
    expect(report.findings).toMatchObject([{ subject: "segment", keys: 20, firstSequence: undefined }]);
  });

  test.each([
    ["is missing", async (world: World) => world.fileSystem.remove(world.path(segmentFileName(2))), "missing"],
    ["is empty", (world: World) => spoil(world, segmentFileName(2), () => new Uint8Array()), "missing, or empty"],
    ["is too short", (world: World) => spoil(world, segmentFileName(2), (bytes) => bytes.slice(0, 300)), "too short"],
    [
      "is another",
      async (world: World) => {
        const other = await readFile(world.fileSystem, world.path(segmentFileName(1)));
        await spoil(world, segmentFileName(2), () => other);
      },
      "another segment",
    ],
    [
      "has a damaged header",
      (world: World) =>
        spoil(world, segmentFileName(2), (bytes) => {
          bytes[20]! ^= 1;
        }),
      "segment header checksum",
    ],
    [
      "seems to be of a later version",
      (world: World) =>
        spoil(world, segmentFileName(2), (bytes) => {
          bytes[8] = 9;
        }),
      "version 9",
    ],
  ] as const)("where the file %s", async (_what, damage, words) => {
    const world = await memoryWorld();
    await sixRecords(world);
    world.leaveUnchecked();
    await damage(world);
    const { findings } = await verify(world.directory, shared(world));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ subject: "segment", segmentId: 2, harmless: false });
    expect(findings[0]!.what).toContain(words);
  });

  test("where nobody knows how many bytes it had, only that writes are missing", async () => {
    const world = await memoryWorld();
    await sixRecords(world);
    world.leaveUnchecked();
    await world.fileSystem.remove(world.path(segmentFileName(3)));
    const { findings } = await verify(world.directory, shared(world));
    expect(findings).toMatchObject([{ subject: "segment", segmentId: 3, bytes: 0, firstSequence: 5, lastSequence: 6 }]);
    expect(findings[0]!.what).toBe("writes are missing: the file is missing, or empty, or cannot be opened");
  });

  test("where the disk does not give the bytes, of a few kilobytes and not of all that is read at once", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    for (let index = 0; index < 10; index += 1) await db.put(`key ${index}`, filler(10_000, index));
    await db.compact();
    await db.close();
    const fileSystem = refusing(world.fileSystem, /\.segment$/, 50_000);
    const { findings, keys } = await verify(world.directory, { fileSystem });
    expect(findings).toMatchObject([{ subject: "segment", harmless: false }]);
    // One or two of them lie in the bad sectors.
    expect(keys).toBe(8);
    expect(findings[0]!.bytes).toBeLessThan(21_000);
  });
});

test("where there is damage everywhere, no more is read than a few times the file", async () => {
  const world = await memoryWorld();
  const db = await world.open({ sync: "never" });
  for (let index = 0; index < 800; index += 1) await db.put(`key ${index}`, filler(50, index));
  await db.close();
  let bytesOfFile = 0;
  await spoil(world, segmentFileName(1), (bytes) => {
    bytesOfFile = bytes.length;
    for (let at = 32 + 60; at < bytes.length; at += 2 * (bytes.length / 800)) bytes[Math.floor(at)]! ^= 1;
  });
  let bytesRead = 0;
  const fileSystem = altered(world.fileSystem, {
    openRead: async (path: string) => {
      const file = await world.fileSystem.openRead(path);
      return altered(file, {
        read: async (...of: Parameters<ReadFile["read"]>) => {
          const bytes = await file.read(...of);
          bytesRead += bytes;
          return bytes;
        },
      });
    },
  });
  const { findings } = await verify(world.directory, { fileSystem });
  expect(findings.length).toBeGreaterThan(300);
  expect(bytesRead).toBeLessThan(20 * bytesOfFile);
});

describe("damage to a cache is a finding, and harmless", () => {
  test.each([
    ["hint", hintFileName(2)],
    ["checkpoint", checkpointFileName(4)],
  ])("a %s", async (subject, name) => {
    const world = await memoryWorld();
    await sixRecords(world);
    await spoil(world, name, (bytes) => {
      bytes[bytes.length >> 1]! ^= 1;
    });
    const { findings, keys } = await verify(world.directory, shared(world));
    expect(findings).toMatchObject([{ subject, harmless: true, path: world.path(name) }]);
    expect(keys).toBe(6);
  });

  test("a checkpoint that is missing", async () => {
    const world = await memoryWorld();
    await sixRecords(world);
    await world.fileSystem.remove(world.path(checkpointFileName(4)));
    const { findings } = await verify(world.directory, shared(world));
    expect(findings).toMatchObject([{ subject: "checkpoint", harmless: true }]);
  });
});

test("an unfinished write at the end of the log is no finding", async () => {
  const { world, killed } = await simulatedWorld();
  const db = await world.open();
  await db.put("a", "1");
  await db.put("b", "2");
  const { fileSystem, directory } = killed();
  const path = fileSystem.join(directory, segmentFileName(1));
  const bytes = await readFile(fileSystem, path);
  await writeFile(fileSystem, path, Uint8Array.from([...bytes, ...bytes.subarray(32, 60)]));
  const report = await verify(directory, { fileSystem });
  expect(report.findings).toEqual([]);
  expect(report.tornTail).toMatchObject({ segmentId: 1, offset: bytes.length });
});

test("damage to the log below what was durable is a finding, and what comes behind is read", async () => {
  const { world, killed } = await simulatedWorld();
  const db = await world.open();
  for (let index = 0; index < 5; index += 1) await db.put(`key ${index}`, filler(20, index));
  const { fileSystem, directory } = killed();
  const path = fileSystem.join(directory, segmentFileName(1));
  const bytes = Uint8Array.from(await readFile(fileSystem, path));
  bytes[32 + 32 + 10]! ^= 1;
  await writeFile(fileSystem, path, bytes);
  const report = await verify(directory, { fileSystem });
  expect(report.findings).toMatchObject([{ subject: "segment", offset: 32, firstSequence: 1, lastSequence: 1 }]);
  expect(report.keys).toBe(4);
});

test("what the disk does not even open is damage like any other, left-over files included", async () => {
  const world = await memoryWorld();
  await sixRecords(world);
  const leftOver = segmentFileName(40);
  await writeFile(world.fileSystem, world.path(leftOver), new Uint8Array(100));
  for (const [names, subjects] of [
    [hintFileName(1), ["hint"]],
    [segmentFileName(1), ["segment"]],
    [segmentFileName(3), ["segment"]],
    [checkpointFileName(4), ["checkpoint"]],
    // Without it, nothing tells what the left-over file is.
    [MANIFEST_NAME, ["manifest", "segment"]],
    [leftOver, []],
  ] as const) {
    const notOpening = altered(world.fileSystem, {
      openRead: (path: string) =>
        path.endsWith(names)
          ? Promise.reject(new FsError("FS_IO", "the disk does not give it", { operation: "openRead", path }))
          : world.fileSystem.openRead(path),
    });
    const { findings } = await verify(world.directory, { fileSystem: notOpening });
    expect(findings.map(({ subject }) => subject)).toEqual(subjects);
    const notReading = refusing(world.fileSystem, new RegExp(names), 10);
    const read = await verify(world.directory, { fileSystem: notReading });
    expect(read.findings.map(({ subject }) => subject)).toEqual(subjects);
  }
});

/** Files whose names match cannot be read where byte `at` is among what is asked for. */
function refusing(fileSystem: FileSystem, names: RegExp, at: number): FileSystem {
  return new Proxy(fileSystem, {
    get: (target, name) => {
      if (name !== "openRead") return Reflect.get(target, name, target) as unknown;
      return async (path: string): Promise<ReadFile> => {
        const file = await target.openRead(path);
        if (!names.test(path)) return file;
        const read: ReadFile["read"] = async (into, from, bytes, position) => {
          if (position > at || position + bytes <= at) return file.read(into, from, bytes, position);
          throw new FsError("FS_IO", "the disk does not give it", { operation: "read", path });
        };
        return {
          path: file.path,
          size: () => file.size(),
          readSync: (...of) => file.readSync(...of),
          read,
          close: () => file.close(),
        };
      };
    },
  });
}
