import { link, mkdir, readdir, readFile, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { processHost } from "@hashlog/cli";
import { open, verify } from "@hashlog/engine";
import { FsError } from "@hashlog/fs-io";
import { expect, test } from "vitest";
import { altered } from "../../../test/support/altered.ts";
import { hashlog, printed, printedJson, temporaryDirectory } from "./support/terminal.ts";

const SEGMENT = "hashlog-0000000001.segment";

/** Sixteen keys, in a sealed segment and the end of the log. */
async function store(): Promise<string> {
  const directory = join(await temporaryDirectory(), "store");
  const db = await open(directory, { segmentBytesMax: 600, compaction: false });
  for (let index = 0; index < 16; index += 1) await db.put(`key ${index}`, "x".repeat(40));
  await db.close();
  return directory;
}

/** Changes one byte of a file. */
async function damage(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at]! ^= 0xff;
  await writeFile(path, bytes);
}

test("verify finds nothing in a store that is whole, and says how much it read", async () => {
  const directory = await store();
  const text = await printed(["verify", directory]);
  expect(text).toMatch(
    /^\d+ segments, 16 records, 16 keys; read .* KiB in \d+ ms\nevery record is as it was written\n$/,
  );
  expect(await printedJson(["verify", directory])).toMatchObject([{ findings: [], keys: 16, records: 16 }]);
});

test("verify tells damage by file and place, with exit code 1; what is harmless is none", async () => {
  const directory = await store();
  const hint = (await readdir(directory)).find((name) => name.endsWith(".hint"))!;
  await damage(join(directory, hint), 40);
  const harmless = await hashlog(["verify", directory]);
  expect(harmless.exitCode).toBe(0);
  expect(harmless.stdout).toMatch(/^harmless  .*\.hint: /);
  await damage(join(directory, SEGMENT), 90);
  const damaged = await hashlog(["verify", directory]);
  expect(damaged.exitCode).toBe(1);
  expect(damaged.stdout).toMatch(/^DAMAGE    .*hashlog-0000000001\.segment at \d+: .*/m);
  expect(damaged.stdout).toContain(`"hashlog repair --dry-run ${directory}"`);
  expect((await hashlog(["verify", directory, "--json"])).exitCode).toBe(1);
});

test("verify tells of an unfinished write, which is no damage", async () => {
  const directory = await store();
  const last = (await readdir(directory))
    .filter((name) => name.endsWith(".segment"))
    .toSorted()
    .at(-1)!;
  const db = await open(directory, { compaction: false });
  await db.put("last", "1");
  const copy = join(directory, "..", "copy");
  await mkdir(copy);
  // As a kill would leave it: the manifest still says that somebody writes.
  for (const name of await readdir(directory)) {
    if (!name.includes("lock")) await writeFile(join(copy, name), await readFile(join(directory, name)));
  }
  await db.close();
  const newest = (await readdir(copy))
    .filter((name) => name.endsWith(".segment"))
    .toSorted()
    .at(-1)!;
  expect(newest >= last).toBe(true);
  await writeFile(join(copy, newest), Buffer.concat([await readFile(join(copy, newest)), Buffer.from("torn")]));
  const ended = await hashlog(["verify", copy]);
  expect(ended.exitCode).toBe(0);
  expect(ended.stdout).toMatch(/an unfinished write at the end of segment \d+, at \d+: the next opening drops it/);
});

test("repair says what it would do, does it, and lists what is lost", async () => {
  const directory = await store();
  await damage(join(directory, SEGMENT), 90);
  const dry = await hashlog(["repair", directory, "--dry-run"]);
  expect(dry.exitCode).toBe(1);
  expect(dry.stdout).toMatch(/^LOST +key 0 \(version 1\)$/m);
  expect(dry.stdout).toContain("nothing was changed: run it without --dry-run to do it");
  expect((await hashlog(["verify", directory])).exitCode).toBe(1);
  const done = await hashlog(["repair", directory]);
  expect(done.exitCode).toBe(1);
  expect(done.stdout).toMatch(/set aside in .*hashlog-repair-1/);
  expect(done.stdout).toMatch(/^repaired in .*: 15 keys$/m);
  expect((await hashlog(["verify", directory])).exitCode).toBe(0);
  expect(await printed(["repair", directory])).toBe("nothing to repair; 15 keys\n");
  expect(await printed(["get", directory, "key 1"])).toBe("x".repeat(40));
});

