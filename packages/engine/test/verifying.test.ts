import { open, verify, type KeydirFactory, type OpenOptions, type Store, type VerifyProgress } from "@hashlog/engine";
import { checkpointFileName, hintFileName, MANIFEST_NAME, segmentFileName } from "@hashlog/format";
import { FsError, memoryFileSystem, type FileSystem, type ReadFile } from "@hashlog/fs-io";
import { hashKeydir, HintBuilder, type Keydir } from "@hashlog/index";
import { describe, expect, test } from "vitest";
import { atRest } from "./support/at-rest.ts";
import { manifestIn } from "./support/manifests.ts";
import { readFile } from "./support/recount.ts";
import { copyStore, writeFile } from "./support/roads.ts";
import { filler, rejection, utf8Bytes } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld, simulatedWorld, type World } from "./support/worlds.ts";

type TextStore = Store<string, Uint8Array, Uint8Array | string>;

const SMALL: OpenOptions = { segmentBytesMax: 1024 };

async function writeALot(db: TextStore): Promise<void> {
  for (let index = 0; index < 90; index += 1) await db.put(`key ${index % 30}`, filler(80, index));
  await db.batch([
    { type: "put", key: "a", value: "1" },
    { type: "delete", key: "key 3" },
  ]);
  await db.put("expires", "soon", { ttlMs: 1000 });
  await db.delete("key 4");
}

/** Changes bytes of a file of a store that is closed, or of one that has them in no buffer. */
async function spoil(world: World, name: string, change: (bytes: Uint8Array) => Uint8Array | void): Promise<void> {
  const bytes = Uint8Array.from(await readFile(world.fileSystem, world.path(name)));
  await writeFile(world.fileSystem, world.path(name), change(bytes) ?? bytes);
  world.leaveUnchecked();
}

/** A store with three segments of two records each, the last one unsealed, closed: `key 0` to `key 5`. */
async function closedStore(world: World): Promise<void> {
  const db = await world.open({ segmentBytesMax: 512 });
  for (let index = 0; index < 6; index += 1) await db.put(`key ${index}`, filler(150, index));
  await atRest(db);
  await db.close();
}

function shared(world: World): { fileSystem: FileSystem } {
  return { fileSystem: world.fileSystem };
}

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test("a store that is whole has no findings, open or closed", async () => {
    const world = await newWorld();
    const db = await world.open(SMALL);
    await writeALot(db);
    await db.compact();
    await writeALot(db);
    await db.checkpoint();
    await writeALot(db);
    world.clock.advance(5000);
    const { keys, segments } = db.stats();
    const report = await db.verify();
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ keys, segments: segments.length, tornTail: undefined });
    expect(report.records).toBe(segments.reduce((sum, { records }) => sum + records, 0));
    expect(report.bytesRead).toBeGreaterThanOrEqual(segments.reduce((sum, { fileBytes }) => sum + fileBytes, 0));
    await db.close();
    const closed = await verify(world.directory, shared(world));
    expect(closed).toMatchObject({ findings: [], keys, tornTail: undefined });
  });

  test("it goes on beside writes and merges, and speaks of the moment of the call", async () => {
    const world = await newWorld();
    const db = await world.open({ ...SMALL, sync: "never" });
    await writeALot(db);
    const { keys } = db.stats();
    const verified = db.verify();
    const more = Array.from({ length: 200 }, (_, index) => db.put(`more ${index}`, filler(60, index)));
    const merged = db.compact();
    const report = await verified;
    expect(report.findings).toEqual([]);
    expect(report.keys).toBeGreaterThanOrEqual(keys);
    await Promise.all([...more, merged]);
    expect((await db.verify()).findings).toEqual([]);
  });
});

test("while a log that was full is taken up again, and its last writes move, it waits for that", async () => {
  const world = await memoryWorld();
  const db = await world.open({ sync: "never" });
  for (let index = 0; index < 20; index += 1) await db.put(`key ${index}`, filler(80, index));
  const full = world.watched.fail("append", /\.segment$/, "FS_NO_SPACE");
  expect(await rejection(db.put("more", "1"))).toMatchObject({ code: "HASHLOG_NO_SPACE" });
  full.end();
  // They are copied by then, and the manifest lists the copies.
  const copied = world.watched.hold("replace", /manifest$/);
  const written = db.put("more", "1");
  await copied.reached;
  const read = world.watched.hold("read", /0000000002\.segment$/);
  copied.release();
  await read.reached;
  const verified = db.verify();
  await new Promise((resolve) => setTimeout(resolve, 5));
  read.release();
  await written;
  expect((await verified).findings).toEqual([]);
  expect((await db.verify()).findings).toEqual([]);
});

