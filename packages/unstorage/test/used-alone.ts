/** The package alone, as it is installed from its tarball, beside the unstorage that its user has: items survive a restart. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import driver, { hashlogDriver } from "@hashlog/unstorage";
import { createStorage } from "unstorage";

export async function use(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "hashlog-used-alone-"));
  try {
    // A configuration that names the package gets its default export.
    assert.equal(driver, hashlogDriver);
    const storage = createStorage({ driver: hashlogDriver({ directory }) });
    await storage.setItem("users:ada", { name: "Ada Lovelace" });
    await storage.setItemRaw("users", new Uint8Array([1, 2, 3]));
    await storage.dispose();

    const again = createStorage({ driver: driver({ directory }) });
    assert.deepEqual(await again.getItem("users:ada"), { name: "Ada Lovelace" });
    assert.deepEqual((await again.getKeys()).toSorted(), ["users", "users:ada"]);
    await again.removeItem("users");
    assert.equal(await again.hasItem("users"), false);
    await again.dispose();
  } finally {
    await rm(directory, { recursive: true });
  }
}
