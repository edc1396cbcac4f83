import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { open, type Store } from "@hashlog/engine";
import { CheckpointEncoder } from "@hashlog/format";
import { hashKeydir } from "@hashlog/index";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { hashlog, printed, printedJson, temporaryDirectory } from "./support/terminal.ts";

test("what is no file is not opened, as a pipe nobody writes to would never be", async () => {
  const directory = await temporaryDirectory();
  execFileSync("mkfifo", [join(directory, "hashlog-0000000001.segment")]);
  for (const path of [join(directory, "hashlog-0000000001.segment"), directory, "/dev/zero"]) {
    const ended = await hashlog(["dump", path]);
    expect([ended.exitCode, ended.stdout]).toEqual([2, ""]);
    expect(ended.stderr).toMatch(/ is no file: those of a store are called/);
  }
  expect((await hashlog(["dump", join(directory, "nowhere")])).exitCode).toBe(3);
});

test("a manifest of any length is none, and does not hide the file beside it", async () => {
  const directory = await temporaryDirectory();
  const store = join(directory, "store");
  await printed(["put", store, "a", "1", "--create"]);
  await truncate(join(store, "hashlog.manifest"), 2 ** 42);
  const ended = await hashlog(["dump", join(store, "hashlog.manifest")]);
  expect(ended).toMatchObject({ exitCode: 1, stderr: "" });
  expect(ended.stdout).toMatch(/larger than any manifest/);
  expect(await printed(["dump", join(store, "hashlog-0000000001.segment"), "--values"])).toMatch(/key "a", value "1"/);
});

test("a checkpoint whose shards are none of this index says so", async () => {
  const directory = await temporaryDirectory();
  const store = join(directory, "store");
  await printed(["put", store, "a", "1", "--create"]);
  const { layout } = hashKeydir({ hashKey: new Uint8Array(16) });
  const pieces: Uint8Array[] = [];
  const replay = { segmentId: 0, offset: 0, sequence: 1 };
  const encoder = new CheckpointEncoder(
    { storeId: 7n, checkpointId: 9, layout, shardCount: 1, replay, segments: [] },
    (piece) => pieces.push(piece.slice()),
  );
  encoder.shard(0, new Uint8Array(100).fill(7));
  encoder.finish();
  const path = join(store, "hashlog-0000000009.checkpoint");
  await writeFile(path, Buffer.concat(pieces));
  const ended = await hashlog(["dump", path]);
  expect(ended).toMatchObject({ exitCode: 1, stderr: "" });
  expect(ended.stdout).toMatch(/damage +reason shard 0: not a dump of this shard/);
});

test("of a large part that is damaged every record is shown, once and in order", async () => {
  const store = join(await temporaryDirectory(), "store");
  const db = await open(store, { compaction: false });
  const value = new Uint8Array(300_000).fill(0x78);
  await db.batch(Array.from({ length: 40 }, (_, index) => ({ type: "put", key: `key ${index}`, value })));
  await db.close();
  const path = join(store, "hashlog-0000000001.segment");
  const bytes = await readFile(path);
  // The header of the frame: it begins behind that of the file.
  const [, frame] = (await printedJson(["dump", path])) as { offset: number }[];
  bytes[frame!.offset + 8]! ^= 1;
  await writeFile(path, bytes);
  const { stdout, exitCode } = await hashlog(["dump", path, "--json"]);
  expect(exitCode).toBe(1);
  const items = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { what: string; key?: string });
  expect(items.filter(({ what }) => what === "put").map(({ key }) => key)).toEqual(
    Array.from({ length: 40 }, (_, index) => `key ${index}`),
  );
});

test("Ctrl-C ends a dump also where there is nothing to be shown", async () => {
  const store = join(await temporaryDirectory(), "store");
  await printed(["put", store, "a", "1", "--create"]);
  const path = join(store, "hashlog-0000000001.segment");
  // Zero bytes, in which it looks for records.
  await truncate(path, 2 ** 36);
  let interrupt = (): void => undefined;
  const host = {
    onInterrupt: (callback: () => void) => {
      interrupt = callback;
      return () => undefined;
    },
  };
  const ended = hashlog(["dump", path], { host });
  setImmediate(() => setImmediate(() => interrupt()));
  expect(await ended).toMatchObject({ exitCode: 130, stderr: "hashlog: the dump was cancelled\n" });
});

test("whatever the bytes of a file are, a dump shows them or says what is wrong", async () => {
  const directory = await temporaryDirectory();
  const files = await filesOfAStore(directory);
  const names = [...files.keys()];
  const scratch = await mkdtemp(join(directory, "scratch-"));
  const edit = fc.oneof(
    fc.record({ at: fc.nat(), byte: fc.nat(255) }),
    fc.record({ at: fc.nat(), cut: fc.constant(true) }),
    fc.record({ at: fc.nat(), inserted: fc.uint8Array({ maxLength: 64 }) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.array(edit, { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      fc.option(fc.constantFrom(...names), { nil: undefined }),
      async (name, edits, json, calledAs) => {
        let bytes = Buffer.from(files.get(name)!);
        for (const { at, ...change } of edits) {
          const place = at % (bytes.length + 1);
          if ("byte" in change)
            bytes = Buffer.concat([bytes.subarray(0, place), Uint8Array.of(change.byte), bytes.subarray(place + 1)]);
          else if ("cut" in change) bytes = bytes.subarray(0, place);
          else bytes = Buffer.concat([bytes.subarray(0, place), change.inserted, bytes.subarray(place)]);
        }
        const path = join(scratch, calledAs ?? "other");
        await writeFile(path, bytes);
        const { exitCode, stderr } = await hashlog(["dump", path, "--values", ...(json ? ["--json"] : [])]);
        expect([0, 1, 2]).toContain(exitCode);
        if (exitCode !== 2) expect(stderr).toBe("");
      },
    ),
    { numRuns: 300 },
  );
});

/** Of every kind that has content. */
async function filesOfAStore(directory: string): Promise<Map<string, Buffer>> {
  const store = join(directory, "of-every-kind");
  const db: Store<string, Uint8Array, Uint8Array | string> = await open(store, {
    segmentBytesMax: 1024,
    compaction: false,
  });
  for (let index = 0; index < 40; index += 1) await db.put(`key ${index % 25}`, "x".repeat(index));
  for (let index = 0; index < 5; index += 1) await db.delete(`key ${index}`);
  await db.close();
  const names = (await readdir(store)).filter((name) => /\.(?:segment|hint|checkpoint|manifest)$/.test(name));
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(store, name))] as const)));
}
