import { hashKeydir, type Keydir, type KeydirFactory } from "@hashlog/index";

/**
 * The keydir of the engine, dumped in one piece that leaves out its empty shards: a checkpoint of a few keys is a few
 * hundred bytes long, each of which can be damaged, and quick to load. Otherwise the same.
 */
export const packedKeydir: KeydirFactory = (options) => {
  const keydir = hashKeydir(options);
  const empty = hashKeydir(options).dumpShard(0);
  const overrides: Pick<
    Keydir,
    "layout" | "shardCount" | "tally" | "forEachPlace" | "shardOf" | "dumpShard" | "loadShard"
  > = {
    layout: `${keydir.layout}/packed`,
    shardCount: 1,
    tally: (_, tally) => {
      for (let shard = 0; shard < keydir.shardCount; shard += 1) keydir.tally(shard, tally);
    },
    forEachPlace: (_, visit) => {
      for (let shard = 0; shard < keydir.shardCount; shard += 1) keydir.forEachPlace(shard, visit);
    },
    shardOf: () => 0,
    dumpShard: () => pack(keydir, empty),
    loadShard: (_, bytes) => unpack(bytes, keydir),
  };
  return new Proxy(keydir, {
    get: (target, name) => {
      if (name in overrides) return overrides[name as keyof typeof overrides];
      const member = Reflect.get(target, name, target) as unknown;
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
};

/** Of each shard with a key its number, its length, and its bytes. */
function pack(keydir: Keydir, empty: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let shard = 0; shard < keydir.shardCount; shard += 1) {
    const dump = keydir.dumpShard(shard);
    if (dump.length > empty.length) parts.push(new Uint8Array(Uint32Array.of(shard, dump.length).buffer), dump);
  }
  const all = new Uint8Array(parts.reduce((bytes, part) => bytes + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function unpack(all: Uint8Array, keydir: Keydir): void {
  const view = new DataView(all.buffer, all.byteOffset, all.length);
  for (let at = 0; at < all.length;) {
    const bytes = view.getUint32(at + 4, true);
    keydir.loadShard(view.getUint32(at, true), all.slice(at + 8, at + 8 + bytes));
    at += 8 + bytes;
  }
}
