/** The package alone, as it is installed from its tarball: a store is made, read and verified by commands, called as a function. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
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
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function print(...argv: string[]): Promise<[code: number, output: string]> {
  const stdout = new PassThrough();
  const code = await run(argv, { ...processHost, stdout, stderr: new PassThrough() });
  return [code, String(stdout.read() ?? "")];
}
