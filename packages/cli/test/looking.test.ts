import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { open } from "@hashlog/engine";
import { expect, test } from "vitest";
import { Collected, hashlog, printed, printedJson, temporaryDirectory } from "./support/terminal.ts";

/** A store with three segments: one all dead, one half dead, one that is live. */
async function storeWithGarbage(): Promise<string> {
  const directory = join(await temporaryDirectory(), "store");
  const db = await open(directory, { segmentBytesMax: 512, compaction: false });
  for (const round of ["a", "b"]) {
    for (let index = 0; index < 8; index += 1) await db.put(`key ${index}`, round.repeat(40));
  }
  await db.delete("key 7");
  await db.put("brief", "1", { expiresAtMs: 1000 });
  await db.close();
  return directory;
}

test("stats tells what the store is made of, beside its writer as well", async () => {
  const directory = await storeWithGarbage();
  const text = await printed(["stats", directory]);
  expect(text).toMatch(/^keys +8$/m);
  expect(text).toMatch(/^last write +version 18$/m);
  expect(text).toMatch(/^writer +none$/m);
  const db = await open(directory, { segmentBytesMax: 512, compaction: false });
  const { liveBytes, deadBytes, tombstones, tombstoneBytes, fileBytes, segments } = db.stats();
  const [json] = await printedJson(["stats", directory]);
  expect(json).toMatchObject({
    ...{ directory, keys: 8, sequence: 18, liveBytes, deadBytes, tombstones, tombstoneBytes, fileBytes },
    ...{ segments: segments.length, writerAlive: true, road: "checkpoint" },
  });
  expect((json as { expiredBytes: number }).expiredBytes).toBeGreaterThan(0);
  await db.close();
});

test("inspect draws each segment as a bar of what is live and dead, and says what a merge would do", async () => {
  const directory = await storeWithGarbage();
  const lines = (await printed(["inspect", directory])).split("\n");
  expect(lines[0]).toMatch(/^segment +state +size +records +live +dead +tombstones$/);
  const bars = lines.filter((line) => /[█▒░]/.test(line));
  const [json] = (await printedJson(["inspect", directory])) as [
    { segments: { liveBytes: number; fileBytes: number }[]; merge: object },
  ];
  expect(bars.length).toBe(json.segments.length);
  expect(bars[0]).toMatch(/ 0 % +100 % +0 +░+$/);
  expect(bars.some((line) => line.includes("█"))).toBe(true);
  expect(bars.some((line) => line.includes("▒"))).toBe(true);
  expect(json.merge).toEqual({ kind: "none", reason: "nothing-to-gain" });
  expect(lines.at(-2)).toBe("next merge: none, as there is nothing to gain");
});

test("inspect puts first what it is asked for, and not more than that", async () => {
  const directory = await storeWithGarbage();
  const [all] = (await printedJson(["inspect", directory])) as [
    { segments: { deadBytes: number; fileBytes: number }[] },
  ];
  for (const [sort, field] of [
    ["dead", "deadBytes"],
    ["size", "fileBytes"],
  ] as const) {
    const [some] = (await printedJson(["inspect", directory, "--sort", sort, "--limit", "2"])) as (typeof all)[];
    const most = all.segments.map((segment) => segment[field]).toSorted((a, b) => b - a);
    expect(some!.segments.map((segment) => segment[field])).toEqual(most.slice(0, 2));
  }
  const text = await printed(["inspect", directory, "--limit", "1"]);
  expect(text).toContain(`and ${all.segments.length - 1} segment`);
});

test("inspect names the segments of a merge, why each, and what it frees", async () => {
  const directory = join(await temporaryDirectory(), "store");
  const db = await open(directory, { segmentBytesMax: 4 << 20, sync: "never", compaction: false });
  const value = new Uint8Array(1 << 20);
  for (let index = 0; index < 40; index += 1) await db.put(`key ${index % 3}`, value);
  await db.delete("key 1");
  await db.close();
  const [json] = (await printedJson(["inspect", directory])) as [
    { merge: { kind: string; segments: { segmentId: number; reason: string }[] } },
  ];
  expect(json.merge.kind).toBe("merge");
  const text = await printed(["inspect", directory]);
  expect(text).toMatch(/^next merge: .*; reads .* MiB, writes .*, frees .* MiB$/m);
  for (const { segmentId, reason } of json.merge.segments)
    expect(text).toContain(`  segment ${segmentId}: ${reason}, `);
});

test("an empty store has nothing to show", async () => {
  const directory = join(await temporaryDirectory(), "store");
  await (await open(directory)).close();
  expect(await printed(["inspect", directory])).toMatch(/an empty store|·/);
  expect(await printed(["scan", directory])).toBe("");
  expect(await printed(["changes", directory])).toBe("");
});