test("others have their turn within a large batch", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.batch(
    Array.from({ length: 4096 }, (_, index) => ({ type: "put", key: `key ${index}`, value: "value" }) as const),
  );
  await db.close();
  let turns = 0;
  const clock = overridden(world.clock, {
    yield: async () => {
      turns += 1;
      await world.clock.yield();
    },
  });
  expect(await verify(world.directory, { ...shared(world), clock })).toMatchObject({ findings: [], records: 4096 });
  expect(turns).toBeGreaterThanOrEqual(7);
});

test("an empty store, and one that was never written to, have no findings", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  expect(await db.verify()).toMatchObject({ findings: [], keys: 0, records: 0, segments: 0 });
  await db.close();
  expect(await verify(world.directory, shared(world))).toMatchObject({ findings: [], keys: 0 });
});

describe("damage to a sealed segment is a finding", () => {
  test("with its place, the sequences that lay there, and how many keys", async () => {
    const world = await memoryWorld();
    await closedStore(world);
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
    await closedStore(world);
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
    await closedStore(world);
    world.leaveUnchecked();
    await damage(world);
    const { findings } = await verify(world.directory, shared(world));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ subject: "segment", segmentId: 2, harmless: false });
    expect(findings[0]!.what).toContain(words);
  });

  test("where nobody knows how many bytes it had, only that writes are missing", async () => {
    const world = await memoryWorld();
    await closedStore(world);
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
  const fileSystem = overridden(world.fileSystem, {
    openRead: async (path: string) => {
      const file = await world.fileSystem.openRead(path);
      return overridden(file, {
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
    await closedStore(world);
    await spoil(world, name, (bytes) => {
      bytes[bytes.length >> 1]! ^= 1;
    });
    const { findings, keys } = await verify(world.directory, shared(world));
    expect(findings).toMatchObject([{ subject, harmless: true, path: world.path(name) }]);
    expect(keys).toBe(6);
  });

  test("a checkpoint that is missing", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    await world.fileSystem.remove(world.path(checkpointFileName(4)));
    const { findings } = await verify(world.directory, shared(world));
    expect(findings).toMatchObject([{ subject: "checkpoint", harmless: true }]);
  });
});

describe("what reads well and is wrong is a finding, and does harm", () => {
  test("a hint that does not say what its segment says", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    const { hashKey, segments } = manifestIn(await readFile(world.fileSystem, world.path(MANIFEST_NAME)));
    const listed = segments[1]!;
    expect(listed).toMatchObject({ state: "sealed", segmentId: 2 });
    const builder = new HintBuilder({ hashKey });
    const key = utf8Bytes("key 2key 9");
    builder.put(key, 0, 5, 3, 64, 150, 0);
    // The last one of another key than it is.
    builder.put(key, 5, 10, 4, 64 + 173 + 32, 150, 0);
    const blocks: Uint8Array[] = [];
    const { segmentId, identity } = listed;
    const sealedBytes = listed.state === "sealed" ? listed.sealedBytes : 0;
    builder.encode({ segmentId, identity, sealedBytes }, (block) => blocks.push(block.slice()));
    await spoil(world, hintFileName(2), () => Uint8Array.from(blocks.flatMap((block) => [...block])));
    const { findings } = await verify(world.directory, shared(world));
    expect(findings).toMatchObject([{ subject: "hint", harmless: false, segmentId: 2 }]);
  });

  /** Keydirs that forget one key when it is put. */
  const forgetful =
    (forgotten: string): KeydirFactory =>
    (options) => {
      const keydir = hashKeydir(options);
      const put: Keydir["put"] = (bytes, start, end, location, replaced) => {
        if (Buffer.from(bytes.subarray(start, end)).toString() === forgotten) return false;
        return keydir.put(bytes, start, end, location, replaced);
      };
      return overridden(keydir, { put });
    };

  test("a key that is not in memory, and not in the checkpoint", async () => {
    const world = await memoryWorld();
    world.leaveUnchecked();
    const db = await open(world.directory, { ...shared(world), index: forgetful("key 2") });
    for (let index = 0; index < 6; index += 1) await db.put(`key ${index}`, "value");
    const { findings } = await db.verify();
    expect(findings).toMatchObject([{ subject: "index", harmless: false, keys: 1 }]);
    await db.close();
    const closed = await verify(world.directory, shared(world));
    expect(closed.findings).toMatchObject([{ subject: "checkpoint", harmless: false, keys: 1 }]);
  });

  test("what the statistics count", async () => {
    const world = await memoryWorld();
    world.leaveUnchecked();
    const silent: KeydirFactory = (options) => {
      const keydir = hashKeydir(options);
      const put: Keydir["put"] = (...of) => {
        keydir.put(...of);
        return false;
      };
      return overridden(keydir, { put });
    };
    const db = await open(world.directory, { ...shared(world), index: silent, compaction: false });
    await db.put("a", "1");
    await db.put("a", "2");
    const { findings } = await db.verify();
    expect(findings.map(({ subject, what }) => [subject, what])).toEqual([
      ["statistics", "stats() counts 2 as liveRecords of segment 1, and the log gives 1"],
      ["statistics", "stats() counts 40 as liveBytes of segment 1, and the log gives 20"],
    ]);
    await db.close();
  });

  test("a manifest of which the store itself does not know whether it wrote it is none", async () => {
    const world = await memoryWorld();
    let isLost = false;
    const fileSystem = overridden(world.fileSystem, {
      replace: async (path: string, bytes: Uint8Array) => {
        await world.fileSystem.replace(path, bytes);
        if (isLost) throw new FsError("FS_IO", "who knows", { operation: "replace", path, outcome: "unknown" });
      },
    });
    const db = await world.open({ fileSystem });
    await db.put("a", "1");
    isLost = true;
    expect(await rejection(db.checkpoint())).toMatchObject({ code: "HASHLOG_WRITES_DISABLED" });
    expect((await db.verify()).findings).toEqual([]);
    world.leaveUnchecked();
  });

  test("a key is none that had expired, and that a merge took out which was not finished", async () => {
    const world = await memoryWorld();
    let segments = 0;
    let failed = 0;
    const fileSystem = overridden(world.fileSystem, {
      replace: async (path: string, bytes: Uint8Array) => {
        const listed = manifestIn(bytes).segments.length;
        const isFewer = listed < segments;
        segments = Math.max(listed, segments);
        if (isFewer) {
          failed += 1;
          throw new FsError("FS_NO_SPACE", "full", { operation: "replace", path, outcome: "unchanged" });
        }
        await world.fileSystem.replace(path, bytes);
      },
    });
    const db = await world.open({ fileSystem });
    await db.put("a", "1");
    await db.put("expires", "soon", { ttlMs: 1 });
    await db.put("b", "2");
    world.clock.advance(100 * 86_400_000);
    // The edit that takes its inputs out.
    await rejection(db.compact());
    expect(failed).toBeGreaterThan(0);
    // Opened anew it would have that key again, and not show it.
    world.leaveUnchecked();
    expect((await db.verify()).findings).toEqual([]);
  });

  test("a manifest that another writer has changed", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("a", "1");
    const bytes = await readFile(world.fileSystem, world.path(MANIFEST_NAME));
    bytes[50]! ^= 1;
    await world.fileSystem.replace(world.path(MANIFEST_NAME), bytes);
    const { findings } = await db.verify();
    expect(findings).toMatchObject([{ subject: "manifest", harmless: false, path: world.path(MANIFEST_NAME) }]);
    world.leaveUnchecked();
  });
});

