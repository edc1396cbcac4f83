import { IndexError } from "../errors.ts";
import type { Keydir, RecordLocation } from "../keydir.ts";
import { withSeeds } from "./contract-random.ts";
import {
  Caller,
  type ContractPart,
  ensure,
  ensureEqual,
  ensureHolds,
  ensureRefused,
  keyOf,
  locationOf,
} from "./contract-support.ts";

/** Dumps: what a checkpoint is made of. */
export const dumpsContract: ContractPart = (test, make) => {
  test("a keydir has a layout with a name and at least one shard, the same each time", () => {
    const keydir = make();
    ensure(keydir.layout.length > 0, "the layout has a name");
    ensure(Number.isInteger(keydir.shardCount) && keydir.shardCount >= 1, "there is a shard");
    ensureEqual(make().layout, keydir.layout, "the layout");
    ensureEqual(make().shardCount, keydir.shardCount, "the number of shards");
  });

  test("what was dumped is loaded, shards in any order, and is a keydir like any other", () => {
    withSeeds([1, 2], (random) => {
      const source = new Caller(make());
      const entries = filled(source, random.below(5000));
      const target = new Caller(make());
      for (const shard of random.shuffled(shardsOf(source.keydir))) {
        target.keydir.loadShard(shard, source.keydir.dumpShard(shard));
      }
      ensureHolds(target, entries);
      ensureHolds(source, entries);
      for (let i = 0; i < 8000; i++) {
        const name = `key ${random.below(8000)}`;
        if (random.below(2) === 0) {
          target.put(keyOf(name), locationOf(i, random.below(2)));
          entries.set(name, target.find(keyOf(name)) ?? locationOf(0));
        } else {
          target.delete(keyOf(name));
          entries.delete(name);
        }
      }
      ensureHolds(target, entries);
    });
  });

  test("a dump of a dump is as good", () => {
    const first = new Caller(make());
    const entries = filled(first, 3000);
    for (let i = 0; i < 3000; i += 2) {
      first.delete(keyOf(`key ${i}`));
      entries.delete(`key ${i}`);
    }
    const third = reloaded(make, reloaded(make, first.keydir));
    ensureHolds(new Caller(third), entries);
  });

  test("an empty keydir can be dumped and loaded", () => {
    ensureHolds(new Caller(reloaded(make, make())), new Map());
  });

  test("a dump is a copy: later changes are not in it", () => {
    const source = new Caller(make());
    const entries = filled(source, 1000);
    const dumps = shardsOf(source.keydir).map((shard) => source.keydir.dumpShard(shard));
    for (let i = 0; i < 1000; i++) source.put(keyOf(`key ${i}`), locationOf(i + 5000));
    source.delete(keyOf("key 1"));
    const target = make();
    for (const [shard, bytes] of dumps.entries()) target.loadShard(shard, bytes);
    ensureHolds(new Caller(target), entries);
  });

  test("a dump may lie anywhere in a larger buffer", () => {
    const source = new Caller(make());
    const entries = filled(source, 1000);
    const target = make();
    for (const shard of shardsOf(source.keydir)) {
      const bytes = source.keydir.dumpShard(shard);
      const around = new Uint8Array(bytes.length + 10);
      around.set(bytes, 5);
      target.loadShard(shard, around.subarray(5, 5 + bytes.length));
    }
    ensureHolds(new Caller(target), entries);
  });

  test("bytes that are no dump are refused, and the shard stays empty and usable", () => {
    const source = new Caller(make());
    filled(source, 500);
    const dump = source.keydir.dumpShard(0);
    const longer = new Uint8Array(dump.length + 4);
    longer.set(dump);
    const noDumps = [new Uint8Array(0), new Uint8Array(3), new Uint8Array(64), new Uint8Array(64).fill(0xff)];
    for (let bytes = 0; bytes < dump.length; bytes += 1 + (dump.length >>> 6)) noDumps.push(dump.slice(0, bytes));
    const target = new Caller(make());
    for (const bytes of [...noDumps, longer]) {
      ensureRefused(() => target.keydir.loadShard(0, bytes), "INDEX_BAD_DUMP");
      ensureEqual(target.keydir.size, 0, "size");
    }
    const entries = filled(target, 500);
    ensureHolds(target, entries);
  });

  test("after any damage to a dump every later call still ends", () => {
    withSeeds([1, 2, 3], (random) => {
      const source = new Caller(make());
      filled(source, 2000);
      for (let round = 0; round < 60; round++) {
        const shard = random.below(source.keydir.shardCount);
        const dump = source.keydir.dumpShard(shard);
        for (let flips = random.below(4); flips >= 0; flips--) {
          dump[random.below(random.below(2) === 0 ? dump.length : Math.min(64, dump.length))] ^= 1 << random.below(8);
        }
        const target = new Caller(make());
        if (loadedOrRefused(target.keydir, shard, dump)) exercise(target);
      }
    });
  });
};

function shardsOf(keydir: Keydir): number[] {
  return Array.from({ length: keydir.shardCount }, (_, shard) => shard);
}

function reloaded(make: () => Keydir, source: Keydir): Keydir {
  const target = make();
  for (const shard of shardsOf(source)) target.loadShard(shard, source.dumpShard(shard));
  return target;
}

function filled(caller: Caller, count: number): Map<string, RecordLocation> {
  const entries = new Map<string, RecordLocation>();
  for (let i = 0; i < count; i++) {
    const location = locationOf(i, i % 3 === 0 ? i * 1000 : 0);
    caller.put(keyOf(`key ${i}`), location);
    entries.set(`key ${i}`, location);
  }
  return entries;
}

function loadedOrRefused(keydir: Keydir, shard: number, dump: Uint8Array): boolean {
  try {
    keydir.loadShard(shard, dump);
    return true;
  } catch (error) {
    if (!IndexError.is(error) || error.code !== "INDEX_BAD_DUMP") throw error;
    ensureEqual(keydir.size, 0, "the size after a refused dump");
    return false;
  }
}

/** Calls everything. What it answers after damage that nothing noticed is not asked; only that it answers. */
function exercise(caller: Caller): void {
  for (let i = 0; i < 2000; i++) caller.find(keyOf(`key ${i}`));
  const view = caller.keydir.openView();
  for (let i = 0; i < 300; i++) caller.put(keyOf(`key ${i}`), locationOf(i, i % 2));
  for (let i = 0; i < 2000; i++) caller.delete(keyOf(`key ${i}`));
  const scan = view.openScan();
  while (scan.nextPage() !== undefined);
  const ordering = caller.keydir.beginOrdering();
  while (!ordering.step());
  for (let i = 0; i < 300; i++) caller.put(keyOf(`key ${i * 7}`), locationOf(i, i % 2));
  for (const reverse of [false, true]) {
    const cursor = view.openCursor({ from: keyOf("key 1"), reverse });
    while (cursor.nextPage() !== undefined);
  }
  view.close();
  for (let shard = 0; shard < caller.keydir.shardCount; shard++) caller.keydir.dumpShard(shard);
}
