/** The package alone, as it is installed from its tarball: a database with a sublevel, and what it holds after it was opened again. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HashlogLevel } from "@hashlog/level";

export async function use(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "hashlog-used-alone-"));
  try {
    const db = new HashlogLevel<string, { n: number }>(directory, { valueEncoding: "json" });
    const retired = db.sublevel<string, { n: number }>("retired", { valueEncoding: "json" });
    await db.put("a", { n: 1 }, { sync: true });
    await db.batch([
      { type: "del", key: "a" },
      { type: "put", key: "a", value: { n: 2 }, sublevel: retired },
    ]);
    assert.equal(await db.get("a"), undefined);
    await db.close();

    const again = new HashlogLevel<string, string>(directory);
    assert.deepEqual(await again.iterator({ gte: "!" }).all(), [["!retired!a", '{"n":2}']]);
    await assert.rejects(again.put("\ud800", "a lone surrogate"), { code: "LEVEL_INVALID_KEY" });
    await again.close();
  } finally {
    await rm(directory, { recursive: true });
  }
}