test("dump shows a segment record by record, each with its offset and whether it verifies", async () => {
  const directory = await storeWithGarbage();
  const path = join(directory, "hashlog-0000000001.segment");
  const items = (await printedJson(["dump", path, "--values"])) as Record<string, unknown>[];
  expect(items[0]).toMatchObject({ offset: 0, what: "segment", checksum: "ok", id: 1 });
  const first = items.find(({ what }) => what === "put")!;
  expect(first).toMatchObject({ key: "key 0", value: "a".repeat(40), sequence: 1, valueBytes: 40, checksum: "ok" });
  const bytes = await readFile(path);
  expect(bytes.subarray(Number(first["offset"])).includes("key 0")).toBe(true);
  const line = (await printed(["dump", path])).split("\n").find((text) => text.includes("key 0"));
  expect(line).toMatch(/^ +64  put +key "key 0", sequence 1, value bytes 40, checksum ok$/);
  expect((await printedJson(["dump", path, "--limit", "3"])).length).toBe(3);
  const all = (
    await Promise.all((await segments(directory)).map((name) => printedJson(["dump", join(directory, name)])))
  ).flat();
  const kinds = new Set(all.map((item) => (item as { what: string }).what));
  expect([...kinds].toSorted()).toEqual(["fence", "frame", "put", "segment", "tombstone"]);
  expect(all).toContainEqual(expect.objectContaining({ key: "brief", expires: "1970-01-01T00:00:01Z" }));
});

