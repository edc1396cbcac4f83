import { verify, type VerifyProgress } from "@hashlog/engine";
import { hintFileName, MANIFEST_NAME } from "@hashlog/format";
import { FsError, memoryFileSystem, type ReadFile } from "@hashlog/fs-io";
import { describe, expect, test } from "vitest";
import { atRest } from "./support/at-rest.ts";
import { altered } from "../../../test/support/altered.ts";
import { sixRecords } from "./support/six-records.ts";
import { spoil } from "./support/spoil.ts";
import { filler, rejection } from "./support/values.ts";
import { shared, SMALL, writeALot } from "./support/verifying.ts";
import { FILE_SYSTEMS, memoryWorld } from "./support/worlds.ts";

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
  // They are copied by then, as they cannot be synced where they lie, and the manifest lists the copies.
  world.watched.fail("sync", /0000000001\.segment$/, "FS_NO_SPACE");
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

test("a hint that is being written is looked at again, also where it leaves older records out", async () => {
  const world = await memoryWorld();
  const looks: number[] = [];
  // The first look meets a file of which the end is not written yet.
  const fileSystem = altered(world.fileSystem, {
    openRead: async (path: string) => {
      const file = await world.fileSystem.openRead(path);
      if (!path.endsWith(hintFileName(2))) return file;
      looks.push(file.size());
      return looks.length > 1 ? file : altered(file, { size: () => file.size() - 1 });
    },
  });
  const db = await world.open({ fileSystem, segmentBytesMax: 512, compaction: false });
  for (let index = 0; index < 6; index += 1) await db.put("key", filler(150, index));
  await atRest(db);
  looks.length = 0;
  expect((await db.verify()).findings).toEqual([]);
  expect(looks).toHaveLength(2);
  await db.close();
});

test("others have their turn within a large batch", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.batch(
    Array.from({ length: 4096 }, (_, index) => ({ type: "put", key: `key ${index}`, value: "value" }) as const),
  );
  await db.close();
  let turns = 0;
  const clock = altered(world.clock, {
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

describe("it rejects", () => {
  test("while somebody has the store open for writing", async () => {
    const world = await memoryWorld();
    await world.open();
    expect(await rejection(verify(world.directory, shared(world)))).toMatchObject({ code: "HASHLOG_LOCKED" });
  });

  test("while somebody writes it and closes it again", async () => {
    const world = await memoryWorld();
    await sixRecords(world);
    let written: Promise<void> | undefined;
    const write = async (): Promise<void> => {
      const db = await world.open({ segmentBytesMax: 512 });
      await db.compact();
      await db.close();
    };
    const fileSystem = altered(world.fileSystem, {
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
    await sixRecords(world);
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

test("an error of the file system that is no damage rejects", async () => {
  const world = await memoryWorld();
  await sixRecords(world);
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

test("a directory that may not be read is not called locked", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.close();
  const fileSystem = altered(world.fileSystem, {
    list: (path: string) => Promise.reject(new FsError("FS_NOT_PERMITTED", "not for you", { operation: "list", path })),
    // Where it cannot be told, there may be a writer.
    isLocked: () => Promise.resolve(true),
  });
  expect(await rejection(verify(world.directory, { fileSystem }))).toMatchObject({ code: "HASHLOG_NOT_PERMITTED" });
});
