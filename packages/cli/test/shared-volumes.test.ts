import { mkdir } from "node:fs/promises";
import { join, sep } from "node:path";
import { processHost } from "@hashlog/cli";
import type { FileSystem } from "@hashlog/fs-io";
import { expect, test } from "vitest";
import { altered } from "../../../test/support/altered.ts";
import { hashlog, printed, temporaryDirectory, type Circumstances } from "./support/terminal.ts";

/** A directory on this machine, and one that lies on a network volume, as far as the command can tell. */
async function volumes(): Promise<{ readonly local: string; readonly shared: string; readonly on: Circumstances }> {
  const local = await temporaryDirectory();
  const shared = join(local, "shared");
  await mkdir(shared);
  return { local, shared, on: { host: { fileSystem: sharing(shared) } } };
}

function sharing(shared: string, more: Partial<FileSystem> = {}): FileSystem {
  return altered(processHost.fileSystem, {
    sharedVolume: (path) => Promise.resolve(path === shared || path.startsWith(`${shared}${sep}`) ? "nfs" : undefined),
    ...more,
  });
}

test("what opens a store for writing takes one on a shared volume when it is told to, and says how", async () => {
  const { local, shared, on } = await volumes();
  const store = join(shared, "store");
  for (const argv of [
    ["put", store, "a", "1", "--create"],
    ["delete", store, "b"],
    ["import", store],
    ["compact", store],
    ["backup", store, join(local, "backup")],
    ["repair", store],
    ["shell", store, "--write"],
    ["bench", shared, "--keys", "10"],
  ]) {
    const stdin = argv[0] === "import" ? '{"format":"hashlog-entries","version":1}\n{"entries":0}\n' : "";
    const refused = await hashlog(argv, { ...on, stdin });
    expect([argv[0], refused.exitCode]).toEqual([argv[0], 6]);
    expect(refused.stderr).toContain("or give --allow-shared-volume if you are sure that no other machine does");
    const { exitCode, stderr } = await hashlog([...argv, "--allow-shared-volume"], { ...on, stdin });
    // There was no key b to delete.
    expect([argv[0], exitCode], stderr).toEqual([argv[0], argv[0] === "delete" ? 1 : 0]);
  }
});

test("a backup on a shared volume is restored, and of its writers nothing is said that nobody knows", async () => {
  const { local, shared, on } = await volumes();
  const store = join(local, "store");
  const backup = join(shared, "backup");
  await printed(["put", store, "a", "1", "--create"]);
  await printed(["backup", store, backup, "--allow-shared-volume"], on);
  expect(await printed(["stats", backup], on)).toMatch(
    /^writer +not known: other machines may have it open, as it lies on a shared volume \(nfs\)$/m,
  );
  const json = JSON.parse(await printed(["stats", backup, "--json"], on)) as object;
  expect(json).toMatchObject({ writerAlive: true, sharedVolume: "nfs" });
  expect(await printed(["stats", store], on)).toMatch(/^writer +none$/m);
  const restored = join(local, "restored");
  await printed(["restore", backup, restored], on);
  expect(await printed(["get", restored, "a"])).toBe("1");
});

test("a writer that this machine has is known, wherever the store lies", async () => {
  const { local, shared } = await volumes();
  const fileSystem = sharing(shared, { isLocked: () => Promise.resolve(true) });
  for (const directory of [join(shared, "store"), join(local, "store")]) {
    await printed(["put", directory, "a", "1", "--create"]);
    const stats = await printed(["stats", directory], { host: { fileSystem } });
    expect(stats).toMatch(/^writer +another process has it open for writing$/m);
  }
});
