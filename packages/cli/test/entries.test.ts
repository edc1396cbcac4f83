import { join } from "node:path";
import { Readable } from "node:stream";
import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { hashlog, printed, printedJson, temporaryDirectory } from "./support/terminal.ts";

async function store(entries: Readonly<Record<string, string>> = {}): Promise<string> {
  const directory = join(await temporaryDirectory(), "store");
  await printed(["put", directory, "first", "1", "--create"]);
  for (const [key, value] of Object.entries(entries)) await printed(["put", directory, key, value]);
  return directory;
}

test("what was put is got, byte for byte, and with --json with its version", async () => {
  const db = await store({ ada: "Ada Lovelace" });
  expect(await printed(["get", db, "ada"])).toBe("Ada Lovelace");
  expect(await printedJson(["get", db, "ada"])).toEqual([{ key: "ada", value: "Ada Lovelace", version: 2 }]);
  await printed(["put", db, "ada", "Countess of Lovelace"]);
  expect(await printedJson(["get", db, "ada"])).toEqual([{ key: "ada", value: "Countess of Lovelace", version: 3 }]);
});

test("a key that is not there is exit code 1, and says where it was looked for", async () => {
  const db = await store();
  expect(await hashlog(["get", db, "nobody"])).toMatchObject({
    exitCode: 1,
    stdout: "",
    stderr: `hashlog: there is no key nobody in ${db}\n`,
  });
});

test("any bytes go in and come out: as hex, as base64, from a file, from standard input", async () => {
  const db = await store();
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const hex = Buffer.from(bytes).toString("hex");
  const base64 = Buffer.from(bytes).toString("base64");
  const file = join(db, "..", "value");
  await writeFile(file, bytes);
  await printed(["put", db, "00ff", hex, "-k", "hex", "-v", "hex"]);
  await printed(["put", db, "AP8B", base64, "-k", "base64", "-v", "base64"]);
  await printed(["put", db, "file", "--file", file]);
  await printed(["put", db, "input"], { stdin: bytes });
  await printed(["put", db, "hex input", "-v", "hex"], { stdin: `${hex.toUpperCase()}\n` });
  for (const key of ["file", "input", "hex input"]) {
    expect((await hashlog(["get", db, key])).bytes).toEqual(Buffer.from(bytes));
  }
  expect(await printed(["get", db, "00FF", "-k", "hex", "-v", "base64"])).toBe(`${base64}\n`);
  expect(await printedJson(["get", db, "00ff01", "-k", "hex"])).toEqual([
    { keyHex: "00ff01", valueBase64: base64, version: 3 },
  ]);
  expect(await printedJson(["get", db, "AP8B", "-k", "base64", "-v", "hex"])).toEqual([
    { keyBase64: "AP8B", valueHex: hex, version: 3 },
  ]);
});

test("what is no text cannot touch a terminal, and there every value ends its line", async () => {
  const db = await store({ escape: "\u001B[2Jtwo\nlines\t\u202E\\", plain: "plain" });
  await printed(["put", db, "bytes", "61ff0a", "-v", "hex"]);
  const onTerminal = (key: string): Promise<string> => printed(["get", db, key], { terminal: true });
  expect(await onTerminal("plain")).toBe("plain\n");
  expect(await onTerminal("escape")).toBe("\\x1b[2Jtwo\nlines\t\\u{202e}\\\n");
  expect(await onTerminal("bytes")).toBe("a\\xff\\n\n");
  expect(await printed(["scan", db, "--prefix", "e"])).toBe("escape\t\\x1b[2Jtwo\\nlines\\t\\u{202e}\\\\\n");
});

test("conditions hold or end with exit code 1, and nothing was written", async () => {
  const db = await store({ ada: "1" });
  const denied = await hashlog(["put", db, "ada", "2", "--if-absent"]);
  expect(denied).toMatchObject({ exitCode: 1, stderr: "hashlog: ada is there already: nothing was written\n" });
  expect((await hashlog(["put", db, "ada", "2", "--if-version", "1"])).stderr).toContain(
    "ada does not have version 1: nothing was written",
  );
  expect(await printed(["get", db, "ada"])).toBe("1");
  await printed(["put", db, "alan", "1", "--if-absent"]);
  await printed(["put", db, "ada", "2", "--if-version", "2"]);
  expect(await printed(["get", db, "ada"])).toBe("2");
  expect((await hashlog(["delete", db, "ada", "--if-version", "2"])).exitCode).toBe(1);
  expect(await printed(["get", db, "ada"])).toBe("2");
});

test("what expires says when, and is gone then", async () => {
  const db = await store();
  await printed(["put", db, "late", "1", "--ttl", "2h"]);
  await printed(["put", db, "fixed", "1", "--expires-at", "2100-01-31T12:00:00Z"]);
  await printed(["put", db, "past", "1", "--expires-at", "1999-12-31"]);
  const [late] = await printedJson(["get", db, "late"]);
  expect((late as { expiresAtMs: number }).expiresAtMs).toBeGreaterThan(1_700_000_000_000);
  expect(await printedJson(["get", db, "fixed"])).toMatchObject([{ expiresAtMs: Date.UTC(2100, 0, 31, 12) }]);
  expect((await hashlog(["get", db, "past"])).exitCode).toBe(1);
  expect(await printed(["count", db])).toBe("3\n");
});

