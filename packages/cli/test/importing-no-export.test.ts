import { access, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { processHost } from "@hashlog/cli";
import type { FileSystem } from "@hashlog/fs-io";
import { expect, test } from "vitest";
import { altered } from "../../../test/support/altered.ts";
import { hashlog, printed, temporaryDirectory } from "./support/terminal.ts";

const EXPORT = '{"format":"hashlog-entries","version":1}\n{"key":"ada","value":"1815"}\n{"entries":1}\n';

async function importing(name: string, content: string | Uint8Array, ...more: string[]) {
  const directory = await temporaryDirectory();
  const [file, store] = [join(directory, name), join(directory, "store")];
  await writeFile(file, content);
  const ended = await hashlog(["import", store, file, ...more]);
  const isThere = await access(store).then(
    () => true,
    () => false,
  );
  return { ...ended, store, isThere };
}

test.each([
  ["lines of another program", "wrong.ndjson", '{"id":1}\n{"id":2}\n', 2, /line 1: there is no field "id"/],
  ["no line at all", "wrong.ndjson", "something else", 2, /line 1/],
  ["nothing", "empty.ndjson", "", 2, /line 1/],
  ["an export of a later version", "later.ndjson", EXPORT.replace('"version":1', '"version":99'), 5, /version/],
  [
    "compressed, lines of another program",
    "wrong.ndjson.gz",
    gzipSync('{"id":1}\n'),
    2,
    /line 1: there is no field "id"/,
  ],
  ["what is not compressed and called so", "wrong.ndjson.gz", EXPORT, 6, /incorrect header check/],
] as const)("a file that is no export leaves no store behind: %s", async (_what, name, content, exitCode, message) => {
  const ended = await importing(name, content, "--create");
  expect(ended.exitCode).toBe(exitCode);
  expect(ended.stderr).toMatch(message);
  expect(ended.isThere).toBe(false);
});

test("an export makes one, compressed or not, and one that is wrong further down keeps what came before", async () => {
  for (const [name, content] of [
    ["a.ndjson", EXPORT],
    ["a.ndjson.gz", gzipSync(EXPORT)],
  ] as const) {
    const { exitCode, store } = await importing(name, content, "--create");
    expect(exitCode).toBe(0);
    expect(await printed(["get", store, "ada"])).toBe("1815");
  }
  const wrong = await importing("a.ndjson", EXPORT.replace('{"entries":1}', "oops"), "--create");
  expect(wrong.exitCode).toBe(2);
  expect(wrong.stderr).toContain("line 3");
  expect(await printed(["get", wrong.store, "ada"])).toBe("1815");
});

test.each([
  ["empty ones", "\n\r\n"],
  ["a byte order mark and an empty one", "\ufeff\n"],
  ["one of spaces that is longer than what is read at once", `${" ".repeat(200_000)}\n`],
])(
  "lines before the first of an export that say nothing are passed over, as by every import: %s",
  async (_what, lines) => {
    const { exitCode, stderr, store } = await importing("a.ndjson", lines + EXPORT, "--create");
    expect([exitCode, stderr]).toEqual([0, "imported 1 entry\n"]);
    expect(await printed(["get", store, "ada"])).toBe("1815");
  },
);

test("a file that is slow to come can be left, and leaves no store behind", async () => {
  const directory = await temporaryDirectory();
  const [file, store] = [join(directory, "slow.ndjson"), join(directory, "store")];
  await writeFile(file, EXPORT);
  const slow = new Readable({ read: () => undefined });
  let interrupt = (): void => undefined;
  const onInterrupt = (callback: () => void): (() => void) => {
    interrupt = callback;
    return () => undefined;
  };
  const read = (): Readable => {
    setImmediate(() => interrupt());
    return slow;
  };
  const host = { onInterrupt, files: { ...processHost.files, read } };
  const { exitCode } = await hashlog(["import", store, file, "--create"], { host });
  expect([exitCode, slow.destroyed]).toEqual([130, true]);
  await expect(access(store)).rejects.toMatchObject({ code: "ENOENT" });
});

test("what can be read only once, as a pipe, is read once", async () => {
  const directory = await temporaryDirectory();
  const [pipe, store] = [join(directory, "pipe"), join(directory, "store")];
  let reads = 0;
  const stat = async (path: string): ReturnType<FileSystem["stat"]> =>
    path === pipe ? { kind: "other", bytes: 0 } : processHost.fileSystem.stat(path);
  const fileSystem = altered(processHost.fileSystem, { stat });
  const read = (): Readable => Readable.from([Buffer.from((reads += 1) === 1 ? EXPORT : "")]);
  const host = { fileSystem, files: { ...processHost.files, read } };
  const said = await hashlog(["import", store, pipe, "--create"], { host });
  expect([said.stderr, reads]).toEqual(["imported 1 entry\n", 1]);
});
