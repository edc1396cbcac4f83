import { recordBytes } from "@hashlog/format";
import { type RecordLocation, SEGMENT_SLOTS_MAX, type SlotTally } from "../keydir.ts";
import {
  Caller,
  type ContractPart,
  ensure,
  ensureEqual,
  ensureHolds,
  ensureLocation,
  keyOf,
  locationOf,
  nameOf,
} from "./contract-support.ts";

const LIMITS: readonly RecordLocation[] = [
  { segmentSlot: 0, offset: 0, valueBytes: 0, expiresAtMs: 0 },
  { segmentSlot: SEGMENT_SLOTS_MAX - 1, offset: 2 ** 32 - 1, valueBytes: 2 ** 32 - 1, expiresAtMs: 2 ** 53 - 1 },
  { segmentSlot: 1, offset: 2 ** 31, valueBytes: 2 ** 20 - 1, expiresAtMs: 1 },
  { segmentSlot: 8192, offset: 2 ** 31 - 1, valueBytes: 2 ** 20, expiresAtMs: 0 },
  { segmentSlot: 255, offset: 65_536, valueBytes: 2 ** 31, expiresAtMs: 2 ** 32 },
];

/** Finding, putting and deleting keys, one by one. */
export const keysContract: ContractPart = (test, make) => {
  test("a new keydir is empty", () => {
    const caller = new Caller(make());
    ensureHolds(caller, new Map());
    ensureLocation(caller.find(keyOf("a")), undefined, "find");
    ensureLocation(caller.delete(keyOf("a")), undefined, "delete");
    ensure(!caller.deleteIfAt(keyOf("a"), locationOf(1)), "deleteIfAt finds nothing");
    ensure(!caller.relocate(keyOf("a"), locationOf(1), locationOf(2)), "relocate finds nothing");
    ensureEqual(caller.keydir.size, 0, "size");
  });

  test("a key that was put is found with its location, at every limit of every field", () => {
    const caller = new Caller(make());
    for (const [i, location] of LIMITS.entries()) {
      ensureLocation(caller.put(keyOf(`key ${i}`), location), undefined, "what a new key replaces");
    }
    ensureHolds(caller, new Map(LIMITS.map((location, i) => [`key ${i}`, location])));
  });

  test("find leaves its target alone when the key is absent", () => {
    const caller = new Caller(make());
    caller.put(keyOf("a"), locationOf(1));
    const found = locationOf(7, 7);
    ensure(!caller.keydir.find(keyOf("b"), 0, 1, found), "b is absent");
    ensureLocation(found, locationOf(7, 7), "the target");
  });

  test("keys are the same only if all their bytes are", () => {
    const caller = new Caller(make());
    const names = ["", "\0", "\0\0", "a", "a\0", "a\0\0", "a\0\0\0", "b", "ab", "aba", "abb", "abab", "ababa", "ababb"];
    const entries = new Map(names.map((name, i) => [name, locationOf(i)]));
    for (const [name, location] of entries) {
      ensureLocation(caller.put(keyOf(name), location), undefined, `what "${name}" replaces`);
    }
    ensureHolds(caller, entries);
    ensureLocation(caller.find(keyOf("abba")), undefined, "a key that was not put");
  });

  test("a key has from 0 to 65,535 bytes, of any value", () => {
    const caller = new Caller(make());
    const lengths = [0, 1, 2, 3, 4, 5, 8, 15, 16, 17, 255, 256, 4095, 4096, 4097, 65_534, 65_535];
    const entries = new Map(
      lengths.map((length, i) => [
        nameOf(Uint8Array.from({ length }, (_, at) => 255 - (at * 7 + length))),
        locationOf(i, i % 2),
      ]),
    );
    for (const [name, location] of entries) caller.put(bytesOf(name), location);
    ensureHolds(caller, entries);
    const [longest] = [...entries.keys()].slice(-1);
    ensureLocation(caller.find(bytesOf(`${longest.slice(0, -1)}x`)), undefined, "a long key with another last byte");
    for (const [name, location] of entries) ensureLocation(caller.delete(bytesOf(name)), location, "a deleted key");
    ensureHolds(caller, new Map());
  });

  test("putting a present key replaces its location and hands out the old one", () => {
    const caller = new Caller(make());
    let before: RecordLocation | undefined;
    // Every limit after every other one: with and without expiry, short and long values.
    for (const location of [...LIMITS, ...LIMITS.toReversed(), LIMITS[0], LIMITS[2], LIMITS[4], LIMITS[1], LIMITS[3]]) {
      ensureLocation(caller.put(keyOf("key"), location), before, "the replaced location");
      ensureHolds(caller, new Map([["key", location]]));
      before = location;
    }
  });

  test("the object that a replaced location goes to may be the one that held the new location", () => {
    const caller = new Caller(make());
    caller.put(keyOf("a"), locationOf(1));
    const both = locationOf(2);
    ensure(caller.keydir.put(keyOf("a"), 0, 1, both, both), "a was present");
    ensureLocation(both, locationOf(1), "the replaced location");
    ensureLocation(caller.find(keyOf("a")), locationOf(2), "the new location");
  });

  test("a key whose expiry has passed is present like any other", () => {
    const caller = new Caller(make());
    caller.put(keyOf("old"), locationOf(1, 1));
    ensureHolds(caller, new Map([["old", locationOf(1, 1)]]));
  });

  test("a deleted key is absent, and can be put again", () => {
    const caller = new Caller(make());
    caller.put(keyOf("a"), locationOf(1, 5));
    caller.put(keyOf("b"), locationOf(2));
    ensureLocation(caller.delete(keyOf("a")), locationOf(1, 5), "the removed location");
    ensureLocation(caller.delete(keyOf("a")), undefined, "a second delete");
    ensureHolds(caller, new Map([["b", locationOf(2)]]));
    ensureLocation(caller.put(keyOf("a"), locationOf(3)), undefined, "what a deleted key replaces");
    ensureHolds(
      caller,
      new Map([
        ["a", locationOf(3)],
        ["b", locationOf(2)],
      ]),
    );
  });

  test("tally adds up records and their bytes by segment, on top of what is there", () => {
    const caller = new Caller(make());
    const tally = newTally(9);
    const { records, bytes, expiredRecords, expiredBytes } = tally;
    records[3] = 10;
    bytes[3] = 1000;
    caller.put(keyOf("one"), { segmentSlot: 3, offset: 0, valueBytes: 7, expiresAtMs: 0 });
    caller.put(keyOf("three"), { segmentSlot: 3, offset: 50, valueBytes: 2 ** 31, expiresAtMs: 9 });
    caller.put(keyOf(""), { segmentSlot: SEGMENT_SLOTS_MAX - 1, offset: 0, valueBytes: 0, expiresAtMs: 0 });
    const { keydir } = caller;
    for (let shard = 0; shard < keydir.shardCount; shard++) keydir.tally(shard, tally);
    ensureEqual(records[3], 12, "records of slot 3");
    ensureEqual(bytes[3], 1000 + recordBytes(3, 7, false) + recordBytes(5, 2 ** 31, true), "bytes of slot 3");
    ensureEqual(records[SEGMENT_SLOTS_MAX - 1], 1, "records of the last slot");
    ensureEqual(bytes[SEGMENT_SLOTS_MAX - 1], recordBytes(0, 0, false), "bytes of the last slot");
    ensureEqual(
      records.reduce((sum, count) => sum + count),
      13,
      "all records",
    );
    ensureEqual(expiredRecords[3], 1, "expired records of slot 3");
    ensureEqual(expiredBytes[3], recordBytes(5, 2 ** 31, true), "expired bytes of slot 3");
    ensureEqual(expiredRecords[SEGMENT_SLOTS_MAX - 1], 0, "expired records of the last slot");
  });

  test("tally counts as expired what expires up to the time it is given, and never what does not expire", () => {
    const caller = new Caller(make());
    const large = 2 ** 32 * 1000;
    for (const expiresAtMs of [0, 1, large - 1, large, large + 1, 2 ** 53 - 1]) {
      caller.put(keyOf(String(expiresAtMs)), { segmentSlot: 1, offset: 0, valueBytes: 0, expiresAtMs });
    }
    const expiredAsOf = (asOfMs: number): number | undefined => {
      const tally = newTally(asOfMs);
      for (let shard = 0; shard < caller.keydir.shardCount; shard++) caller.keydir.tally(shard, tally);
      return tally.expiredRecords[1];
    };
    ensureEqual(expiredAsOf(0), 0, "as of the beginning");
    ensureEqual(expiredAsOf(large - 1), 2, "before most of them");
    ensureEqual(expiredAsOf(large), 3, "when one expires");
    ensureEqual(expiredAsOf(2 ** 53 - 1), 5, "in the end");
  });

  test("forEachPlace gives the place of every key, once, and of none that is gone", () => {
    const caller = new Caller(make());
    const { keydir } = caller;
    const places: RecordLocation[] = [];
    for (let i = 0; i < 300; i++) {
      const location = { segmentSlot: i % 7, offset: 2 ** 32 - 1 - 18 * i, valueBytes: i, expiresAtMs: i % 3 };
      caller.put(keyOf(`key number ${i}`), location);
      if (i % 5 === 0) caller.delete(keyOf(`key number ${i}`));
      else places.push(location);
    }
    const visited: string[] = [];
    for (let shard = 0; shard < keydir.shardCount; shard++) {
      keydir.forEachPlace(shard, (segmentSlot, offset) => visited.push(`${segmentSlot}:${offset}`));
    }
    const expected = places.map(({ segmentSlot, offset }) => `${segmentSlot}:${offset}`);
    ensureEqual(visited.toSorted().join(" "), expected.toSorted().join(" "), "places");
  });

  test("shardOf names the shard in which a key is tallied", () => {
    for (let i = 0; i < 20; i++) {
      const caller = new Caller(make());
      const { keydir } = caller;
      const key = keyOf(`key number ${i}`);
      const before = keydir.shardOf(key, 0, key.length);
      caller.put(key, locationOf(i));
      const own = keydir.shardOf(key, 0, key.length);
      ensureEqual(own, before, "the shard of a key that is not there yet");
      ensure(Number.isInteger(own) && own >= 0 && own < keydir.shardCount, `there is a shard ${own}`);
      const tally = newTally(0);
      for (let shard = 0; shard < keydir.shardCount; shard++) if (shard !== own) keydir.tally(shard, tally);
      ensureEqual(tally.records[i], 0, "records in all other shards");
      keydir.tally(own, tally);
      ensureEqual(tally.records[i], 1, "records in its own shard");
    }
  });

  test("memory of deleted keys is used again", () => {
    const caller = new Caller(make());
    const keys = 3000;
    for (let i = 0; i < keys; i++) caller.put(keyOf(`key number ${i}`), locationOf(i));
    const { memoryBytes } = caller.keydir;
    ensure(memoryBytes > keys * 10, "memoryBytes counts at least the keys");
    for (let i = 0; i < keys * 10; i++) {
      caller.delete(keyOf(`key number ${i}`));
      caller.put(keyOf(`key number ${i + keys}`), locationOf(i));
    }
    ensureEqual(caller.keydir.size, keys, "size");
    ensure(
      caller.keydir.memoryBytes < memoryBytes * 2,
      "ten times as many keys, one after another, need no more memory",
    );
  });
};

function bytesOf(name: string): Uint8Array {
  return Uint8Array.from(name, (character) => character.charCodeAt(0));
}

function newTally(asOfMs: number): SlotTally {
  const perSlot = (): Float64Array => new Float64Array(SEGMENT_SLOTS_MAX);
  return { asOfMs, records: perSlot(), bytes: perSlot(), expiredRecords: perSlot(), expiredBytes: perSlot() };
}