test("delete removes what is there, and names what was not", async () => {
  const db = await store({ ada: "1", alan: "2" });
  expect(await hashlog(["delete", db, "ada", "nobody"])).toMatchObject({
    exitCode: 1,
    stderr: `hashlog: there is no key nobody in ${db}\n`,
  });
  expect((await hashlog(["delete", db, "a", "", "b"])).stderr).toBe(`hashlog: there are no keys a, "", b in ${db}\n`);
  const told = await hashlog(["delete", db, "nobody", "--json"]);
  expect([told.exitCode, told.stdout]).toEqual([1, '{"deleted":0,"missing":1}\n']);
  expect(JSON.parse(told.stderr)).toMatchObject({ error: { code: "CLI_NO_KEY" } });
  expect(await printedJson(["delete", db, "alan"])).toEqual([{ deleted: 1, missing: 0 }]);
  expect(await printed(["scan", db])).toBe("first\t1\n");
  expect((await hashlog(["delete", db, "a", "b", "--if-version", "1"])).exitCode).toBe(2);
});

test("scan gives ranges in order, keys or values alone, and JSON line by line", async () => {
  const db = await store({ a: "1", b: "2", "b:1": "3", "b:2": "4", c: "5" });
  const lines = async (...options: string[]): Promise<string[]> =>
    (await printed(["scan", db, ...options])).split("\n").slice(0, -1);
  expect(await lines("--ordered")).toEqual(["a\t1", "b\t2", "b:1\t3", "b:2\t4", "c\t5", "first\t1"]);
  expect((await lines()).toSorted()).toEqual(await lines("--ordered"));
  expect(await lines("--prefix", "b:")).toEqual(["b:1\t3", "b:2\t4"]);
  expect(await lines("--gt", "a", "--lte", "b:1", "--keys-only")).toEqual(["b", "b:1"]);
  expect(await lines("--gte", "b", "--lt", "c", "--reverse", "--values-only")).toEqual(["4", "3", "2"]);
  expect(await lines("--gte", "62", "--limit", "1", "-k", "hex")).toEqual(["62\t2"]);
  expect((await lines("--limit", "2")).length).toBe(2);
  expect(await lines("--limit", "0")).toEqual([]);
  expect(await printedJson(["scan", db, "--prefix", "b:"])).toEqual([
    { key: "b:1", value: "3" },
    { key: "b:2", value: "4" },
  ]);
  expect(await printedJson(["scan", db, "--prefix", "b:", "--keys-only"])).toEqual([{ key: "b:1" }, { key: "b:2" }]);
  expect(await printedJson(["scan", db, "--lt", "b", "--values-only", "-v", "hex"])).toEqual([{ valueHex: "31" }]);
});

test("count counts a range", async () => {
  const db = await store({ a: "1", b: "2", c: "3" });
  expect(await printed(["count", db])).toBe("4\n");
  expect(await printed(["count", db, "--gt", "a", "--lte", "c"])).toBe("2\n");
  expect(await printedJson(["count", db, "--prefix", "f"])).toEqual([{ count: 1 }]);
});

test("what is wrong on the command line is said in a line, and nothing is done", async () => {
  const db = await store();
  const complaints: [string[], RegExp][] = [
    [["put", db, "zz", "1", "-k", "hex"], /the key "zz" is not hex/],
    [["put", db, "key", "a b", "-v", "base64"], /the value "a b" is not base64/],
    [["put", db, "key", "\uD800"], /the value is no text in UTF-8/],
    [["put", db, "key", "1", "--file", "x"], /a value or --file, not both/],
    [["put", db, "key", "1", "--ttl", "soon"], /It is a length of time such as 90s.*hashlog put --help/],
    [["put", db, "key", "1", "--ttl", "-5s"], /length of time/],
    [["put", db, "key", "1", "--ttl", "1h", "--expires-at", "2100-01-01"], /cannot be used with/],
    [["put", db, "key", "1", "--expires-at", "tomorrow"], /a moment such as/],
    [["put", db, "key", "1", "--if-version", "0"], /a whole number from 1/],
    [["put", db, "key", "1", "--if-version", "1", "--if-absent"], /cannot be used with/],
    [["scan", db, "--limit", "-1"], /a whole number from 0/],
    [["scan", db, "--limit", "many"], /a whole number from 0/],
    [["scan", db, "--keys-only", "--values-only"], /cannot be used with/],
    [["scan", db, "-k", "utf16"], /Allowed choices are utf8, hex, base64/],
    [["get", db], /missing required argument 'key'/],
    [["get", db, "a", "b"], /too many arguments/],
    [["gett", db], /unknown command 'gett'.*Did you mean get\?.*hashlog --help/],
    [["get", db, "first", "--fast"], /unknown option '--fast'/],
  ];
  for (const [argv, message] of complaints) {
    const { exitCode, stdout, stderr } = await hashlog(argv);
    expect([exitCode, stdout], argv.join(" ")).toEqual([2, ""]);
    expect(stderr).toMatch(/^hashlog: [^\n]+\n$/);
    expect(stderr).toMatch(message);
  }
  expect(await printed(["scan", db])).toBe("first\t1\n");
});

test("a value that is being read when the user has enough is not written", async () => {
  const db = await store();
  let interrupt = (): void => undefined;
  const onInterrupt = (callback: () => void): (() => void) => {
    interrupt = callback;
    return () => undefined;
  };
  const never = new Readable({ read: () => void setImmediate(() => interrupt()) });
  const ended = await hashlog(["put", db, "key"], { stdin: never, host: { onInterrupt } });
  expect(ended).toMatchObject({ exitCode: 130, stderr: "hashlog: reading was cancelled\n" });
  expect(await printed(["scan", db])).toBe("first\t1\n");
});
