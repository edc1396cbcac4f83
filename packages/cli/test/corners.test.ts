import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { processHost } from "@hashlog/cli";
import { open, type Finding } from "@hashlog/engine";
import { bytesSource } from "@hashlog/format";
import { FsError } from "@hashlog/fs-io";
import { expect, test } from "vitest";
import { readPart } from "../src/dump/file-source.ts";
import { itemLine } from "../src/dump/dump-item.ts";
import { bar } from "../src/commands/inspect.ts";
import { findingLine } from "../src/findings.ts";
import { moment, msOf } from "../src/moments.ts";
import { readAll } from "../src/read-all.ts";
import { number, share } from "../src/words.ts";
import { altered } from "../../../test/support/altered.ts";
import { hashlog, printed, printedJson, temporaryDirectory } from "./support/terminal.ts";

test("bench measures in a directory of its own, which is gone afterwards, also after Ctrl-C", async () => {
  const directory = await temporaryDirectory();
  const [json] = (await printedJson(["bench", directory, "--keys", "2500", "--value-bytes", "10"])) as [
    { keys: number; rows: { what: string; operations: number; perSecond: number; durability: string }[] },
  ];
  expect(json.keys).toBe(2500);
  expect(json.rows.map(({ what }) => what)).toEqual([
    "put, in batches of 1,000",
    "open",
    "get, at random",
    "get of a key that is not there",
    "put, one after the other",
    "put, 256 in flight",
  ]);
  expect(json.rows[0]!.operations).toBe(2500);
  expect(json.rows.every(({ perSecond }) => perSecond > 0)).toBe(true);
  expect(await readdir(directory)).toEqual([]);
  const onInterrupt = (callback: () => void): (() => void) => {
    callback();
    return () => undefined;
  };
  const ended = await hashlog(["bench", directory], { host: { onInterrupt } });
  expect(ended).toMatchObject({ exitCode: 130, stderr: "hashlog: measuring was cancelled\n" });
  expect(await readdir(directory)).toEqual([]);
  expect((await hashlog(["bench", join(directory, "nowhere")])).exitCode).toBe(3);
});

test("where time stands still nothing is infinitely quick", async () => {
  const directory = await temporaryDirectory();
  let now = 0;
  const clock = { ...processHost.clock, elapsedMs: () => (now += 100) };
  const still = { ...processHost.clock, elapsedMs: () => 0 };
  expect(await printed(["bench", directory, "--keys", "1"], { host: { clock } })).toContain(
    "1 key of 16 bytes, values of 100 bytes",
  );
  const db = await open(join(directory, "store"));
  await db.close();
  expect(await printed(["verify", join(directory, "store")], { host: { clock: still } })).toContain("0 keys; read");
});

test("a backup to where links cannot be made is copied, with its progress", async () => {
  const directory = await temporaryDirectory();
  const store = join(directory, "store");
  const db = await open(store, { sync: "never" });
  for (let index = 0; index < 30; index += 1) await db.put(`key ${index}`, new Uint8Array(100_000));
  await db.close();
  let now = 0;
  const host = {
    fileSystem: altered(processHost.fileSystem, {
      link: (_source, path) =>
        Promise.reject(new FsError("FS_NOT_SUPPORTED", "no links here", { operation: "link", path })),
    }),
    clock: { ...processHost.clock, elapsedMs: () => (now += 10_000) },
  };
  const ended = await hashlog(["backup", store, join(directory, "backup")], { host });
  expect(ended.exitCode).toBe(0);
  expect(ended.stdout).toMatch(/: 0 segments linked, 1 copied \(2\.\d+ MiB\), 0 there already\n$/);
  expect(ended.stderr).toMatch(/^backing up: \d+ %, .* MiB of 2\.\d+ MiB$/m);
  expect(await printed(["count", join(directory, "backup")], { host })).toBe("30\n");
  const compacted = await hashlog(["compact", store, "--segment", "1"], { host });
  expect(compacted.stderr).toMatch(/^compacting: /m);
  const repaired = await hashlog(["repair", store], { host });
  expect(repaired.stderr).toMatch(/^repairing: /m);
  const exported = await hashlog(["export", store, join(directory, "file")], { host });
  expect(exported.stderr).toMatch(/^exporting: .* entries/m);
});

