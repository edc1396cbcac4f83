import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { processHost } from "@hashlog/cli";
import { open, type Store } from "@hashlog/engine";
import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { onTestFinished, expect, test } from "vitest";
import { EXIT } from "../src/exit-codes.ts";
import { altered } from "../../../test/support/altered.ts";
import { hashlog, printed, temporaryDirectory } from "./support/terminal.ts";

test("nothing is restored into the backup itself", async () => {
  const directory = await temporaryDirectory();
  const backup = join(directory, "backup");
  await printed(["put", backup, "a", "1", "--create"]);
  const before = await readdir(backup);
  for (const target of [join(backup, "sub"), backup, `${backup}/`, join(backup, "..", "backup", "x")]) {
    const ended = await hashlog(["restore", backup, target]);
    expect([ended.exitCode, /which is to stay what it is/.test(ended.stderr)], target).toEqual([2, true]);
  }
  expect(await readdir(backup)).toEqual(before);
  await printed(["restore", backup, join(directory, "backup2")]);
  await printed(["restore", backup, join(directory, "..b")]);
});

test("where somebody begins to write to the backup meanwhile, no half of it becomes a store", async () => {
  const directory = await temporaryDirectory();
  const backup = join(directory, "backup");
  const first = await open(backup, { segmentBytesMax: 512, compaction: false });
  for (let index = 0; index < 60; index += 1) await first.put(`key ${index % 20}`, "x".repeat(40));
  await first.close();
  let writer: Store<string, Uint8Array, Uint8Array | string> | undefined;
  onTestFinished(() => writer?.close());
  const fileSystem = altered(processHost.fileSystem, {
    create: async (path) => {
      if (writer === undefined) {
        writer = await open(backup);
        await writer.compact();
      }
      return processHost.fileSystem.create(path);
    },
  });
  const to = join(directory, "restored");
  await mkdir(to);
  const ended = await hashlog(["restore", backup, to], { host: { fileSystem } });
  expect([3, 4, 6]).toContain(ended.exitCode);
  expect((await hashlog(["count", to])).exitCode).not.toBe(0);
});

async function diskWithABackup(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const store = await open("/backup", { fileSystem: disk.boot(), compaction: false });
  await store.put("a", "1");
  await store.close();
  return disk;
}

test("what was restored is there after a power cut, also where a process that died had made its directory", async () => {
  const disk = await diskWithABackup();
  const fileSystem = disk.boot();
  await fileSystem.makeDirectory("/restored");
  await printed(["restore", "/backup", "/restored"], { host: { fileSystem } });
  disk.kill();
  disk.powerCut([], "drop-all");
  expect(await printed(["get", "/restored", "a"], { host: { fileSystem: disk.boot() } })).toBe("1");
});

test("a directory above, which this user may not sync, keeps nobody from restoring into an own one", async () => {
  const disk = await diskWithABackup();
  const fileSystem = disk.boot();
  disk.inject({ at: { operation: "syncDirectory", path: "/" }, kind: "EPERM" });
  // Whoever makes something in it can sync it.
  expect((await hashlog(["restore", "/backup", "/made"], { host: { fileSystem } })).exitCode).toBe(EXIT.machine);
  await fileSystem.makeDirectory("/restored");
  disk.inject({ at: { operation: "syncDirectory", path: "/" }, kind: "EPERM" });
  await printed(["restore", "/backup", "/restored"], { host: { fileSystem } });
  expect(disk.firedFaults).toBe(2);
  expect(await printed(["get", "/restored", "a"], { host: { fileSystem } })).toBe("1");
});
