import { Writable } from "node:stream";
import { EXIT, processHost } from "@hashlog/cli";
import { HashlogError, type HashlogErrorCode } from "@hashlog/engine";
import { FsError } from "@hashlog/fs-io";
import { CommanderError } from "commander";
import { expect, test } from "vitest";
import { Complaint } from "../src/complaint.ts";
import { exitCodeOf } from "../src/exit-codes.ts";
import { failureOf } from "../src/failure.ts";
import { Output, ReaderGone } from "../src/output.ts";
import { altered } from "../../../test/support/altered.ts";
import { hashlog } from "./support/terminal.ts";

const AT = { directory: "./store", help: "hashlog get --help" };

test("every error of the store has an exit code, and those with a way out say which", () => {
  const codes: Record<HashlogErrorCode, [exitCode: number, remedy: RegExp]> = {
    HASHLOG_LOCKED: [4, /: end that process first; commands that show entries or figures, and export, work beside it$/],
    HASHLOG_CORRUPT: [
      5,
      /: "hashlog verify \.\/store" tells what is damaged, "hashlog repair --dry-run \.\/store" what can be saved$/,
    ],
    HASHLOG_VERSION: [5, /: install a newer @hashlog\/cli$/],
    HASHLOG_NOT_FOUND: [3, /^so it is$/],
    HASHLOG_INVALID_ARGUMENT: [2, /^so it is$/],
    HASHLOG_READ_ONLY: [2, /^so it is$/],
    HASHLOG_COMPACTED: [1, /^so it is \(--since 0\)$/],
    HASHLOG_ABORTED: [130, /^so it is$/],
    HASHLOG_NO_SPACE: [6, /: make room on the volume and try again$/],
    HASHLOG_NOT_PERMITTED: [6, /: look at the permissions of \/there$/],
    HASHLOG_NOT_SUPPORTED: [6, /^so it is$/],
    HASHLOG_WRITES_DISABLED: [6, /^so it is$/],
    HASHLOG_IO: [6, /^so it is$/],
    HASHLOG_CLOSED: [70, /^so it is$/],
  };
  for (const [code, [exitCode, remedy]] of Object.entries(codes)) {
    const error = new HashlogError(code as HashlogErrorCode, "so it is.", { path: "/there" });
    expect(exitCodeOf(error), code).toBe(exitCode);
    const failure = failureOf(error, AT);
    expect([failure.exitCode, failure.code]).toEqual([exitCode, code]);
    expect(failure.message).toMatch(remedy);
  }
  const nowhere = new HashlogError("HASHLOG_NOT_PERMITTED", "it may not");
  expect(failureOf(nowhere, AT).message).toBe("it may not: look at the permissions");
});

test("errors of files and of the system keep their words, on one line", () => {
  expect(failureOf(new FsError("FS_NOT_FOUND", "gone", { operation: "openRead", path: "./store" }), AT)).toEqual({
    exitCode: 3,
    code: "FS_NOT_FOUND",
    message: "gone",
  });
  expect(failureOf(new FsError("FS_IO", "two\n  lines", { operation: "openRead", path: "./store" }), AT)).toEqual({
    exitCode: 6,
    code: "FS_IO",
    message: "two lines",
  });
  const system = (code: string): Error => Object.assign(new Error(code), { code, syscall: "open" });
  expect(failureOf(system("ENOENT"), AT)).toMatchObject({ exitCode: 3, code: "ENOENT" });
  expect(failureOf(system("EACCES"), AT)).toMatchObject({ exitCode: 6, code: "EACCES" });
  expect(failureOf(new Complaint("no"), AT)).toEqual({ exitCode: 2, code: "CLI_USAGE", message: "no" });
});

test("what commander refuses is about the command line; help is no failure", () => {
  const refusal = failureOf(
    new CommanderError(1, "commander.unknownOption", "error: unknown option '--x'\n(Did you mean --y?)"),
    AT,
  );
  expect(refusal).toEqual({
    ...{ exitCode: 2, code: "CLI_USAGE" },
    message: `unknown option '--x' (Did you mean --y?): see "hashlog get --help"`,
  });
  expect(failureOf(new CommanderError(0, "commander.helpDisplayed", "(outputHelp)"), AT)).toMatchObject({
    exitCode: 0,
  });
  expect(failureOf(new CommanderError(1, "commander.help", "(outputHelp)"), AT)).toMatchObject({
    exitCode: 2,
    message: undefined,
  });
});

test("what nobody foresaw is called a mistake of this program, with all that is known", async () => {
  const thrown = new TypeError("undefined is not a store");
  expect(failureOf(thrown, AT)).toMatchObject({ exitCode: EXIT.bug, code: "CLI_BUG" });
  expect(failureOf(thrown, AT).message).toMatch(
    /^this is a mistake in hashlog \d.*please report it: TypeError: undefined is not a store\n +at /s,
  );
  expect(failureOf("a string", AT).message).toMatch(/please report it: a string$/);
  const fileSystem = altered(processHost.fileSystem, {
    get openRead(): never {
      throw new TypeError("nobody thought of this");
    },
  });
  const ended = await hashlog(["stats", "./store"], { host: { fileSystem } });
  expect(ended.exitCode).toBe(EXIT.bug);
  expect(ended.stderr).toMatch(/^hashlog: this is a mistake in hashlog /);
});

test("an output waits for its reader, and tells one that has gone from one that fails", async () => {
  let take = (): void => undefined;
  const taken: string[] = [];
  const slow = new Writable({
    highWaterMark: 1,
    write: (chunk: Buffer, _encoding, callback) => {
      taken.push(chunk.toString());
      take = callback;
    },
  });
  const output = new Output(slow);
  const written = output.line("one");
  let done = false;
  void written.then(() => {
    done = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect([done, taken]).toEqual([false, ["one\n"]]);
  take();
  await written;
  const second = output.line("two");
  slow.destroy(Object.assign(new Error("write EPIPE"), { code: "EPIPE", syscall: "write" }));
  await expect(second).rejects.toBeInstanceOf(ReaderGone);
  expect(() => output.check()).toThrow(ReaderGone);
  expect(failureOf(new ReaderGone(), AT)).toEqual({ exitCode: 0, code: "", message: undefined });
  output.release();
});