test("behind damage dump goes on where a checksum holds again", async () => {
  const directory = await storeWithGarbage();
  const path = join(directory, "hashlog-0000000001.segment");
  const items = (await printedJson(["dump", path])) as { what: string; offset: number; key?: string }[];
  const puts = items.filter(({ what }) => what === "put");
  const frames = items.filter(({ what }) => what === "frame");
  const bytes = await readFile(path);
  const flip = async (at: number): Promise<{ exitCode: number; items: Record<string, unknown>[] }> => {
    const flipped = Buffer.from(bytes);
    flipped[at]! ^= 1;
    const copy = join(directory, "..", "copy of a segment");
    await writeFile(copy, flipped);
    const ended = await hashlog(["dump", copy, "--json"]);
    const lines = ended.stdout.split("\n").slice(0, -1);
    return { exitCode: ended.exitCode, items: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
  };
  const inRecord = await flip(puts[1]!.offset + 20);
  expect(inRecord.exitCode).toBe(1);
  expect(inRecord.items.filter(({ what }) => what === "put").map(({ checksum }) => checksum)).toEqual(
    puts.map((_, index) => (index === 1 ? "wrong" : "ok")),
  );
  const inFrame = await flip(frames[1]!.offset + 9);
  expect(inFrame.exitCode).toBe(1);
  expect(inFrame.items).toContainEqual(expect.objectContaining({ what: "damage", offset: frames[1]!.offset }));
  // The record is whole, though its frame is not.
  expect(inFrame.items.filter(({ what }) => what === "put").map(({ key }) => key)).toEqual(puts.map(({ key }) => key));
  expect((await hashlog(["dump", path, "--json"])).exitCode).toBe(0);
});

test("a damaged segment header is made up for by the manifest beside it, and without one dump says what is missing", async () => {
  const directory = await storeWithGarbage();
  const path = join(directory, "hashlog-0000000001.segment");
  const bytes = await readFile(path);
  bytes[20]! ^= 1;
  await writeFile(path, bytes);
  const withManifest = await hashlog(["dump", path]);
  expect(withManifest.exitCode).toBe(1);
  expect(withManifest.stdout).toMatch(/damage .*CHECKSUM WRONG/);
  expect(withManifest.stdout).toMatch(/put +key "key 0"/);
  await rm(join(directory, "hashlog.manifest"));
  const alone = await hashlog(["dump", path]);
  expect(alone.stdout).toMatch(/without the identity in the header/);
  expect(alone.stdout).not.toContain("key 0");
});

test("dump shows manifest, hint and checkpoint, also under another name", async () => {
  const directory = await storeWithGarbage();
  const names = await files(directory);
  const manifest = (await printedJson(["dump", join(directory, "hashlog.manifest")])) as Record<string, unknown>[];
  expect(manifest[0]).toMatchObject({ what: "manifest", checksum: "ok" });
  expect(manifest.filter(({ what }) => what === "segment").map(({ file }) => file)).toEqual(await segments(directory));
  expect(manifest.at(-1)).toMatchObject({ what: "checkpoint" });
  const hint = names.find((name) => name.endsWith(".hint"))!;
  const entries = (await printedJson(["dump", join(directory, hint)])) as Record<string, unknown>[];
  expect(entries[0]).toMatchObject({ what: "hint", checksum: "ok" });
  expect(entries.at(-1)).toMatchObject({ what: "totals" });
  expect(entries.filter(({ what }) => what === "put").length).toBe(entries.at(-1)!["entries"]);
  const checkpoint = names.find((name) => name.endsWith(".checkpoint"))!;
  const keys = (await printedJson(["dump", join(directory, checkpoint)])) as Record<string, unknown>[];
  expect(keys[0]).toMatchObject({ what: "checkpoint", checksum: "ok" });
  expect(
    keys
      .filter(({ what }) => what === "key")
      .map(({ key }) => String(key))
      .toSorted(),
  ).toEqual(["brief", ...[0, 1, 2, 3, 4, 5, 6].map((index) => `key ${index}`)]);
  for (const name of [checkpoint, hint, "hashlog.manifest"]) {
    const before = (await printed(["dump", join(directory, name)]))
      .split("\n")
      .filter((line) => !line.includes("  key  "));
    await rename(join(directory, name), join(directory, "..", "renamed"));
    const after = (await printed(["dump", join(directory, "..", "renamed")])).split("\n");
    // Without the manifest beside it, what only that knows is missing.
    expect(
      after.filter((line) => !line.includes("  note  ")),
      name,
    ).toEqual(before);
    expect(
      after.some((line) => line.includes("there is none beside it")),
      name,
    ).toBe(name === checkpoint);
  }
});

test("what is damaged, unknown or no file of a store at all, dump says", async () => {
  const directory = await storeWithGarbage();
  for (const name of await files(directory)) {
    if (name.includes("lock") || name.includes("reserve")) continue;
    const path = join(directory, name);
    const bytes = await readFile(path);
    await writeFile(path, bytes.subarray(0, bytes.length - 1));
    const ended = await hashlog(["dump", path]);
    expect([ended.exitCode, ended.stdout.includes("CHECKSUM WRONG")], name).toEqual([1, true]);
    bytes.writeUInt32LE(77, 8);
    await writeFile(path, bytes);
    expect((await hashlog(["dump", path])).stdout, name).toMatch(/version 77/);
  }
  const other = join(directory, "..", "other");
  await writeFile(other, "no file of a store");
  expect(await hashlog(["dump", other])).toMatchObject({ exitCode: 2 });
  const missing = await hashlog(["dump", join(directory, "nowhere")]);
  expect(missing).toMatchObject({ exitCode: 3 });
});

test("changes prints what was written, from the state on or behind a version, and ends", async () => {
  const directory = join(await temporaryDirectory(), "store");
  await printed(["put", directory, "a", "1", "--create"]);
  await printed(["put", directory, "b", "2", "--expires-at", "2100-01-01"]);
  await printed(["delete", directory, "a"]);
  expect(await printed(["changes", directory, "--since", "1"])).toBe("2\tput\tb\t2\n3\tdelete\ta\n");
  expect(await printed(["changes", directory])).toBe("2\tput\tb\t2\n");
  expect(await printedJson(["changes", directory, "--since", "1"])).toEqual([
    { type: "put", version: 2, key: "b", value: "2", expiresAtMs: Date.UTC(2100, 0, 1), resume: 2 },
    { type: "delete", version: 3, key: "a", resume: 3 },
  ]);
  expect(await printed(["changes", directory, "--since", "1", "--limit", "1", "-v", "hex"])).toBe("2\tput\tb\t32\n");
  expect(await hashlog(["changes", directory, "--since", "1000000"])).toMatchObject({ exitCode: 2 });
});

test("changes --follow waits for what a writer writes, until Ctrl-C", async () => {
  const directory = join(await temporaryDirectory(), "store");
  const db = await open(directory);
  await db.put("before", "1");
  let interrupt = (): void => undefined;
  const onInterrupt = (callback: () => void): (() => void) => {
    interrupt = callback;
    return () => undefined;
  };
  const stdout = new Collected();
  const ended = hashlog(["changes", directory, "--follow"], { host: { onInterrupt, stdout } });
  const until = stdout.until(/later/);
  let written = 0;
  let seen = false;
  void until.then(() => {
    seen = true;
  });
  // Whether it follows already nobody outside can tell.
  while (!seen) {
    await db.put(`later ${(written += 1)}`, "2");
    await new Promise((resolve) => setImmediate(resolve));
  }
  interrupt();
  expect(await ended).toMatchObject({ exitCode: 130, stderr: "" });
  expect(stdout.text).not.toContain("before");
  await db.close();
});

async function files(directory: string): Promise<string[]> {
  return (await readdir(directory)).toSorted();
}

async function segments(directory: string): Promise<string[]> {
  return (await files(directory)).filter((name) => name.endsWith(".segment"));
}
