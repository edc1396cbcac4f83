/** The package alone, as it is installed from its tarball, beside the Keyv that its user has: a cache that survives a restart. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KeyvHashlog as Store } from "@hashlog/keyv";
import { KeyvHashlog } from "@hashlog/keyv/v5";
import { Keyv } from "keyv";

export async function use(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "hashlog-used-alone-"));
  try {
    const cache = new Keyv({ store: new KeyvHashlog(directory), namespace: "pages" });
    await cache.set("/", { title: "Home" }, 60_000);
    assert.equal(await cache.delete("/away"), false);
    await cache.disconnect();

    const again = new Keyv({ store: new KeyvHashlog(directory), namespace: "pages" });
    assert.deepEqual(await again.get("/"), { title: "Home" });
    await again.disconnect();

    // That of Keyv 6, which a newer Node has to run: here it is called as Keyv 6 does.
    const store = new Store(directory);
    store.namespace = "pages";
    assert.equal(await store.has("/"), true);
    await store.clear();
    assert.equal(await store.has("/"), false);
    await store.disconnect();
  } finally {
    await rm(directory, { recursive: true });
  }
}
