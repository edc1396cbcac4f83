import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { nodeFileSystem } from "../src/node-file-system.ts";
import type { NodeNet } from "../src/node-net.ts";
import { temporaryDirectory } from "./directories.ts";

const NAME = "store.lock";

function notCapable(): never {
  const words = "Requires net access, run again with the --allow-net flag";
  throw Object.assign(new Error(words), { name: "NotCapable" });
}

/** `node:net` of a Deno program that may not use it: it throws at the call. */
const net: NodeNet = {
  createServer: () => ({ listen: notCapable, close: () => {}, unref: () => {}, on: () => {} }),
  connect: notCapable,
};

test("a program that may open no socket is refused the lock as not permitted, and is told what it needs", async () => {
  const directory = await temporaryDirectory();
  const refusal = { code: "FS_NOT_PERMITTED", operation: "lock", path: directory };
  const attempt = nodeFileSystem({ net }).lock(directory, NAME);
  await expect(attempt).rejects.toMatchObject(refusal);
  await expect(attempt).rejects.toThrow(/--allow-net/);
  // It has not kept the lock from this process.
  await (await nodeFileSystem().lock(directory, NAME)).release();
});

test("a program that may open no socket takes a lock for held where there may be a holder, and else for free", async () => {
  const directory = await temporaryDirectory();
  expect(await nodeFileSystem({ net }).isLocked(directory, NAME)).toBe(false);
  await writeFile(join(directory, `${NAME}-1`), "");
  expect(await nodeFileSystem({ net }).isLocked(directory, NAME)).toBe(true);
});

test("whoever only asks needs to know neither the host's name nor the temporary directory", async () => {
  const os = process.getBuiltinModule("node:os");
  const asked = [vi.spyOn(os, "hostname").mockImplementation(notCapable), vi.spyOn(os, "tmpdir")];
  try {
    const directory = await temporaryDirectory();
    asked[1]!.mockClear().mockImplementation(notCapable);
    expect(await nodeFileSystem().isLocked(directory, NAME)).toBe(false);
    expect(asked.map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
    await expect(nodeFileSystem().lock(directory, NAME)).rejects.toMatchObject({ code: "FS_NOT_PERMITTED" });
  } finally {
    vi.restoreAllMocks();
  }
});
