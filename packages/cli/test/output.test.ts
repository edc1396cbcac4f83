import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { PassThrough, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { EXIT, processHost, run } from "@hashlog/cli";
import { open } from "@hashlog/engine";
import { onTestFinished, expect, test } from "vitest";
import { Output, ReaderGone } from "../src/output.ts";
import { Collected, hashlog, temporaryDirectory } from "./support/terminal.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const ARGS = ["--conditions=@hashlog/source", "--no-warnings", MAIN];

/** A store with so much in it that no pipe takes it at once. */
async function largeStore(): Promise<string> {
  const store = join(await temporaryDirectory(), "store");
  const db = await open(store, { sync: "never" });
  await db.batch(
    Array.from({ length: 5000 }, (_, index) => ({ type: "put", key: `key ${index}`, value: "x".repeat(200) })),
  );
  await db.close();
  return store;
}

test("Ctrl-C ends what waits for a reader that takes nothing, and the process with it", async () => {
  const store = await largeStore();
  const segment = join(store, "hashlog-0000000001.segment");
  for (const argv of [
    ["scan", store],
    ["export", store],
    ["changes", store],
    ["dump", segment, "--values"],
  ]) {
    const child = spawn(process.execPath, [...ARGS, ...argv]);
    onTestFinished(() => void child.kill("SIGKILL"));
    // Something was written, and nobody takes it: the pipe is full soon.
    await once(child.stdout, "readable");
    child.kill("SIGINT");
    expect(await once(child, "exit"), argv[0]).toEqual([130, null]);
  }
});

test("an output that is stalled is given up with the signal, and one that was closed has no reader", async () => {
  const ending = new AbortController();
  const stalled = new Writable({ highWaterMark: 1, write: () => undefined });
  const output = new Output(stalled, ending.signal);
  const written = output.line("one");
  ending.abort();
  await expect(written).rejects.toMatchObject({ exitCode: EXIT.interrupted, code: "CLI_INTERRUPTED" });
  await expect(output.line("two")).rejects.toMatchObject({ exitCode: EXIT.interrupted });
  expect(["drain", "close", "error"].map((event) => stalled.listenerCount(event))).toEqual([0, 0, 1]);
  const atEnd = new Output(new Writable({ highWaterMark: 100, write: () => undefined }), ending.signal);
  await atEnd.line("one");
  await expect(atEnd.end()).rejects.toMatchObject({ exitCode: EXIT.interrupted });
  // What has been taken was printed, whatever came then.
  const taken = new Output(new Collected(), ending.signal);
  await taken.line("one");
  await taken.end();
  const closed = new PassThrough({ highWaterMark: 1 });
  const toClosed = new Output(closed);
  const waiting = toClosed.line("one");
  closed.destroy();
  await expect(waiting).rejects.toBeInstanceOf(ReaderGone);
  await expect(new Output(closed).end()).rejects.toBeInstanceOf(ReaderGone);
});

test("JSON that may be longer than any text is written in pieces, and is the same", async () => {
  const key = "\u0001".repeat(60_000);
  const lost = Array.from({ length: 40 }, (_, version) => ({ key, keyBase64: undefined, version }));
  const pieces: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write: (piece: string, _encoding, callback) => {
      pieces.push(piece);
      callback();
    },
  });
  const output = new Output(stream);
  for (const value of [
    { lost, none: [], setAside: undefined, tornTail: { "\u2028": [1] }, keys: 7 },
    {},
    { list: [] },
  ]) {
    pieces.length = 0;
    await output.longJson(value);
    expect(pieces.every(({ length }) => length < 1_000_000)).toBe(true);
    const whole = pieces.join("");
    await output.json(value);
    expect(pieces.at(-1)).toBe(whole);
  }
});

test("help that nobody reads ends with 0, and help that cannot be written is a failure", async () => {
  const failing = (code: string): Writable =>
    new Writable({
      write: (_chunk, _encoding, callback) => callback(Object.assign(new Error(code), { code, syscall: "write" })),
    });
  for (const argv of [["--help"], ["help", "get"], ["get", "--help"], ["--version"]]) {
    expect(await hashlog(argv, { host: { stdout: failing("EPIPE") } })).toMatchObject({ exitCode: 0, stderr: "" });
    const ended = await hashlog(argv, { host: { stdout: failing("ENOSPC") } });
    expect(ended).toMatchObject({ exitCode: 6, stderr: "hashlog: writing the output failed: ENOSPC\n" });
  }
});

test("where nobody hears the complaint, the exit code is what it is", async () => {
  const stderr = new Writable({
    write: (_chunk, _encoding, callback) => callback(Object.assign(new Error("gone"), { code: "EPIPE" })),
  });
  expect(await run(["get", "./nowhere", "a"], { ...processHost, stdout: new Collected(), stderr })).toBe(3);
  const child = spawn(process.execPath, [...ARGS, "get", "./nowhere", "a"]);
  child.stderr.destroy();
  expect(await once(child, "exit")).toEqual([3, null]);
  const help = spawn(process.execPath, [...ARGS, "--help"]);
  help.stdout.destroy();
  let said = "";
  help.stderr.on("data", (chunk: Buffer) => void (said += chunk.toString()));
  expect(await once(help, "close")).toEqual([0, null]);
  expect(said).toBe("");
});
