import { describe, expect, test, vi } from "vitest";
import { FsError } from "../src/errors.ts";
import type { AppendFile, FileSystem } from "../src/file-system.ts";
import { memoryFileSystem } from "../src/memory-file-system.ts";
import { SegmentWriter } from "../src/segment-writer.ts";

const HEADER = Uint8Array.from({ length: 32 }, (_, at) => at + 1);
const BYTES = Uint8Array.from({ length: 100 }, (_, at) => at + 100);

const create = (fileSystem: FileSystem): Promise<SegmentWriter> =>
  SegmentWriter.create(fileSystem, "/", "segment", HEADER);

/** A memory file system whose files are changed by the test before anyone sees them. */
function withFiles(change: (file: AppendFile, fileSystem: FileSystem) => void): FileSystem {
  const fileSystem = memoryFileSystem();
  const original = fileSystem.create.bind(fileSystem);
  fileSystem.create = async (path) => {
    const file = await original(path);
    change(file, fileSystem);
    return file;
  };
  return fileSystem;
}

const failure = (operation: string): FsError => new FsError("FS_IO", "it failed", { operation, path: "/segment" });

describe("creating a segment", () => {
  test("writes the header, then syncs the file and the directory", async () => {
    const steps: string[] = [];
    const fileSystem = withFiles((file, within) => {
      vi.spyOn(file, "append").mockImplementation(() => void steps.push("append"));
      vi.spyOn(file, "sync").mockImplementation(async () => void steps.push("sync"));
      vi.spyOn(within, "syncDirectory").mockImplementation(async (path) => void steps.push(`sync ${path}`));
    });
    await create(fileSystem);
    expect(steps).toEqual(["append", "sync", "sync /"]);
  });

  test("gives a writer that stands behind a durable header", async () => {
    const fileSystem = memoryFileSystem();
    const writer = await create(fileSystem);
    expect([writer.position, writer.syncedPosition, writer.failure]).toEqual([32, 32, undefined]);
    const target = new Uint8Array(32);
    writer.file.readSync(target, 0, 32, 0);
    expect(target).toEqual(HEADER);
    expect(writer.file.path).toBe("/segment");
    await writer.close();
  });

  test("refuses a name that is taken, and leaves the file alone", async () => {
    const fileSystem = memoryFileSystem();
    await fileSystem.replace("/segment", BYTES);
    await expect(create(fileSystem)).rejects.toMatchObject({ code: "FS_EXISTS" });
    expect(await fileSystem.stat("/segment")).toEqual({ kind: "file", bytes: 100 });
  });

  test.each(["append", "sync", "syncDirectory"] as const)("closes and removes the file when %s fails", async (step) => {
    const files: AppendFile[] = [];
    const fileSystem = withFiles((file, within) => {
      files.push(file);
      const fails = (): never => {
        throw failure(step);
      };
      if (step === "append") file.append = fails;
      else if (step === "sync") file.sync = async () => fails();
      else within.syncDirectory = async () => fails();
    });
    await expect(create(fileSystem)).rejects.toMatchObject({ code: "FS_IO", operation: step });
    expect(() => files[0].size()).toThrow(expect.objectContaining({ code: "FS_CLOSED" }));
    expect(await fileSystem.list("/")).toEqual([]);
  });

  test("tells the failure also when the file cannot be removed", async () => {
    const fileSystem = withFiles((file, within) => {
      file.sync = () => Promise.reject(failure("sync"));
      within.remove = () => Promise.reject(failure("remove"));
    });
    await expect(create(fileSystem)).rejects.toMatchObject({ operation: "sync" });
  });
});

describe("continuing a segment", () => {
  test("appends behind what is there", async () => {
    const fileSystem = memoryFileSystem();
    await fileSystem.replace("/segment", BYTES);
    const writer = await SegmentWriter.continueAt(fileSystem, "/segment", 100);
    expect([writer.position, writer.syncedPosition]).toEqual([100, 100]);
    expect(writer.append(BYTES, 0, 10)).toBe(100);
    expect(await fileSystem.stat("/segment")).toEqual({ kind: "file", bytes: 110 });
    await writer.close();
  });

  test.each([99, 101, 0])("refuses a file of 100 bytes that should have %d, and closes it", async (bytes) => {
    const fileSystem = memoryFileSystem();
    await fileSystem.replace("/segment", BYTES);
    const openAppend = vi.spyOn(fileSystem, "openAppend");
    const refusal = { code: "FS_INVALID_ARGUMENT", operation: "continueAt", path: "/segment" };
    await expect(SegmentWriter.continueAt(fileSystem, "/segment", bytes)).rejects.toMatchObject(refusal);
    const opened = (await openAppend.mock.results[0].value) as AppendFile;
    expect(() => opened.size()).toThrow(expect.objectContaining({ code: "FS_CLOSED" }));
  });

  test("of a file that is not there is FS_NOT_FOUND", async () => {
    const attempt = SegmentWriter.continueAt(memoryFileSystem(), "/segment", 0);
    await expect(attempt).rejects.toMatchObject({ code: "FS_NOT_FOUND" });
  });
});