describe("without a manifest that can be believed", () => {
  test("the segments are read all the same", async () => {
    const world = await memoryWorld();
    await closedStore(world);
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
    await closedStore(world);
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
    await closedStore(world);
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

describe("it rejects", () => {
  test("while somebody has the store open for writing", async () => {
    const world = await memoryWorld();
    await world.open();
    expect(await rejection(verify(world.directory, shared(world)))).toMatchObject({ code: "HASHLOG_LOCKED" });
  });

  test("while somebody writes it and closes it again", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    let written: Promise<void> | undefined;
    const write = async (): Promise<void> => {
      const db = await world.open({ segmentBytesMax: 512 });
      await db.compact();
      await db.close();
    };
    const fileSystem = overridden(world.fileSystem, {
      openRead: async (path: string) => {
        if (path.endsWith(hintFileName(2))) await (written ??= write());
        return world.fileSystem.openRead(path);
      },
    });
    expect(await rejection(verify(world.directory, { fileSystem }))).toMatchObject({ code: "HASHLOG_LOCKED" });
    expect((await verify(world.directory, { fileSystem })).findings).toEqual([]);
  });

  test("where there is no store", async () => {
    const fileSystem = memoryFileSystem();
    expect(await rejection(verify("/nothing", { fileSystem }))).toMatchObject({ code: "HASHLOG_NOT_FOUND" });
    await fileSystem.makeDirectory("/empty");
    expect(await rejection(verify("/empty", { fileSystem }))).toMatchObject({ code: "HASHLOG_NOT_FOUND" });
  });

  test("a manifest of a later version", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    await spoil(world, MANIFEST_NAME, (bytes) => {
      bytes[8] = 9;
    });
    expect(await rejection(verify(world.directory, shared(world)))).toMatchObject({
      code: "HASHLOG_VERSION",
      actual: 9,
    });
  });

  test.each([
    ["an unknown option", { hurry: true }],
    ["a signal that is none", { signal: 1 }],
  ])("%s", async (_what, options) => {
    const world = await memoryWorld();
    const db = await world.open();
    const code = "HASHLOG_INVALID_ARGUMENT";
    expect(await rejection(db.verify(options as never))).toMatchObject({ code });
    expect(await rejection(verify(world.directory, options as never))).toMatchObject({ code });
    expect(await rejection(verify("", {}))).toMatchObject({ code });
  });

  test("when it is cancelled, before and in the midst, and tells how far it is", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    for (let index = 0; index < 20; index += 1) await db.put(`key ${index}`, filler(600_000, index));
    expect(await rejection(db.verify({ signal: AbortSignal.abort("no") }))).toMatchObject({ code: "HASHLOG_ABORTED" });
    const told: VerifyProgress[] = [];
    const controller = new AbortController();
    const onProgress = (progress: VerifyProgress): void => {
      told.push(progress);
      controller.abort();
    };
    const { signal } = controller;
    expect(await rejection(db.verify({ signal, onProgress }))).toMatchObject({ code: "HASHLOG_ABORTED" });
    expect(told).toHaveLength(1);
    const whole: VerifyProgress[] = [];
    await db.verify({ onProgress: (progress) => whole.push(progress) });
    expect(whole.length).toBeGreaterThan(2);
    expect(whole.at(-1)!.bytesDone).toBe(whole.at(-1)!.bytesTotal);
  });

  test("when the store is closed meanwhile, which does not wait for it", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    for (let index = 0; index < 20; index += 1) await db.put(`key ${index}`, filler(600_000, index));
    let closed: Promise<void> | undefined;
    const onProgress = (): void => {
      closed ??= db.close();
    };
    const verified = rejection(db.verify({ onProgress }));
    expect(await verified).toMatchObject({ code: "HASHLOG_CLOSED" });
    await closed;
    expect(await rejection(db.verify())).toMatchObject({ code: "HASHLOG_CLOSED" });
  });
});

test("what the disk does not even open is damage like any other, left-over files included", async () => {
  const world = await memoryWorld();
  await closedStore(world);
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
    const notOpening = overridden(world.fileSystem, {
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

test("an error of the file system that is no damage rejects", async () => {
  const world = await memoryWorld();
  await closedStore(world);
  const fileSystem = new Proxy(world.fileSystem, {
    get: (target, name) => {
      if (name !== "openRead") return Reflect.get(target, name, target) as unknown;
      return async (path: string): Promise<ReadFile> => {
        if (!path.endsWith(".hint")) return target.openRead(path);
        throw new FsError("FS_NOT_PERMITTED", "not for you", { operation: "openRead", path });
      };
    },
  });
  expect(await rejection(verify(world.directory, { fileSystem }))).toMatchObject({ code: "HASHLOG_NOT_PERMITTED" });
});

/** The same with some methods of the test's. */
function overridden<T extends object>(original: T, methods: Partial<T>): T {
  return new Proxy(original, {
    get: (target, name) => {
      const own = (methods as Record<string | symbol, unknown>)[name];
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

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
