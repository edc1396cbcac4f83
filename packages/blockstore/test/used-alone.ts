/** The package alone, as it is installed from its tarball: blocks are put, listed, deleted, and there after it was opened again. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HashlogBlockstore } from "@hashlog/blockstore";
import { CID } from "multiformats/cid";
import * as raw from "multiformats/codecs/raw";
import { sha256 } from "multiformats/hashes/sha2";

export async function use(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "hashlog-used-alone-"));
  try {
    const block = new TextEncoder().encode("a block");
    const cid = CID.createV1(raw.code, await sha256.digest(block));
    const blockstore = new HashlogBlockstore(directory);
    await blockstore.open();
    await blockstore.put(cid, block);
    await blockstore.close();

    await blockstore.open();
    for await (const piece of blockstore.get(cid)) assert.deepEqual(new Uint8Array(piece), block);
    const found: string[] = [];
    for await (const pair of blockstore.getAll()) found.push(pair.cid.toString());
    assert.deepEqual(found, [cid.toString()]);
    await blockstore.delete(cid);
    assert.equal(await blockstore.has(cid), false);
    await blockstore.close();
  } finally {
    await rm(directory, { recursive: true });
  }
}