test("repair with --json names lost keys as text or as bytes", async () => {
  const directory = await store();
  await damage(join(directory, SEGMENT), 90);
  const lost = async (...options: string[]): Promise<unknown> => {
    const { stdout } = await hashlog(["repair", directory, "--dry-run", "--json", ...options]);
    return (JSON.parse(stdout) as { lost: unknown }).lost;
  };
  expect(await lost()).toMatchObject([{ key: "key 0", version: 1 }]);
  expect(await lost("-k", "hex")).toMatchObject([{ keyHex: Buffer.from("key 0").toString("hex") }]);
});

test("repair says where keys may be lost that nobody can name, and when the manifest was made anew", async () => {
  const directory = await store();
  const hint = (await readdir(directory)).find((name) => name.endsWith("1.hint"))!;
  await damage(join(directory, SEGMENT), 90);
  await damage(join(directory, hint), 40);
  await damage(join(directory, "hashlog.manifest"), 20);
  const ended = await hashlog(["repair", directory]);
  expect(ended.exitCode).toBe(1);
  expect(ended.stdout).toMatch(/^MAY BE LOST  \d+ B of segment 1 at \d+: [^,]+$/m);
  expect(ended.stdout).toContain("the manifest had to be made anew: keys that were deleted may be back");
});

test("compact frees what is dead, or says that there is nothing to do", async () => {
  const directory = await store();
  for (let index = 0; index < 16; index += 1) await printed(["put", directory, `key ${index % 4}`, "y"]);
  expect(await printed(["compact", directory])).toMatch(/^merged \d+ segments? into \d+, freed .* in /);
  expect(await printed(["compact", directory])).toBe("nothing to compact\n");
  const [{ segments }] = (await printedJson(["inspect", directory])) as [{ segments: { segmentId: number }[] }];
  const ids = segments.map(({ segmentId }) => String(segmentId));
  const [report] = await printedJson(["compact", directory, ...ids.flatMap((id) => ["--segment", id])]);
  expect((report as { inputs: unknown[] }).inputs.length).toBe(ids.length);
  expect((await hashlog(["compact", directory, "--segment", "999"])).stderr).toContain("there is no segment 999");
});

test("compact leaves out a segment that is damaged, and says so", async () => {
  const directory = await store();
  await printed(["delete", directory, "key 3"]);
  await damage(join(directory, SEGMENT), 90);
  const { exitCode, stdout } = await hashlog(["compact", directory]);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^left out segment 1, damaged at \d+: .*; see "hashlog verify /m);
});

test("a backup opens, grows, and is restored", async () => {
  const directory = await store();
  const backup = join(directory, "..", "backup");
  expect(await printed(["backup", directory, backup])).toMatch(/^backed up in \d+ ms: \d+ segments linked, \d+ copied/);
  await printed(["put", directory, "later", "1"]);
  expect(await printedJson(["backup", directory, backup])).toMatchObject([{ sequence: 17 }]);
  const restored = join(directory, "..", "restored");
  expect(await printed(["restore", backup, restored])).toMatch(/^restored 17 keys, .*, to .*restored\n$/);
  expect((await verify(restored)).findings).toEqual([]);
  expect(await printed(["get", restored, "later"])).toBe("1");
  await printed(["put", restored, "own", "1"]);
  expect((await hashlog(["get", backup, "own"])).exitCode).toBe(1);
  const third = join(directory, "..", "third");
  await mkdir(third);
  expect(await printedJson(["restore", backup, third])).toMatchObject([{ keys: 17 }]);
});

test("restore refuses what is not empty, what is no backup, and what somebody writes", async () => {
  const directory = await store();
  const target = join(directory, "..", "target");
  const refused = await hashlog(["restore", directory, join(directory, "..")]);
  expect(refused).toMatchObject({ exitCode: 2 });
  expect(refused.stderr).toContain("is not an empty directory: move it out of the way");
  expect((await hashlog(["restore", directory, join(directory, SEGMENT)])).exitCode).toBe(2);
  expect((await hashlog(["restore", join(directory, "nowhere"), target])).exitCode).toBe(3);
  expect((await hashlog(["restore", directory, join(directory, "..", "no", "parent")])).exitCode).toBe(3);
  const db = await open(directory);
  const locked = await hashlog(["restore", directory, target]);
  expect(locked).toMatchObject({ exitCode: 4 });
  expect(locked.stderr).toMatch(/ is open for writing: close it first, or call backup\(\) there\n$/);
  await db.close();
  await damage(join(directory, "hashlog.manifest"), 20);
  expect((await hashlog(["restore", directory, target])).exitCode).toBe(5);
});

