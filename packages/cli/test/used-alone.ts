/**
 * The package alone, as it is installed from its tarball: a store is made, read and verified by commands, called as a function,
 * and by the program, which is one file of its own with every library in it.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { PassThrough } from "node:stream";
import { promisify } from "node:util";
import { EXIT, processHost, run } from "@hashlog/cli";

export async function use(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "hashlog-used-alone-"));
  const store = join(directory, "people");
  try {
    assert.deepEqual(await print("put", store, "ada", "Ada Lovelace", "--create"), [0, ""]);
    assert.deepEqual(await print("get", store, "ada"), [0, "Ada Lovelace"]);
    assert.deepEqual(await print("count", store, "--json"), [0, '{"count":1}\n']);
    assert.equal((await print("get", store, "alan"))[0], 1);
    assert.equal((await print("verify", join(directory, "nowhere")))[0], EXIT.notFound);
    await useProgram(store);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function print(...argv: string[]): Promise<[code: number, output: string]> {
  const stdout = new PassThrough();
  const code = await run(argv, { ...processHost, stdout, stderr: new PassThrough() });
  return [code, String(stdout.read() ?? "")];
}

/** Each of these asks another library for something: for lengths of time, for words, for tables, for numbers of bytes. */
async function useProgram(store: string): Promise<void> {
  const { version } = JSON.parse(await readFile(join(FOLDER, "package.json"), "utf8")) as { version: string };
  assert.equal(await hashlog("--version"), `${version}\n`);
  assert.equal(await hashlog("put", store, "grace", "Grace Hopper", "--ttl", "1h"), "");
  assert.equal(await hashlog("get", store, "grace"), "Grace Hopper");
  assert.match(await hashlog("stats", store), /^keys +2$/m);
  assert.match(await hashlog("inspect", store), /^segment +state/m);
  const shell = promisify(execFile)(process.execPath, [PROGRAM, "shell", store]);
  shell.child.stdin?.end("get 'ada'\n");
  assert.equal((await shell).stdout, "Ada Lovelace\n");
}

/** In the project into which the package is installed, and which is the working directory. */
const FOLDER = join("node_modules", "@hashlog", "cli");
const PROGRAM = join(FOLDER, "dist", "main.js");

async function hashlog(...argv: string[]): Promise<string> {
  return (await promisify(execFile)(process.execPath, [PROGRAM, ...argv])).stdout;
}
