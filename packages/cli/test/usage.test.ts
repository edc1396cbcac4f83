import { Writable } from "node:stream";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hashlog, printed, temporaryDirectory } from "./support/terminal.ts";

test("without a command the help is shown as a complaint is; of a command that is none it says so", async () => {
  const bare = await hashlog([]);
  expect(bare).toMatchObject({ exitCode: 2, stdout: "" });
  expect(bare.stderr).toBe(await printed(["--help"]));
  const unknown = await hashlog(["help", "gett"]);
  expect(unknown).toMatchObject({ exitCode: 2, stdout: "" });
  expect(unknown.stderr).toBe(`hashlog: unknown command 'gett' (Did you mean get?): see "hashlog --help"\n`);
  expect(await printed(["help", "get"])).toBe(await printed(["get", "--help"]));
  expect(await printed(["help", "help"])).toContain("Usage: hashlog");
});

test("the help names every exit code of the README", async () => {
  const help = await printed(["--help"]);
  for (const code of [0, 1, 2, 3, 4, 5, 6, 70, 130]) expect(help).toMatch(new RegExp(`\\b${code} [a-z]`));
});

test("help whose reader has gone is no failure; one that cannot be printed is", async () => {
  const failing = (code: string): Writable =>
    new Writable({
      write: (_chunk, _encoding, callback) => {
        setImmediate(() => callback(Object.assign(new Error(`write ${code}`), { code, syscall: "write" })));
      },
    });
  expect(await hashlog(["--help"], { host: { stdout: failing("EPIPE") } })).toMatchObject({ exitCode: 0, stderr: "" });
  const full = await hashlog(["help", "get"], { host: { stdout: failing("ENOSPC") } });
  expect(full).toMatchObject({ exitCode: 6, stderr: "hashlog: writing the output failed: write ENOSPC\n" });
});

test("what is behind -- is no option, and complaints end in one sentence", async () => {
  const store = join(await temporaryDirectory(), "store");
  await printed(["put", store, "--create", "--", "-key", "--json"]);
  expect(await printed(["get", store, "--", "-key"])).toBe("--json");
  expect((await hashlog(["get", store, "-dash"])).stderr).toBe(
    `hashlog: unknown option '-dash' (what begins with a dash and is no option stands behind --): see "hashlog get --help"\n`,
  );
  expect((await hashlog(["get", store, "a", "b"])).stderr).toBe(
    `hashlog: too many arguments for 'get'. Expected 2 arguments but got 3: see "hashlog get --help"\n`,
  );
  expect((await hashlog(["bench", ".", "--keys", "many"])).stderr).toMatch(/It is a whole number from 1: see/);
});

test("a length of time has a unit", async () => {
  const store = join(await temporaryDirectory(), "store");
  const ended = await hashlog(["put", store, "a", "1", "--ttl", "10", "--create"]);
  expect(ended.exitCode).toBe(2);
  expect(ended.stderr).toContain("a length of time such as 90s, 15m, 12h or 7d");
  await printed(["put", store, "a", "1", "--ttl", "1.5h", "--create"]);
  await printed(["put", store, "b", "1", "--ttl", "10 minutes"]);
  expect(await printed(["count", store])).toBe("2\n");
});

test("what is wrong is told before a store is made, and what is not there is named", async () => {
  const directory = await temporaryDirectory();
  const file = join(directory, "file");
  await writeFile(file, "1");
  const [store, nowhere] = [join(directory, "store"), join(directory, "nowhere")];
  const refused: [argv: string[], exitCode: number, message: string][] = [
    [["put", store, "a", "--file", nowhere, "--create"], 3, `there is no file ${nowhere}`],
    [["put", store, "a", "--file", directory, "--create"], 2, `${directory} is a directory: name a file`],
    [["put", store, "a", "1", "--file", file, "--create"], 2, "give a value or --file, not both"],
    [["put", store, "abc", "1", "-k", "hex", "--create"], 2, 'the key "abc" is not hex'],
    [["put", store, "ab", "x", "-v", "hex", "--create"], 2, 'the value "x" is not hex'],
    [["import", store, nowhere, "--create"], 3, `there is no file ${nowhere}`],
    [["import", store, directory, "--create"], 2, `${directory} is a directory: name a file`],
    [["dump", nowhere], 3, `there is no file ${nowhere}`],
    [["dump", directory], 2, `${directory} is a directory: name a file in it`],
    [["bench", nowhere], 3, `there is no directory ${nowhere}`],
    [["bench", file], 2, `${file} is not a directory`],
  ];
  for (const [argv, exitCode, message] of refused) {
    expect(await hashlog(argv)).toMatchObject({ exitCode, stdout: "", stderr: `hashlog: ${message}\n` });
  }
  expect(await readdir(directory)).toEqual(["file"]);
});
