/** The package alone, as it is installed from its tarball: a batch, a query, and what is there after it was opened again. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HashlogDatastore } from "@hashlog/datastore";
// The package as a whole cannot be required: its package.json leads there to a file that it does not bring.
import { Key } from "interface-datastore/key";

export async function use(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "hashlog-used-alone-"));
  try {
    const datastore = new HashlogDatastore(directory);
    await datastore.open();
    await datastore.put(new Key("/peers/ada"), new Uint8Array([1, 2, 3]));
    const batch = datastore.batch();
    batch.put(new Key("/peers/alan"), new Uint8Array([4]));
    batch.delete(new Key("/peers/ada"));
    await batch.commit();
    await datastore.close();

    await datastore.open();
    const found: string[] = [];
    for await (const key of datastore.queryKeys({ prefix: "/peers" })) found.push(key.toString());
    assert.deepEqual(found, ["/peers/alan"]);
    assert.deepEqual(await datastore.get(new Key("/peers/alan")), new Uint8Array([4]));
    await assert.rejects(async () => datastore.get(new Key("/peers/ada")), { name: "NotFoundError" });
    await datastore.close();
  } finally {
    await rm(directory, { recursive: true });
  }
}