test("a shell that writes shows its own store, with a merge that it would do", async () => {
  const store = join(await temporaryDirectory(), "store");
  const db = await open(store, { segmentBytesMax: 4 << 20, sync: "never", compaction: false });
  for (let index = 0; index < 40; index += 1) await db.put(`key ${index % 3}`, new Uint8Array(1 << 20));
  await db.delete("key 1");
  const writerStats = db.stats();
  await db.close();
  const stdin = "stats --json\nstats\ninspect\ninspect --json\nget 'unclosed\n";
  const ended = await hashlog(["shell", store, "--write"], { stdin });
  expect(ended.exitCode).toBe(2);
  expect(ended.stderr).toMatch(/^this line cannot be read: /);
  const [stats = ""] = ended.stdout.split("\n");
  expect(JSON.parse(stats)).toMatchObject({ keys: 2, liveBytes: writerStats.liveBytes, writerAlive: true });
  expect(ended.stdout).toMatch(/^next merge: /m);
  expect(ended.stdout).toMatch(/^writer +this process$/m);
});

test("a shell whose output nobody reads ends", async () => {
  const store = join(await temporaryDirectory(), "store");
  const db = await open(store);
  for (let index = 0; index < 500; index += 1) void db.put(`key ${index}`, "x".repeat(100));
  await db.close();
  const gone = Object.assign(new Error("write EPIPE"), { code: "EPIPE", syscall: "write" });
  const stdout = new Writable({ highWaterMark: 10, write: (_chunk, _encoding, callback) => callback(gone) });
  const ended = await hashlog(["shell", store], { stdin: "scan\ncount\n", host: { stdout } });
  expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
});

test("without HASHLOG_HISTORY the history lies in the user's home", async () => {
  const { History } = await import("../src/shell/history.ts");
  const home = await temporaryDirectory();
  const history = new History({ ...processHost, env: {}, files: { ...processHost.files, home } });
  expect(await history.load()).toEqual([]);
  history.update(["count", "scan"]);
  expect(await history.save()).toBeUndefined();
  expect(await readFile(join(home, ".hashlog_history"), "utf8")).toBe("count\nscan\n");
  const none = new History({ ...processHost, env: { HASHLOG_HISTORY: "" }, files: { ...processHost.files, home } });
  expect(await none.load()).toEqual([]);
  expect(await none.save()).toBeUndefined();
});

test("dump says of every other file what it is, and ends when it is to", async () => {
  const directory = await temporaryDirectory();
  const names = { "hashlog.reserve": "reserve", "hashlog.backup-begun": "mark", "hashlog.lock-1": "lock" };
  for (const [name, what] of Object.entries(names)) {
    await writeFile(join(directory, name), "1234");
    expect(await printedJson(["dump", join(directory, name)])).toMatchObject([{ offset: 0, what, bytes: 4 }]);
  }
  const store = join(directory, "store");
  await printed(["put", store, "a", "1", "--create"]);
  const segment = join(store, "hashlog-0000000001.segment");
  const bytes = await readFile(segment);
  // As large as no manifest is, and nothing that is known.
  await writeFile(join(directory, "huge"), new Uint8Array(17 << 20));
  expect((await hashlog(["dump", join(directory, "huge")])).stderr).toMatch(/is no file of a store/);
  await writeFile(join(directory, "renamed"), bytes);
  bytes[20]! ^= 1;
  await writeFile(join(directory, "broken.segment"), bytes);
  expect((await hashlog(["dump", join(directory, "broken.segment")])).exitCode).toBe(2);
  await writeFile(join(directory, "hashlog-0000000009.segment"), bytes);
  await writeFile(join(directory, "hashlog.manifest"), "no manifest");
  expect((await hashlog(["dump", join(directory, "hashlog-0000000009.segment")])).stdout).toMatch(
    /without the identity/,
  );
  const onInterrupt = (callback: () => void): (() => void) => {
    callback();
    return () => undefined;
  };
  const ended = await hashlog(["dump", segment], { host: { onInterrupt } });
  expect(ended).toMatchObject({ exitCode: 130, stderr: "hashlog: the dump was cancelled\n" });
});

