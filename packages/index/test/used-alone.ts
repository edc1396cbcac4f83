/** The package alone, as it is installed from its tarball: keys are put, found, overwritten, deleted, and survive a dump. */
import assert from "node:assert/strict";
import { hashKeydir, IndexError, type Keydir, type RecordLocation } from "@hashlog/index";

export async function use(): Promise<void> {
  const hashKey = new Uint8Array(16).fill(7);
  const keydir = hashKeydir({ hashKey });
  assert.equal(put(keydir, "ada", 100), undefined);
  assert.equal(put(keydir, "alan", 200), undefined);
  assert.equal(put(keydir, "ada", 300), 100);
  assert.deepEqual([find(keydir, "ada"), find(keydir, "alan"), find(keydir, "grace")], [300, 200, undefined]);

  const copy = hashKeydir({ hashKey });
  for (let shard = 0; shard < keydir.shardCount; shard++) copy.loadShard(shard, keydir.dumpShard(shard));
  assert.deepEqual([copy.size, find(copy, "ada")], [2, 300]);

  assert.ok(keydir.delete(encode("ada"), 0, 3, location(0)));
  assert.deepEqual([keydir.size, find(keydir, "ada"), find(copy, "ada")], [1, undefined, 300]);
  assert.throws(
    () => hashKeydir({ hashKey: new Uint8Array(3) }),
    (error) => IndexError.is(error) && error.code === "INDEX_INVALID_ARGUMENT",
  );
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function location(offset: number): RecordLocation {
  return { segmentSlot: 1, offset, valueBytes: 10, expiresAtMs: 0 };
}

/** Returns where the key was before. */
function put(keydir: Keydir, key: string, offset: number): number | undefined {
  const before = location(0);
  return keydir.put(encode(key), 0, key.length, location(offset), before) ? before.offset : undefined;
}

function find(keydir: Keydir, key: string): number | undefined {
  const found = location(0);
  return keydir.find(encode(key), 0, key.length, found) ? found.offset : undefined;
}
