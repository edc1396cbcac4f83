import { hashKeydir, type Keydir, type KeydirFactory } from "@hashlog/index";

/**
 * The keydir of the engine, whose many shards are dumped in a few groups: a checkpoint of a tiny store then takes a few
 * steps of the disk instead of hundreds that are all alike. Otherwise the same.
 */
export const groupedKeydir: KeydirFactory = (options) => {
  const keydir = hashKeydir(options);
  const inGroup = keydir.shardCount / GROUPS;
  const overrides: Pick<Keydir, "layout" | "shardCount" | "dumpShard" | "loadShard"> = {
    layout: `${keydir.layout}/${GROUPS}`,
    shardCount: GROUPS,
    dumpShard: (group) => {
      const dumps = Array.from({ length: inGroup }, (_, index) => keydir.dumpShard(group * inGroup + index));
      return joined(dumps);
    },
    loadShard: (group, bytes) => {
      for (const [index, dump] of parted(bytes).entries()) keydir.loadShard(group * inGroup + index, dump);
    },
  };
  return new Proxy(keydir, {
    get: (target, name) => {
      if (name in overrides) return overrides[name as keyof typeof overrides];
      const member = Reflect.get(target, name, target) as unknown;
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
};

/** Each part behind its length. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((bytes, part) => bytes + 8 + part.length, 0));
  let at = 0;
  for (const part of parts) {
    new DataView(all.buffer).setUint32(at, part.length);
    all.set(part, at + 8);
    at += 8 + part.length;
  }
  return all;
}

function parted(all: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  const view = new DataView(all.buffer, all.byteOffset, all.length);
  for (let at = 0; at < all.length;) {
    const bytes = view.getUint32(at);
    parts.push(all.slice(at + 8, at + 8 + bytes));
    at += 8 + bytes;
  }
  return parts;
}

// Enough that a checkpoint lets other work have its turn between them.
const GROUPS = 16;
