import { symlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { FsError } from "../src/errors.ts";
import type { FileSystem } from "../src/file-system.ts";
import { nodeFileSystem } from "../src/node-file-system.ts";
import type { NodeFs } from "../src/node-fs.ts";
import { temporaryDirectory } from "./directories.ts";
import { failing, platformError } from "./failing-fs.ts";

describe("what the platform refuses becomes an FsError that names the method and the path", () => {
  const methods: ReadonlyArray<[keyof FileSystem, keyof NodeFs, (fileSystem: FileSystem, path: string) => unknown]> = [
    ["stat", "stat", (fileSystem, path) => fileSystem.stat(path)],
    ["makeDirectory", "mkdir", (fileSystem, path) => fileSystem.makeDirectory(path)],
    ["list", "readdir", (fileSystem, path) => fileSystem.list(path)],
    ["create", "open", (fileSystem, path) => fileSystem.create(path)],
    ["openAppend", "open", (fileSystem, path) => fileSystem.openAppend(path)],
    ["openRead", "open", (fileSystem, path) => fileSystem.openRead(path)],
    ["replace", "open", (fileSystem, path) => fileSystem.replace(path, new Uint8Array(1))],
    ["remove", "unlink", (fileSystem, path) => fileSystem.remove(path)],
    ["syncDirectory", "open", (fileSystem, path) => fileSystem.syncDirectory(path)],
    ["syncDirectory", "fsync", (fileSystem, path) => fileSystem.syncDirectory(join(path, ".."))],
    ["link", "link", (fileSystem, path) => fileSystem.link("/source", path)],
    ["freeBytes", "statfs", (fileSystem, path) => fileSystem.freeBytes(path)],
    ["sharedVolume", "statfs", (fileSystem, path) => fileSystem.sharedVolume(path)],
    ["lock", "statSync", (fileSystem, path) => fileSystem.lock(path, "store.lock")],
    ["lock", "readdir", (fileSystem, path) => fileSystem.lock(join(path, ".."), "store.lock")],
  ];

  test.each(methods)("%s, when %s fails", async (operation, name, call) => {
    const path = join(await temporaryDirectory(), "x");
    for (const [errno, code] of [
      ["EIO", "FS_IO"],
      ["EACCES", "FS_NOT_PERMITTED"],
      ["ENOSPC", "FS_NO_SPACE"],
      ["EMFILE", "FS_TOO_MANY_OPEN"],
    ]) {
      const error: unknown = await Promise.resolve(call(nodeFileSystem({ fs: failing(name, errno) }), path)).catch(
        (reason: unknown) => reason,
      );
      expect(FsError.is(error)).toBe(true);
      expect(error).toMatchObject({ code, operation, cause: { code: errno } });
      expect((error as FsError).path.startsWith(join(path, ".."))).toBe(true);
    }
  });
});

test("a path that the platform cannot name is FS_INVALID_ARGUMENT", async () => {
  await expect(nodeFileSystem().create("/tmp/a\0b")).rejects.toMatchObject({ code: "FS_INVALID_ARGUMENT" });
});

test("stat follows symbolic links, finds nothing behind one that leads nowhere, and calls a device other", async () => {
  const directory = await temporaryDirectory();
  const fileSystem = nodeFileSystem();
  await writeFile(join(directory, "file"), "12345");
  await symlink(join(directory, "file"), join(directory, "link"));
  await symlink(join(directory, "nowhere"), join(directory, "broken"));
  expect(await fileSystem.stat(join(directory, "link"))).toEqual({ kind: "file", bytes: 5 });
  expect(await fileSystem.stat(join(directory, "broken"))).toBeUndefined();
  expect(await fileSystem.stat("/dev/null")).toEqual({ kind: "other", bytes: 0 });
});

describe("removing", () => {
  test.each([
    ["win32", "EPERM", "FS_BUSY"],
    ["win32", "EACCES", "FS_BUSY"],
    ["win32", "EBUSY", "FS_BUSY"],
    ["win32", "ENOENT", "FS_NOT_FOUND"],
    ["linux", "EPERM", "FS_NOT_PERMITTED"],
    ["darwin", "EACCES", "FS_NOT_PERMITTED"],
    ["linux", "EBUSY", "FS_BUSY"],
  ])("on %s, %s is %s", async (platform, errno, code) => {
    const fileSystem = nodeFileSystem({ platform, fs: failing("unlink", errno) });
    await expect(fileSystem.remove("/data/a")).rejects.toMatchObject({ code, operation: "remove", path: "/data/a" });
  });
});

describe("linking where there are no links, or between devices, is FS_NOT_SUPPORTED", () => {
  test.each([["EPERM"], ["EXDEV"], ["ENOTSUP"], ["ENOSYS"]])("told by %s", async (errno) => {
    const fileSystem = nodeFileSystem({ fs: failing("link", errno) });
    await expect(fileSystem.link("/a", "/b")).rejects.toMatchObject({ code: "FS_NOT_SUPPORTED", operation: "link" });
  });
});

describe("syncing a directory", () => {
  test.each([["EINVAL"], ["ENOSYS"], ["ENOTSUP"], ["EOPNOTSUPP"]])(
    "does what can be done on a volume without it, which says %s",
    async (errno) => {
      const directory = await temporaryDirectory();
      const close = vi.fn<NodeFs["close"]>((_, done) => done(null));
      await nodeFileSystem({ fs: { ...failing("fsync", errno), close } }).syncDirectory(directory);
      expect(close).toHaveBeenCalledOnce();
    },
  );

  test("does nothing on Windows, which cannot", async () => {
    const open = vi.fn<NodeFs["open"]>();
    await nodeFileSystem({ platform: "win32", fs: { open } }).syncDirectory("/data");
    expect(open).not.toHaveBeenCalled();
  });

  test("closes the directory again when the sync fails", async () => {
    const close = vi.fn<NodeFs["close"]>((_, done) => done(platformError("EIO")));
    const fs = { ...failing("fsync", "EIO"), close, open: vi.fn<NodeFs["open"]>((_p, _f, _m, done) => done(null, 77)) };
    await expect(nodeFileSystem({ fs }).syncDirectory("/data")).rejects.toMatchObject({ code: "FS_IO" });
    expect(close.mock.calls.map(([fd]) => fd)).toEqual([77]);
  });
});

describe("the volume", () => {
  const onVolume = (type: number, platform: string = "linux", blocks: number = 2000): FileSystem => {
    const bavail = Math.min(1000, blocks);
    const statfs: NodeFs["statfs"] = (_, done) => done(null, { type, bsize: 4096, blocks, bavail });
    return nodeFileSystem({ platform, fs: { statfs } });
  };

  test("the free bytes are the blocks that an ordinary process may use", async () => {
    expect(await onVolume(0xef53).freeBytes("/data")).toBe(4_096_000);
  });

  test("one that counts no blocks is not full", async () => {
    expect(await onVolume(0x858458f6, "linux", 0).freeBytes("/data")).toBe(Infinity);
  });

  test.each([
    ["NFS", 0x6969],
    ["SMB", 0x517b],
    ["CIFS", 0xff534d42],
    ["SMB2", 0xfe534d42],
    ["FUSE", 0x65735546],
    ["9P", 0x01021997],
    ["Ceph", 0x00c36400],
    ["Lustre", 0x0bd00bd0],
    ["VirtualBox shared folder", 0x786f4256],
  ])("%s is shared with other machines", async (name, type) => {
    expect(await onVolume(type).sharedVolume("/data")).toBe(name);
  });

  test("the type is told also where the machine's word is 32 bits and signed", async () => {
    expect(await onVolume(0xff534d42 | 0).sharedVolume("/data")).toBe("CIFS");
  });

  test.each([
    ["ext4", 0xef53],
    ["XFS", 0x58465342],
    ["btrfs", 0x9123683e],
    ["tmpfs", 0x01021994],
    ["overlayfs", 0x794c7630],
  ])("%s is not", async (_name, type) => {
    expect(await onVolume(type).sharedVolume("/data")).toBeUndefined();
  });

  test("nothing is known where the type is no number that means the same everywhere", async () => {
    expect(await onVolume(0x6969, "darwin").sharedVolume("/data")).toBeUndefined();
    expect(await onVolume(0x6969, "win32").sharedVolume("/data")).toBeUndefined();
  });
});

test.each([
  ["linux", "EPERM", "FS_NOT_SUPPORTED"],
  ["linux", "EMLINK", "FS_NOT_SUPPORTED"],
  ["linux", "EISDIR", "FS_IO"],
  ["win32", "EISDIR", "FS_NOT_SUPPORTED"],
  ["win32", "UNKNOWN", "FS_NOT_SUPPORTED"],
  ["win32", "EIO", "FS_IO"],
])("on %s a link that fails with %s is %s", async (platform, errno, code) => {
  const fileSystem = nodeFileSystem({ platform, fs: failing("link", errno) });
  await expect(fileSystem.link("/source", "/target")).rejects.toMatchObject({ code });
});

test("from a relative path one comes to the root too, by the working directory", () => {
  const fileSystem = nodeFileSystem();
  expect(fileSystem.parent(fileSystem.join("inner", "file"))).toBe(resolve("inner"));
  expect(fileSystem.parent("file")).toBe(process.cwd());
  for (const path of [".", "..", "../file"]) expect(fileSystem.parent(path)).toBe(dirname(resolve(path)));
});