test("a restore that was cut off does not open as a store", async () => {
  const directory = await store();
  const target = join(directory, "..", "target");
  const ending = new AbortController();
  const ended = await hashlog(["restore", directory, target], {
    host: {
      onInterrupt: (callback) => {
        ending.signal.addEventListener("abort", callback);
        return () => undefined;
      },
      fileSystem: interrupting(() => ending.abort()),
    },
  });
  expect(ended).toMatchObject({ exitCode: 130, stderr: "hashlog: restoring was cancelled\n" });
  expect((await readdir(target)).some((name) => name.endsWith(".segment"))).toBe(true);
  expect((await hashlog(["scan", target])).exitCode).not.toBe(0);
  expect((await hashlog(["put", target, "key", "1"])).exitCode).not.toBe(0);
  const whole = join(directory, "..", "whole");
  await printed(["restore", directory, whole]);
  expect((await verify(whole)).keys).toBe(16);
});

test("what writes is refused while another process writes, and what reads is not", async () => {
  const directory = await store();
  const db = await open(directory);
  for (const argv of [
    ["put", directory, "key", "1"],
    ["delete", directory, "key 1"],
    ["import", directory],
    ["compact", directory],
    ["backup", directory, join(directory, "..", "backup")],
    ["verify", directory],
    ["repair", directory],
    ["shell", directory, "--write"],
  ]) {
    const ended = await hashlog(argv);
    expect([ended.exitCode, ended.stdout], argv[0]).toEqual([4, ""]);
    expect(ended.stderr).toMatch(
      /^hashlog: .*: end that process first; commands that show entries or figures, and export, work beside it\n$/,
    );
  }
  for (const argv of [
    ["get", directory, "key 1"],
    ["scan", directory],
    ["stats", directory],
    ["inspect", directory],
  ]) {
    expect((await hashlog(argv)).exitCode, argv[0]).toBe(0);
  }
  await db.close();
});

test("a store of which a part is missing is damaged, and the way out is named", async () => {
  const directory = await store();
  await link(join(directory, SEGMENT), join(directory, "..", "kept"));
  await unlink(join(directory, SEGMENT));
  const ended = await hashlog(["get", directory, "key 1"]);
  expect(ended.exitCode).toBe(5);
  expect(ended.stderr).toMatch(
    /: "hashlog verify .*" tells what is damaged, "hashlog repair --dry-run .*" what can be saved\n$/,
  );
  const json = await hashlog(["get", directory, "key 1", "--json"]);
  expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: "HASHLOG_CORRUPT" } });
});

test("where there is no store, it is said, and how one is made", async () => {
  const directory = join(await temporaryDirectory(), "nowhere");
  expect(await hashlog(["get", directory, "key"])).toMatchObject({
    exitCode: 3,
    stderr: `hashlog: there is no store at ${directory}\n`,
  });
  expect((await hashlog(["put", directory, "key", "1"])).stderr).toBe(
    `hashlog: there is no store at ${directory}: --create makes one\n`,
  );
  expect((await hashlog(["verify", directory])).exitCode).toBe(3);
});

/** This machine's file system; the first file that is copied calls back. */
function interrupting(callback: () => void): typeof processHost.fileSystem {
  const { fileSystem } = processHost;
  return altered(fileSystem, {
    create: async (path) => {
      const file = await fileSystem.create(path);
      if (path.endsWith(".segment")) callback();
      return file;
    },
  });
}

test("a store that may not be read is not called open for writing", async () => {
  const directory = await store();
  const denied = new FsError("FS_NOT_PERMITTED", `list of "${directory}" failed: EACCES`, {
    ...{ operation: "list", path: directory },
  });
  const fileSystem = altered(processHost.fileSystem, {
    list: () => Promise.reject(denied),
    isLocked: () => Promise.resolve(true),
  });
  const { exitCode, stderr } = await hashlog(["verify", directory], { host: { fileSystem } });
  expect(exitCode).toBe(6);
  expect(stderr).toBe(
    `hashlog: verifying ${directory} failed: list of "${directory}" failed: EACCES: look at the permissions of ${directory}\n`,
  );
});
