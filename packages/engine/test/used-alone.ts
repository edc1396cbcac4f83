/** The package alone, as it is installed from its tarball: a store is written, merged by a thread, verified, and opened again. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HashlogError, json, open, verify, type Store } from "@hashlog/engine";
import { workerMerge } from "@hashlog/engine/worker";

interface User {
  name: string;
}

export async function use(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "hashlog-used-alone-"));
  try {
    await write(directory);
    await readAgain(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function write(directory: string): Promise<void> {
  // The thread's module lies in the package as well.
  const compaction = { executor: workerMerge() };
  const users: Store<string, User> = await open(directory, { values: json<User>(), compaction });
  await users.put("ada", { name: "Ada" });
  await users.put("ada", { name: "Ada Lovelace" });
  await users.batch([
    { type: "put", key: "alan", value: { name: "Alan Turing" } },
    { type: "put", key: "session", value: { name: "for a minute" }, ttlMs: 60_000 },
  ]);
  assert.equal(await users.delete("session"), true);
  const report = await users.compact();
  assert.ok(report.bytesFreed > 0);
  assert.equal(users.stats().keys, 2);
  await users.close();
  await assert.rejects(users.get("ada"), (error) => HashlogError.is(error) && error.code === "HASHLOG_CLOSED");
}

async function readAgain(directory: string): Promise<void> {
  assert.deepEqual((await verify(directory)).findings, []);
  const users = await open(directory, { values: json<User>(), readOnly: true });
  assert.deepEqual(await users.getMany(["ada", "alan", "session"]), [
    { name: "Ada Lovelace" },
    { name: "Alan Turing" },
    undefined,
  ]);
  const keys: string[] = [];
  for await (const key of users.keys({ gt: "ada" })) keys.push(key);
  assert.deepEqual(keys, ["alan"]);
  await users.close();
}
