import { constants } from "node:buffer";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { open as openFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { EXIT, processHost } from "@hashlog/cli";
import { open, type ImportOptions } from "@hashlog/engine";
import { memoryFileSystem } from "@hashlog/fs-io";
import { expect, test } from "vitest";
import type { WritableStore } from "../src/command.ts";
import { importCommand } from "../src/commands/import.ts";
import { complaintOf } from "../src/complaint.ts";
import { jsonBytes, parseBytes, parseFile, showBytes } from "../src/encoding.ts";
import { isOpeningFile } from "../src/host.ts";
import { msOf } from "../src/moments.ts";
import { Output } from "../src/output.ts";
import { readAll } from "../src/read-all.ts";
import { Session } from "../src/session.ts";
import { Collected, hashlog, printed, temporaryDirectory } from "./support/terminal.ts";

test("what is too large for a text is refused in words, and is no mistake of the program", async () => {
  const tooLarge = { exitCode: EXIT.machine, code: "CLI_TOO_LARGE" };
  const huge = new Uint8Array(constants.MAX_STRING_LENGTH + 1);
  for (const [bytes, encoding] of [
    [huge, "utf8"],
    [huge.subarray(0, constants.MAX_STRING_LENGTH / 2 + 1), "hex"],
    [huge.subarray(0, Math.floor(constants.MAX_STRING_LENGTH / 4) * 3 + 1), "base64"],
  ] as const) {
    const expected = expect.objectContaining(tooLarge) as unknown;
    expect(() => showBytes(bytes, encoding), encoding).toThrow(expected as Error);
    expect(() => jsonBytes("value", bytes, encoding), encoding).toThrow(expected as Error);
  }
  expect(() => parseFile(huge, "hex", "the value")).toThrow("the value is too large to be read as hex");
  let grown: unknown;
  try {
    "x".repeat(constants.MAX_STRING_LENGTH).concat("x");
  } catch (error) {
    grown = error;
  }
  expect(complaintOf(grown, "")).toMatchObject(tooLarge);
  expect(complaintOf(Object.assign(new Error("long"), { code: "ERR_STRING_TOO_LONG" }), "")).toMatchObject(tooLarge);
  expect(complaintOf(new RangeError("another"), "")).toBeUndefined();
  const { signal } = new AbortController();
  await expect(readAll(Readable.from([Buffer.alloc(3), Buffer.alloc(2)]), signal, 4)).rejects.toThrow(
    "a value has at most 4 bytes, and there are more",
  );
  expect((await hashlog(["bench", "--value-bytes", "1048577"])).stderr).toMatch(/It is 1,048,576 at most/);
});

test("a value of megabytes that is no text is shown, byte by byte", () => {
  const bytes = Uint8Array.from({ length: 4_000_000 }, (_, index) => index % 256);
  const shown = showBytes(bytes, "utf8");
  const once = showBytes(bytes.subarray(0, 256), "utf8");
  expect(once).toMatch(/^\\x00.*\\t\\n.* !"#.*\[\\\\\].*\\x7f\\x80.*\\xff$/);
  expect(shown === once.repeat(15_625)).toBe(true);
});

test("hex and base64 are taken as tools write them, and nothing is made of what is neither", async () => {
  const store = join(await temporaryDirectory(), "store");
  const bytes = Buffer.from(Array.from({ length: 200 }, (_, index) => index));
  const wrapped = bytes.toString("base64").replaceAll(/.{76}/g, "$&\r\n");
  await printed(["put", store, "a", "--create", "-v", "base64"], { stdin: `${wrapped}\n` });
  expect((await hashlog(["get", store, "a"])).bytes).toEqual(bytes);
  for (const text of ["YQ=", "YQ===", "YR==", "Y", "Y Q", "=", "YQ==YQ=="]) {
    expect(() => parseBytes(text, "base64", "the key"), text).toThrow("is not base64");
  }
  for (const text of ["a", "abc", "0x61", "6 1"])
    expect(() => parseBytes(text, "hex", "the key")).toThrow("is not hex");
  const { stderr } = await hashlog(["put", store, "a", "-v", "hex"], { stdin: "zz".repeat(100_000) });
  expect(stderr).toMatch(/^hashlog: the value "(zz){30}\.\.\." is not hex\n$/);
});

test("a key that was no text is not taken for another one", async () => {
  const store = join(await temporaryDirectory(), "store");
  await printed(["put", store, "a", "1", "--create"]);
  for (const key of ["\ufffd", "a\ufffd", "\ud800"]) {
    const ended = await hashlog(["put", store, key, "1"]);
    expect(ended).toMatchObject({
      exitCode: 2,
      stderr: "hashlog: the key is no text in UTF-8, or has a U+FFFD in it: give its bytes in hex or base64\n",
    });
    expect((await hashlog(["put", store, "b", key])).exitCode).toBe(2);
  }
  await printed(["put", store, "efbfbd", "that character", "-k", "hex"]);
  expect(await printed(["count", store])).toBe("2\n");
});

test("a day that no calendar has is no moment", () => {
  for (const text of ["2030-02-31", "2030-02-29", "2030-04-31T00:00:00Z", "2030-00-01", "2030-01-00", "2030-01-311"]) {
    expect(msOf(text), text).toBeUndefined();
  }
  expect(msOf("2028-02-29T12:00:00Z")).toBe(Date.UTC(2028, 1, 29, 12));
  expect(msOf("2030-01-31T12:00:00+02:00")).toBe(Date.UTC(2030, 0, 31, 10));
});

test("an import takes the longest line that an export may have written", async () => {
  const asked: ImportOptions[] = [];
  const store = {
    importFrom: (_source: unknown, options: ImportOptions) => {
      asked.push(options);
      return Promise.resolve({ entries: 0, skipped: 0, expired: 0, bytes: 0, durationMs: 0 });
    },
  };
  const { signal } = new AbortController();
  const session = new Session(processHost, {
    ...{ output: new Output(new Collected()), signal, json: false, quiet: true, inShell: false },
  });
  const given = { parameters: [], rest: [], options: { ifExists: "overwrite" as const } };
  await importCommand.run(store as unknown as WritableStore, given, session);
  expect(asked).toMatchObject([{ lineBytesMax: 2 ** 32 - 1 }]);
  const db = await open("/store", { fileSystem: memoryFileSystem() });
  const refused = { lineBytesMax: asked[0]!.lineBytesMax! + 1 };
  await expect(db.importFrom([], refused)).rejects.toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
  await db.close();
});

test("a pipe that nobody writes to is given up, though it is being opened still", async () => {
  const pipe = join(await temporaryDirectory(), "pipe");
  execFileSync("mkfifo", [pipe]);
  expect(isOpeningFile()).toBe(false);
  const stream = processHost.files.read(pipe);
  const ending = new AbortController();
  const read = readAll(stream, ending.signal);
  ending.abort();
  await expect(read).rejects.toMatchObject({ code: "CLI_INTERRUPTED" });
  expect(isOpeningFile()).toBe(true);
  // Somebody does, so that the thread of this process is free again.
  const closed = once(stream, "close").catch(() => undefined);
  await (await openFile(pipe, "w")).close();
  await closed;
  expect(isOpeningFile()).toBe(false);
});