describe("writing", () => {
  test("append answers where the bytes lie, and sync how far they are durable", async () => {
    const writer = await create(memoryFileSystem());
    expect(writer.append(BYTES, 0, 10)).toBe(32);
    expect(writer.append(BYTES, 50, 60)).toBe(42);
    expect(writer.append(BYTES, 5, 5)).toBe(52);
    expect([writer.position, writer.syncedPosition]).toEqual([52, 32]);
    await writer.sync();
    expect(writer.syncedPosition).toBe(52);
    const target = new Uint8Array(10);
    expect(writer.file.readSync(target, 0, 10, 42)).toBe(10);
    expect(target).toEqual(BYTES.subarray(50, 60));
  });

  test("a sync covers what was appended before it began, and not what came while it ran", async () => {
    const ends: Array<() => void> = [];
    const fileSystem = withFiles((file) => {
      vi.spyOn(file, "sync")
        .mockResolvedValueOnce()
        .mockImplementation(() => new Promise((resolve) => ends.push(resolve)));
    });
    const writer = await create(fileSystem);
    writer.append(BYTES, 0, 10);
    const syncing = writer.sync();
    writer.append(BYTES, 10, 20);
    ends[0]();
    await syncing;
    expect([writer.position, writer.syncedPosition]).toEqual([52, 42]);
  });

  test("a second sync while one runs is a mistake that ends nothing", async () => {
    const writer = await create(memoryFileSystem());
    writer.append(BYTES, 0, 10);
    const first = writer.sync();
    await expect(writer.sync()).rejects.toMatchObject({ code: "FS_INVALID_ARGUMENT", operation: "sync" });
    await first;
    expect(writer.syncedPosition).toBe(42);
    expect(writer.failure).toBeUndefined();
    await writer.sync();
  });

  test("closing twice is fine, and a closed segment takes nothing more", async () => {
    const writer = await create(memoryFileSystem());
    await writer.close();
    await writer.close();
    expect(() => writer.append(BYTES, 0, 1)).toThrow(expect.objectContaining({ code: "FS_CLOSED" }));
    await expect(writer.sync()).rejects.toMatchObject({ code: "FS_CLOSED" });
  });
});

describe("a failure ends the writing", () => {
  test("a failed append: every later append fails with it, and a sync is of what was appended before", async () => {
    const appended = vi.fn<AppendFile["append"]>();
    const fileSystem = withFiles((file) => (file.append = appended));
    const writer = await create(fileSystem);
    writer.append(BYTES, 0, 10);
    appended.mockImplementationOnce(() => {
      throw failure("append");
    });
    expect(() => writer.append(BYTES, 0, 10)).toThrow("it failed");
    const { failure: first } = writer;
    expect(first).toMatchObject({ code: "FS_IO", operation: "append" });
    expect(() => writer.append(BYTES, 0, 10)).toThrow(first);
    expect(appended).toHaveBeenCalledTimes(3);
    expect([writer.position, writer.syncedPosition]).toEqual([42, 32]);
    await writer.sync();
    expect([writer.position, writer.syncedPosition]).toEqual([42, 42]);
  });

  test("a failed sync: it is not tried again, and nothing is appended", async () => {
    const sync = vi.fn<AppendFile["sync"]>(async () => {});
    const fileSystem = withFiles((file) => (file.sync = sync));
    const writer = await create(fileSystem);
    writer.append(BYTES, 0, 10);
    sync.mockRejectedValueOnce(failure("sync"));
    await expect(writer.sync()).rejects.toMatchObject({ operation: "sync" });
    await expect(writer.sync()).rejects.toBe(writer.failure);
    expect(() => writer.append(BYTES, 0, 1)).toThrow(writer.failure);
    expect(sync).toHaveBeenCalledTimes(2);
    expect(writer.syncedPosition).toBe(32);
  });

  test("what fails while a sync runs does not take the sync's success back", async () => {
    const fileSystem = withFiles((file) => {
      const append = file.append.bind(file);
      vi.spyOn(file, "append")
        .mockImplementationOnce(append)
        .mockImplementationOnce(append)
        .mockImplementation(() => {
          throw failure("append");
        });
    });
    const writer = await create(fileSystem);
    writer.append(BYTES, 0, 10);
    const syncing = writer.sync();
    expect(() => writer.append(BYTES, 0, 10)).toThrow("it failed");
    await syncing;
    expect(writer.syncedPosition).toBe(42);
  });

  test("a sync that fails after an append has failed while it ran tells its own failure, as every later one does", async () => {
    const appended = vi.fn<AppendFile["append"]>();
    const synced = vi.fn<AppendFile["sync"]>();
    let fail!: (error: unknown) => void;
    synced.mockResolvedValueOnce().mockImplementation(() => new Promise((_resolve, reject) => (fail = reject)));
    const fileSystem = withFiles((file) => {
      file.append = appended;
      file.sync = synced;
    });
    const writer = await create(fileSystem);
    writer.append(BYTES, 0, 10);
    const syncing = writer.sync();
    appended.mockImplementation(() => {
      throw failure("append");
    });
    expect(() => writer.append(BYTES, 0, 10)).toThrow("it failed");
    fail(failure("sync"));
    await expect(syncing).rejects.toMatchObject({ operation: "sync" });
    expect(writer.failure).toMatchObject({ operation: "append" });
    expect(() => writer.append(BYTES, 0, 10)).toThrow(writer.failure);
    await expect(writer.sync()).rejects.toMatchObject({ operation: "sync" });
    expect(synced).toHaveBeenCalledTimes(2);
  });

  test("what a file system throws that is no FsError is told as FS_IO, with its cause", async () => {
    const strange = new TypeError("strange");
    const sync = vi.fn<AppendFile["sync"]>(async () => {});
    const writer = await create(withFiles((file) => (file.sync = sync)));
    sync.mockRejectedValueOnce(strange);
    await expect(writer.sync()).rejects.toMatchObject({ code: "FS_IO", operation: "sync", cause: strange });
  });
});