test("dump shows merged segments, expiries in hints and checkpoints, and tombstones in hints", async () => {
  const store = join(await temporaryDirectory(), "store");
  const db = await open(store, { segmentBytesMax: 512, compaction: false });
  for (let index = 0; index < 12; index += 1)
    await db.put(`key ${index % 6}`, "x".repeat(60), { expiresAtMs: 4_000_000_000_000 });
  await db.delete("key 1");
  for (let index = 0; index < 8; index += 1) await db.put(`more ${index}`, "x".repeat(60));
  await db.close();
  const dumps = async (suffix: string): Promise<Record<string, unknown>[]> => {
    const names = (await readdir(store)).filter((name) => name.endsWith(suffix));
    return (await Promise.all(names.map((name) => printedJson(["dump", join(store, name)])))).flat() as Record<
      string,
      unknown
    >[];
  };
  const hints = await dumps(".hint");
  expect(hints).toContainEqual(expect.objectContaining({ what: "tombstone", key: "key 1" }));
  expect(hints).toContainEqual(expect.objectContaining({ what: "put", expires: "2096-10-02T07:06:40Z" }));
  expect(await dumps(".checkpoint")).toContainEqual(
    expect.objectContaining({ what: "key", expires: "2096-10-02T07:06:40Z" }),
  );
  await printed(["compact", store]);
  expect(await dumps(".manifest")).toContainEqual(expect.objectContaining({ merged: true }));
  expect(await dumps(".segment")).toContainEqual(expect.objectContaining({ what: "frame", sparse: true }));
});

test("a damaged hint or shard is shown up to where it is damaged", async () => {
  const store = join(await temporaryDirectory(), "store");
  const db = await open(store, { segmentBytesMax: 512, compaction: false });
  for (let index = 0; index < 40; index += 1) await db.put(`key ${index}`, "x".repeat(60));
  await db.close();
  const names = await readdir(store);
  for (const [suffix, at] of [
    [".hint", -60],
    [".checkpoint", -5000],
  ] as const) {
    const path = join(
      store,
      names.find((name) => name.endsWith(suffix))!,
    );
    const bytes = await readFile(path);
    bytes[bytes.length + at]! ^= 1;
    await writeFile(path, bytes);
    const ended = await hashlog(["dump", path]);
    expect([ended.exitCode, /damage .*CHECKSUM WRONG/.test(ended.stdout)], suffix).toEqual([1, true]);
  }
});

test("lines for people say what is known, and leave out what is not", () => {
  const finding: Finding = {
    ...{ subject: "index", what: "differs", harmless: false, path: undefined, segmentId: undefined, offset: undefined },
    ...{ bytes: undefined, firstSequence: undefined, lastSequence: undefined, keys: undefined },
  };
  expect(findingLine(finding)).toBe("DAMAGE    index: differs");
  const known = { ...finding, path: "a", offset: 5, firstSequence: 1, lastSequence: 2, keys: 1, harmless: true };
  expect(findingLine(known)).toBe("harmless  a at 5: differs (writes 1 to 2, 1 key)");
  const item = {
    offset: 1,
    what: "put",
    checksum: undefined,
    fields: { sealed: false, merged: true },
    key: Uint8Array.of(97),
  };
  expect(itemLine(item, { keys: "hex", values: "utf8" })).toBe("         1  put         key 61, not sealed, merged");
  expect([share(1, 3), share(0, 0)]).toEqual(["33 %", "-"]);
  expect([moment(0), moment(2 ** 53 - 1)]).toEqual(["1970-01-01T00:00:00Z", "9007199254740991 ms after 1970"]);
  expect([msOf("2030-01-31"), msOf("2030-13-31"), msOf("later")]).toEqual([
    Date.UTC(2030, 0, 31),
    undefined,
    undefined,
  ]);
  const segment = { liveBytes: 0, deadBytes: 0, expiredBytes: 0, fileBytes: 0 };
  expect(bar(segment as never, 100, 10)).toBe("·");
  expect(bar({ ...segment, liveBytes: 60, expiredBytes: 20, deadBytes: 40, fileBytes: 100 } as never, 100, 10)).toBe(
    "████▒▒░░░░",
  );
});

