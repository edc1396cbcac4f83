import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Writable } from "node:stream";
import { gunzipSync, gzipSync } from "node:zlib";
import { processHost } from "@hashlog/cli";
import { expect, test } from "vitest";
import { hashlog, printed, printedJson, temporaryDirectory } from "./support/terminal.ts";

const EXPORT = `{"format":"hashlog-entries","version":1}
{"key":"ada","value":"1815"}
{"key":"grace","value":"1906"}
{"entries":2}
`;

async function folder(): Promise<{ path: (name: string) => string }> {
  const directory = await temporaryDirectory();
  return { path: (name) => join(directory, name) };
}

test("what was exported is imported elsewhere, through files and pipes, compressed or not", async () => {
  const { path } = await folder();
  expect((await hashlog(["import", path("a"), "--create"], { stdin: EXPORT })).stderr).toBe("imported 2 entries\n");
  expect(await printed(["export", path("a"), "--ordered"])).toBe(EXPORT);
  const said = await hashlog(["export", path("a"), path("all.ndjson"), "--ordered"]);
  expect(said.stderr).toBe(`exported 2 entries, ${EXPORT.length} B of text, to ${path("all.ndjson")}\n`);
  expect(await readFile(path("all.ndjson"), "utf8")).toBe(EXPORT);
  await printed(["export", path("a"), path("all.ndjson.gz"), "--ordered"]);
  expect(gunzipSync(await readFile(path("all.ndjson.gz"))).toString()).toBe(EXPORT);
  const piped = await hashlog(["export", path("a"), "--gzip", "--ordered"]);
  expect(gunzipSync(piped.bytes).toString()).toBe(EXPORT);
  await printed(["import", path("b"), path("all.ndjson.gz"), "--create"]);
  await printed(["import", path("c"), "--gzip", "--create"], { stdin: gzipSync(EXPORT) });
  for (const copy of ["b", "c"]) expect(await printed(["export", path(copy), "--ordered"])).toBe(EXPORT);
});

test("an export is of a range, and reports with --json", async () => {
  const { path } = await folder();
  await printed(["import", path("a"), "--create", "-q"], { stdin: EXPORT });
  expect(await printed(["export", path("a"), "--prefix", "g"])).toContain('"grace"');
  expect(await printed(["export", path("a"), "--prefix", "g"])).not.toContain('"ada"');
  expect(await printed(["export", path("a"), "--limit", "1"])).toContain('{"entries":1}');
  expect(await printedJson(["export", path("a"), path("file")])).toMatchObject([{ entries: 2, bytes: EXPORT.length }]);
});

test("what is there is overwritten, skipped, or ends the import", async () => {
  const { path } = await folder();
  await printed(["put", path("a"), "ada", "before", "--create"]);
  expect(await printedJson(["import", path("a"), "--if-exists", "skip"], { stdin: EXPORT })).toMatchObject([
    { entries: 1, skipped: 1, expired: 0 },
  ]);
  expect(await printed(["get", path("a"), "ada"])).toBe("before");
  const failed = await hashlog(["import", path("a"), "--if-exists", "fail"], { stdin: EXPORT });
  expect(failed.exitCode).toBe(2);
  expect(failed.stderr).toContain("line 2");
  await printed(["import", path("a")], { stdin: EXPORT });
  expect(await printed(["get", path("a"), "ada"])).toBe("1815");
  const expired = EXPORT.replace('"1815"', '"1815","expiresAtMs":1').replace('"1906"', '"1906","expiresAtMs":1');
  const left = await hashlog(["import", path("b"), "--create"], { stdin: expired });
  expect(left.stderr).toBe("imported 0 entries; 2 entries had expired\n");
  const skipped = await hashlog(["import", path("a"), "--if-exists", "skip"], { stdin: EXPORT });
  expect(skipped.stderr).toBe("imported 0 entries; 2 entries skipped, as the keys were there\n");
});

