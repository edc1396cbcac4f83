import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { processHost } from "@hashlog/cli";
import { open } from "@hashlog/engine";
import { LOCK_NAME } from "@hashlog/format";
import { onTestFinished, expect, test } from "vitest";
import { printed, temporaryDirectory } from "./support/terminal.ts";

/** The command as a process of its own: what only the system can show, which is signals, pipes and exit codes. */
const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

function hashlogProcess(
  ...argv: readonly string[]
): ChildProcess & { readonly seen: { stdout: string; stderr: string } } {
  const child = spawn(process.execPath, ["--conditions=@hashlog/source", "--no-warnings", MAIN, ...argv]);
  const seen = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => void (seen.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => void (seen.stderr += chunk.toString()));
  onTestFinished(() => void child.kill("SIGKILL"));
  return Object.assign(child, { seen });
}

test("the exit code is the process's, and what is asked for goes to standard output alone", async () => {
  const store = join(await temporaryDirectory(), "store");
  const put = hashlogProcess("put", store, "ada", "--create");
  put.stdin!.end("Ada Lovelace");
  expect(await once(put, "exit")).toEqual([0, null]);
  const get = hashlogProcess("get", store, "ada");
  expect(await once(get, "close")).toEqual([0, null]);
  expect(get.seen).toEqual({ stdout: "Ada Lovelace", stderr: "" });
  const missing = hashlogProcess("get", store, "nobody");
  expect(await once(missing, "close")).toEqual([1, null]);
  expect(missing.seen).toEqual({ stdout: "", stderr: `hashlog: there is no key nobody in ${store}\n` });
});

test("Ctrl-C ends what follows with 130, and it stayed alive until then", async () => {
  const store = join(await temporaryDirectory(), "store");
  const db = await open(store);
  await db.put("ada", "1815");
  const child = hashlogProcess("changes", store, "--follow", "--since", "0");
  while (!child.seen.stdout.includes("ada")) await once(child.stdout!, "data");
  await db.put("later", "1");
  while (!child.seen.stdout.includes("later")) await once(child.stdout!, "data");
  child.kill("SIGINT");
  expect(await once(child, "close")).toEqual([130, null]);
  expect(child.seen.stderr).toBe("");
  await db.close();
});

/** Whether some process has the store open for writing. */
async function isWritten(store: string): Promise<boolean> {
  const { fileSystem } = processHost;
  return (await fileSystem.stat(store)) !== undefined && fileSystem.isLocked(store, LOCK_NAME);
}

test("Ctrl-C ends what waits for somebody to write to a pipe", async () => {
  const directory = await temporaryDirectory();
  const [store, pipe] = [join(directory, "store"), join(directory, "pipe")];
  execFileSync("mkfifo", [pipe]);
  for (const argv of [
    ["put", store, "ada", "--create", "--file", pipe],
    ["import", store, pipe],
  ]) {
    const child = hashlogProcess(...argv);
    while (!(await isWritten(store))) await nextTurn();
    child.kill("SIGINT");
    const [code, signal] = (await once(child, "close")) as [number | null, string | null];
    // By its exit code if the pipe was not being opened yet.
    expect([130, "SIGINT"], argv[0]).toContain(code ?? signal);
    expect(child.seen.stderr).toContain("was cancelled");
  }
});

test("a reader that has enough ends it without a word", async () => {
  const store = join(await temporaryDirectory(), "store");
  const db = await open(store, { sync: "never" });
  await db.batch(
    Array.from({ length: 20_000 }, (_, index) => ({ type: "put", key: `key ${index}`, value: "x".repeat(100) })),
  );
  await db.close();
  const child = hashlogProcess("scan", store);
  await once(child.stdout!, "data");
  child.stdout!.destroy();
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(child.seen.stderr).toBe("");
  expect(await printed(["count", store])).toBe("20000\n");
});

test("where nobody reads complaints the exit code is the same", async () => {
  const store = join(await temporaryDirectory(), "store");
  const child = hashlogProcess("get", store, "ada");
  child.stderr!.destroy();
  expect(await once(child, "exit")).toEqual([3, null]);
});