test("what is read is whole, in whatever pieces it comes, and not begun after the end", async () => {
  const { signal } = new AbortController();
  expect(Buffer.from(await readAll(Readable.from(["a", "b"]), signal)).toString()).toBe("ab");
  expect(await readAll(Readable.from([]), signal)).toEqual(Buffer.alloc(0));
  await expect(readAll(Readable.from(["a"]), AbortSignal.abort())).rejects.toThrow("reading was cancelled");
  const short = { ...bytesSource(Uint8Array.of(1, 2, 3)), bytes: 10 };
  expect(await readPart(short, 1, 8)).toEqual(Uint8Array.of(2, 3));
});

test("shown as hex or base64, scans and deletes name keys in the same way", async () => {
  const store = join(await temporaryDirectory(), "store");
  await printed(["put", store, "a", "1", "--create", "--json"]);
  expect(await hashlog(["delete", store, "ff", "-k", "hex"])).toMatchObject({
    exitCode: 1,
    stderr: `hashlog: there is no key ff in ${store}\n`,
  });
  const denied = await hashlog(["delete", store, "a", "--if-version", "9"]);
  expect(denied.stderr).toBe("hashlog: a does not have version 9: nothing was deleted\n");
});

test("what there is of a large store, and of keys alone, is said in the same way", async () => {
  const store = join(await temporaryDirectory(), "store");
  const db = await open(store, { sync: "never" });
  await db.batch(Array.from({ length: 10_000 }, (_, index) => ({ type: "put", key: `${index}`, value: "1" })));
  expect(await printed(["stats", store])).toMatch(
    /^index .* of memory, \d+\.\d bytes a key; loaded from the segments themselves$/m,
  );
  expect(await printed(["stats", store])).toMatch(/^writer +another process has it open/m);
  await db.close();
  expect((await printed(["scan", store, "--keys-only", "--limit", "3"])).split("\n").length).toBe(4);
  expect(await printed(["scan", store, "--values-only", "--limit", "2"])).toBe("1\n1\n");
  const { complete } = await import("../src/shell/completion.ts");
  const { scan } = await import("../src/commands/scan.ts");
  const { stats } = await import("../src/commands/stats.ts");
  const reader = await open(store, { readOnly: true });
  expect((await complete("stats --", [scan, stats], reader as never))[0]).toEqual(["--help ", "--json "]);
  await reader.close();
});

test("a repair tells of batches that are not whole any more, and of an unfinished write", async () => {
  const store = join(await temporaryDirectory(), "store");
  const db = await open(store, { compaction: false });
  await db.batch(
    Array.from({ length: 3 }, (_, index) => ({ type: "put", key: `key ${index}`, value: "x".repeat(40) })),
  );
  await db.put("later", "1");
  const copy = join(store, "..", "copy");
  await mkdir(copy);
  for (const name of await readdir(store)) {
    if (name.includes("lock")) continue;
    const bytes = await readFile(join(store, name));
    const isLog = name.endsWith(".segment");
    if (isLog) bytes[32 + 32 + 25]! ^= 1;
    await writeFile(join(copy, name), isLog ? Buffer.concat([bytes, Buffer.from("torn")]) : bytes);
  }
  await db.close();
  const ended = await hashlog(["repair", copy, "--dry-run"]);
  expect(ended.stdout).toMatch(/^1 frame only in part: batches in it are not whole any more$/m);
  expect(ended.stdout).toContain("an unfinished write at the end of the log: it is dropped, and is no loss");
  const done = await hashlog(["repair", copy]);
  expect(done.stdout).toMatch(/^2 records were saved out of damaged parts; \d keys? known to be lost$/m);
});

test("the manifest of a store that is open has neither a clean end nor a checkpoint", async () => {
  const store = join(await temporaryDirectory(), "store");
  const db = await open(store);
  await db.put("a", "1");
  const items = (await printedJson(["dump", join(store, "hashlog.manifest")])) as Record<string, unknown>[];
  expect(items.map(({ what }) => what)).toEqual(["manifest", "segment"]);
  expect(items[1]).toMatchObject({ state: "unsealed", firstSequence: 1 });
  expect(items[1]).not.toHaveProperty("closedCleanAt");
  await db.close();
});

test("numbers are grouped by thousands", () => {
  const numbers = [0, 7, 999, 1000, 12_345, 123_456, 1_234_567, 2 ** 53 - 1, -1234];
  expect(numbers.map(number)).toEqual(numbers.map((value) => value.toLocaleString("en")));
});