test("a line that is wrong is told by its number; a file that was cut off, or is no gzip, is refused", async () => {
  const { path } = await folder();
  const wrong = await hashlog(["import", path("a"), "--create"], { stdin: EXPORT.replace('"1906"', "1906") });
  expect(wrong.exitCode).toBe(2);
  expect(wrong.stderr).toMatch(/^hashlog: .*line 3/);
  expect(await printed(["get", path("a"), "ada"])).toBe("1815");
  const cut = await hashlog(["import", path("a")], { stdin: EXPORT.slice(0, 80) });
  expect([cut.exitCode, cut.stderr.split("\n").length]).toEqual([2, 2]);
  const noGzip = await hashlog(["import", path("a"), "--gzip"], { stdin: EXPORT });
  expect(noGzip).toMatchObject({ exitCode: 6 });
  expect(noGzip.stderr).toMatch(/incorrect header check/);
  const nowhere = await hashlog(["import", path("a"), path("nowhere")]);
  expect(nowhere).toMatchObject({ exitCode: 3 });
  expect(nowhere.stderr).toMatch(/there is no file .*nowhere$/m);
});

test("a file that is there stays, unless --force says otherwise", async () => {
  const { path } = await folder();
  await printed(["import", path("a"), "--create", "-q"], { stdin: EXPORT });
  await writeFile(path("file"), "precious");
  const refused = await hashlog(["export", path("a"), path("file")]);
  expect(refused).toMatchObject({ exitCode: 2 });
  expect(refused.stderr).toMatch(/is there already: --force takes its place\n$/);
  expect(await readFile(path("file"), "utf8")).toBe("precious");
  await printed(["export", path("a"), path("file"), "--force", "--ordered"]);
  expect(await readFile(path("file"), "utf8")).toBe(EXPORT);
});

test("a file that could not be written whole is not left behind, nor takes the place of another", async () => {
  const { path } = await folder();
  await printed(["import", path("a"), "--create", "-q"], { stdin: EXPORT });
  await writeFile(path("file"), "precious");
  const full = new Writable({
    write: (_chunk, _encoding, callback) =>
      callback(Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" })),
  });
  const files = { ...processHost.files, write: () => full };
  const failed = await hashlog(["export", path("a"), path("file"), "--force"], { host: { files } });
  expect(failed).toMatchObject({ exitCode: 6 });
  expect(failed.stderr).toMatch(/ENOSPC/);
  expect(await readFile(path("file"), "utf8")).toBe("precious");
  expect((await hashlog(["export", path("a"), join(path("nowhere"), "file")])).exitCode).toBe(6);
  expect((await readdir(path("."))).toSorted()).toEqual(["a", "file"]);
});

test("whoever reads an export has enough when it has: that is no failure", async () => {
  const { path } = await folder();
  const entries = Array.from({ length: 5000 }, (_, index) => `{"key":"${index}","value":"${"x".repeat(100)}"}\n`);
  await printed(["import", path("a"), "--create", "-q"], {
    stdin: `{"format":"hashlog-entries","version":1}\n${entries.join("")}{"entries":5000}\n`,
  });
  for (const command of [["export"], ["scan"], ["scan", "--keys-only"], ["export", "--gzip"]]) {
    const stdout = closing(1000);
    const [name = "", ...options] = command;
    const ended = await hashlog([name, path("a"), ...options], { host: { stdout } });
    expect(ended, command.join(" ")).toMatchObject({ exitCode: 0, stderr: "" });
  }
  const stdout = new Writable({
    write: (_chunk, _encoding, callback) => callback(new Error("the printer is on fire")),
  });
  const ended = await hashlog(["scan", path("a")], { host: { stdout } });
  expect(ended).toMatchObject({ exitCode: 6, stderr: "hashlog: writing the output failed: the printer is on fire\n" });
});

/** A pipe whose reader goes away after so many bytes. */
function closing(bytes: number): Writable {
  let left = bytes;
  return new Writable({
    highWaterMark: 100,
    write: (chunk: Buffer, _encoding, callback) => {
      left -= chunk.length;
      if (left > 0) return callback();
      callback(Object.assign(new Error("write EPIPE"), { code: "EPIPE", syscall: "write" }));
    },
  });
}
