import * as fs from "node:fs";
import { link, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { replacementPath } from "../src/file-system.ts";
import { nodeFileSystem, type NodeFileSystemOptions } from "../src/node-file-system.ts";
import type { NodeFs } from "../src/node-fs.ts";
import { HELD_PAUSES_MS } from "../src/node-replace.ts";
import { temporaryDirectory } from "./directories.ts";
import { failing, platformError } from "./failing-fs.ts";

const NEW = new TextEncoder().encode("new");

let path: string;

beforeEach(async () => {
  path = join(await temporaryDirectory(), "manifest");
  await writeFile(path, "old");
});

const replace = (options: NodeFileSystemOptions): Promise<void> => nodeFileSystem(options).replace(path, NEW);
const content = (): Promise<string> => readFile(path, "utf8");

describe("until the rename the old content certainly stands", () => {
  test.each([
    ["open", "EMFILE", "FS_TOO_MANY_OPEN"],
    ["writeSync", "ENOSPC", "FS_NO_SPACE"],
    ["fdatasync", "ENOSPC", "FS_NO_SPACE"],
    ["fdatasync", "EIO", "FS_IO"],
  ] as const)("when %s fails with %s, and what was prepared is removed", async (name, errno, code) => {
    const refusal = { code, operation: "replace", path, outcome: "unchanged" };
    await expect(replace({ platform: "linux", fs: failing(name, errno) })).rejects.toMatchObject(refusal);
    expect(await content()).toBe("old");
    expect(await readdir(join(path, ".."))).toEqual(["manifest"]);
  });

  test("when the directory cannot be opened for its sync", async () => {
    const refusal = { code: "FS_TOO_MANY_OPEN", operation: "replace", path, outcome: "unchanged" };
    await expect(replace({ platform: "linux", fs: failing("open", "EMFILE", 2) })).rejects.toMatchObject(refusal);
    expect(await content()).toBe("old");
    expect(await readdir(join(path, ".."))).toEqual(["manifest"]);
  });

  test("when what a crash left cannot be removed", async () => {
    await writeFile(replacementPath(path), "left by a crash");
    const refusal = { code: "FS_NOT_PERMITTED", outcome: "unchanged" };
    await expect(replace({ fs: failing("unlink", "EACCES") })).rejects.toMatchObject(refusal);
    expect(await content()).toBe("old");
  });
});

describe("from the rename on the outcome is unknown", () => {
  test.each([
    ["EIO", "FS_IO"],
    ["ENOSPC", "FS_NO_SPACE"],
    ["EACCES", "FS_NOT_PERMITTED"],
  ])("when the rename fails with %s", async (errno, code) => {
    const refusal = { code, operation: "replace", path, outcome: "unknown" };
    await expect(replace({ fs: failing("rename", errno) })).rejects.toMatchObject(refusal);
    expect(await content()).toBe("old");
  });

  test("when the directory cannot be synced", async () => {
    const refusal = { code: "FS_IO", operation: "replace", path, outcome: "unknown" };
    await expect(replace({ platform: "linux", fs: failing("fsync", "EIO") })).rejects.toMatchObject(refusal);
    expect(await content()).toBe("new");
  });
});

test("the new content is synced before the rename, and the directory after it", async () => {
  const steps: string[] = [];
  const spied = <Name extends "writeSync" | "fdatasync" | "rename" | "fsync">(name: Name): Pick<NodeFs, Name> => {
    const step = (...given: never[]): unknown => {
      steps.push(name);
      return (fs[name] as (...each: never[]) => unknown)(...given);
    };
    return { [name]: step } as unknown as Pick<NodeFs, Name>;
  };
  const spies = { ...spied("writeSync"), ...spied("fdatasync"), ...spied("rename"), ...spied("fsync") };
  await replace({ platform: "linux", fs: spies });
  expect(steps).toEqual(["writeSync", "fdatasync", "rename", "fsync"]);
  expect(await readdir(join(path, ".."))).toEqual(["manifest"]);
});

test("on macOS the new content gets a full sync too", async () => {
  const fdatasync = vi.fn<NodeFs["fdatasync"]>();
  await replace({ platform: "darwin", fs: { fdatasync } });
  expect(fdatasync).not.toHaveBeenCalled();
  expect(await content()).toBe("new");
});

test("a crash that left both names on one file costs nothing: the replacement is made anew", async () => {
  await link(path, replacementPath(path));
  const refusal = { outcome: "unchanged" };
  await expect(replace({ fs: failing("writeSync", "ENOSPC") })).rejects.toMatchObject(refusal);
  expect(await content()).toBe("old");
  await link(path, replacementPath(path));
  await replace({});
  expect(await content()).toBe("new");
});

describe("on Windows, where a scanner may hold the file for a moment", () => {
  const scanned = (errno: string, times: number): NodeFs["rename"] => {
    const rename = vi.fn<NodeFs["rename"]>(fs.rename);
    for (let held = 0; held < times; held += 1) {
      rename.mockImplementationOnce((_source, _target, done) => done(platformError(errno)));
    }
    return rename;
  };

  test.each([["EPERM"], ["EACCES"], ["EBUSY"]])(
    "the rename is tried again after %s, with growing pauses",
    async (errno) => {
      const pauses: number[] = [];
      const pause = async (delayMs: number): Promise<void> => void pauses.push(delayMs);
      await replace({ platform: "win32", pause, fs: { rename: scanned(errno, 4) } });
      expect(pauses).toEqual(HELD_PAUSES_MS.slice(0, 4));
      expect(await content()).toBe("new");
    },
  );

  test("it gives up after the last pause", async () => {
    const rename = scanned("EPERM", 100);
    const refusal = { code: "FS_NOT_PERMITTED", outcome: "unknown" };
    const attempt = replace({ platform: "win32", pause: async () => {}, fs: { rename } });
    await expect(attempt).rejects.toMatchObject(refusal);
    expect(rename).toHaveBeenCalledTimes(HELD_PAUSES_MS.length + 1);
    expect(await content()).toBe("old");
  });

  test("another error is told at once", async () => {
    const rename = scanned("EIO", 100);
    await expect(replace({ platform: "win32", fs: { rename } })).rejects.toMatchObject({ code: "FS_IO" });
    expect(rename).toHaveBeenCalledOnce();
  });

  test("without another clock the pauses are real", async () => {
    await replace({ platform: "win32", fs: { rename: scanned("EBUSY", 1) } });
    expect(await content()).toBe("new");
  });
});

describe("where directories cannot be synced", () => {
  /** Opening the file under its new name is refused with that so many times. */
  const held = (errno: string, times: number): NodeFs["open"] => {
    let opened = 0;
    return vi.fn<NodeFs["open"]>((given, flags, mode, done) => {
      if (given === path) opened += 1;
      if (given === path && opened <= times) done(platformError(errno), -1);
      else fs.open(given, flags, mode, done);
    });
  };

  test.each([["EPERM"], ["EACCES"], ["EBUSY"]])(
    "and a scanner holds the new file, its sync is as patient as the rename, after %s",
    async (errno) => {
      const pauses: number[] = [];
      const pause = async (delayMs: number): Promise<void> => void pauses.push(delayMs);
      const fdatasync = vi.fn<NodeFs["fdatasync"]>(fs.fdatasync);
      await replace({ platform: "win32", pause, fs: { open: held(errno, 4), fdatasync } });
      expect(pauses).toEqual(HELD_PAUSES_MS.slice(0, 4));
      expect(fdatasync).toHaveBeenCalledTimes(2);
    },
  );

  test("and the new file stays held, the outcome is unknown", async () => {
    const open = held("EACCES", 100);
    const refusal = { code: "FS_NOT_PERMITTED", operation: "replace", path, outcome: "unknown" };
    const attempt = replace({ platform: "win32", pause: async () => {}, fs: { open } });
    await expect(attempt).rejects.toMatchObject(refusal);
    // Once to write aside, then the attempts at the new file.
    expect(open).toHaveBeenCalledTimes(1 + HELD_PAUSES_MS.length + 1);
    expect(await content()).toBe("new");
  });

  test("the file is synced again under its new name, so that the rename is durable", async () => {
    const calls: string[] = [];
    const note =
      <Given extends unknown[]>(name: string, original: (...given: Given) => void) =>
      (...given: Given): void => {
        calls.push(name);
        original(...given);
      };
    const watched = { rename: note("rename", fs.rename), fdatasync: note("sync", fs.fdatasync) };
    await replace({ platform: "win32", fs: watched as unknown as Partial<NodeFs> });
    expect(calls).toEqual(["sync", "rename", "sync"]);
  });

  test.each([
    ["fdatasync", 2],
    ["open", 2],
  ] as const)("the outcome is unknown when %s fails then", async (name, from) => {
    const refusal = { code: "FS_IO", operation: "replace", path, outcome: "unknown" };
    await expect(replace({ platform: "win32", fs: failing(name, "EIO", from) })).rejects.toMatchObject(refusal);
    expect(await content()).toBe("new");
  });
});

test("elsewhere a rename is not tried again", async () => {
  const rename = vi.fn<NodeFs["rename"]>((_source, _target, done) => done(platformError("EBUSY")));
  await expect(replace({ platform: "linux", fs: { rename } })).rejects.toMatchObject({ code: "FS_BUSY" });
  expect(rename).toHaveBeenCalledOnce();
});
