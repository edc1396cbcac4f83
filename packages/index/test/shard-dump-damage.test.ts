import { describe, expect, test } from "vitest";
import type { RecordLocation } from "@hashlog/index";
import { SHIFT_MIN } from "../src/arena.ts";
import { dumpOf, shardOf } from "../src/shard-dump.ts";
import type { Shard } from "../src/shard.ts";
import { slicePlaces } from "../src/shard-scan.ts";
import { Shards } from "../src/shards.ts";

const SHARDS = new Shards(new Uint8Array(16));
const SHARD = 77;
const HERE: RecordLocation = { segmentSlot: 1, offset: 2, valueBytes: 3, expiresAtMs: 0 };

/** Words of a dump's header, and where its slots begin. */
const [COUNT, SLOTS, SHIFT, ARENA_WORDS, FIRST_SLOT] = [2, 3, 4, 5, 8];

/** The first keys of that length whose hash lies in the shard. */
function dumped(count: number, keyBytes = 12, location = HERE): Uint32Array {
  const shard = new Shards(new Uint8Array(16)).own(SHARD);
  const key = new Uint8Array(keyBytes);
  for (let i = 0; shard.count < count; i++) {
    new DataView(key.buffer).setUint32(0, i);
    const hash = SHARDS.hash(key, 0, keyBytes);
    if (hash >>> 24 !== SHARD) continue;
    const place = hash & 0xff_ffff;
    shard.insert(shard.locate(place, key, 0, keyBytes), place, key, 0, keyBytes, location);
  }
  return new Uint32Array(dumpOf(SHARD, shard).buffer);
}

function load(words: Uint32Array | Uint8Array): Shard {
  return shardOf(SHARD, words instanceof Uint8Array ? words : new Uint8Array(words.buffer), SHARDS);
}

/** Where the slots that hold something lie, and the entry that each refers to. */
function taken(dump: Uint32Array): { slot: number; number: number; entry: number }[] {
  const first = FIRST_SLOT + dump[SLOTS];
  return Array.from({ length: dump[SLOTS] }, (_, number) => ({ slot: FIRST_SLOT + number, number }))
    .filter(({ slot }) => dump[slot] !== 0)
    .map((one) => ({ ...one, entry: first + (dump[one.slot] >>> 8) - 1 }));
}

const GOOD = dumped(12);
const [FIRST] = taken(GOOD);
const LAST = taken(GOOD).at(-1)!;

function changed(change: (words: Uint32Array) => Uint32Array | void): Uint32Array {
  const words = GOOD.slice();
  return change(words) ?? words;
}

const header = (fields: Readonly<Record<number, number>>, words: Uint32Array = GOOD.slice()): Uint32Array =>
  Object.assign(words, fields);

const damages: [what: string, dump: Uint32Array | Uint8Array, reason: string][] = [
  ["no bytes", new Uint32Array(0), "it does not begin as one"],
  ["less than a header", GOOD.slice(0, 7), "it does not begin as one"],
  ["another beginning", header({ 0: GOOD[0] + 1 }), "it does not begin as one"],
  ["bytes that are no words", new Uint8Array(GOOD.buffer).slice(0, -1), "its length is not a multiple of four"],
  ["a word that is missing", GOOD.slice(0, -1), "its length is not what its header says"],
  [
    "a header that tells of a word more",
    header({ [ARENA_WORDS]: GOOD[ARENA_WORDS] + 1 }),
    "its length is not what its header says",
  ],
  ["no keys, but slots and entries", header({ [COUNT]: 0 }), "its header is impossible"],
  [
    "no keys and no slots, but entries",
    header({ [COUNT]: 0, [SLOTS]: 0, [ARENA_WORDS]: GOOD[SLOTS] + GOOD[ARENA_WORDS] }),
    "its header is impossible",
  ],
  [
    "keys and no slots",
    header({ [SLOTS]: 0, [ARENA_WORDS]: GOOD[SLOTS] + GOOD[ARENA_WORDS] }),
    "its header is impossible",
  ],
  ["keys and nothing else", header({ [SLOTS]: 0, [ARENA_WORDS]: 0 }, GOOD.slice(0, 8)), "its header is impossible"],
  [
    "no keys and no entries, but slots",
    header({ [COUNT]: 0, [ARENA_WORDS]: 0 }, GOOD.slice(0, 8 + GOOD[SLOTS])),
    "its header is impossible",
  ],
  ["keys without entries", header({ [ARENA_WORDS]: 0 }, GOOD.slice(0, 8 + GOOD[SLOTS])), "its header is impossible"],
  ["as many keys as slots", header({ [COUNT]: GOOD[SLOTS] }), "its header is impossible"],
  ["chunks that are too small", header({ [SHIFT]: SHIFT_MIN - 1 }), "its header is impossible"],
  ["chunks that are too large", header({ [SHIFT]: 25 }), "its header is impossible"],
  ["a key too few", header({ [COUNT]: 11 }), "its number of keys is not what its header says"],
  ["a slot that refers to nothing", header({ [FIRST.slot]: 5 }), `slot ${FIRST.number} refers beyond the end`],
  [
    "a slot that refers to the end",
    header({ [LAST.slot]: (GOOD[ARENA_WORDS] + 1) << 8 }),
    `slot ${LAST.number} refers beyond the end`,
  ],
  [
    "a slot that refers to the last two words",
    header({ [LAST.slot]: (GOOD[ARENA_WORDS] - 1) << 8 }),
    `slot ${LAST.number} refers beyond the end`,
  ],
  [
    "an entry that says that there is no key",
    header({ [FIRST.entry + 1]: GOOD[FIRST.entry + 1] | 0x3fff }),
    `the entry of slot ${FIRST.number} is none of a record`,
  ],
  [
    "a last key that is too long for the dump",
    header({ [LAST.entry + 2]: (16 << 20) | 3 }),
    `the entry of slot ${LAST.number} is cut off`,
  ],
  [
    "an expiry that is too long for the dump",
    header({ [LAST.entry + 1]: GOOD[LAST.entry + 1] | 0x4000 }),
    `the entry of slot ${LAST.number} is cut off`,
  ],
  [
    "a word behind the last entry",
    changed((words) => header({ [ARENA_WORDS]: words[ARENA_WORDS] + 1 }, Uint32Array.of(...words, 0))),
    "there is something after its last entry",
  ],
  ["a slot with other hash bits", header({ [FIRST.slot]: GOOD[FIRST.slot] ^ 1 }), "its keys have other hashes"],
];

describe("a dump is refused, and why is told", () => {
  test.each(damages)("with %s", (_, dump, reason) => {
    const refusal = { code: "INDEX_BAD_DUMP", message: `not a dump of this shard: ${reason}` };
    expect(() => load(dump)).toThrow(expect.objectContaining(refusal));
  });

  test("with an entry that reaches over the end of its chunk", () => {
    const dump = dumped(20, 900);
    const chunkWords = 1 << dump[SHIFT];
    expect(chunkWords).toBe(1024);
    const first = FIRST_SLOT + dump[SLOTS];
    const [, second] = taken(dump);
    const keyBytes = 4 * (chunkWords - 3 - 1); // which would fit into a chunk of its own
    const long = header({ [second.entry + 2]: (keyBytes << 20) | 3 }, dump);
    expect(second.entry - first + chunkWords).toBeLessThan(dump[ARENA_WORDS]);
    expect(() => load(long)).toThrow(`the entry of slot ${second.number} is cut off`);
  });

  test("with a key that is longer than any may be, though its words are there", () => {
    const dump = dumped(1, 65_535);
    const [{ entry, number }] = taken(dump);
    expect(load(dump.slice()).count).toBe(1);
    expect(dump[entry + 3]).toBe(65_535);
    expect(() => load(header({ [entry + 3]: 65_536 }, dump))).toThrow(`the key of slot ${number} is too long`);
  });
});

describe("a dump is loaded", () => {
  test("without a key", () => {
    expect(load(header({ [COUNT]: 0, [SLOTS]: 0, [ARENA_WORDS]: 0 }, GOOD.slice(0, 8))).count).toBe(0);
  });

  test("with chunks of any size that there is", () => {
    for (const shift of [SHIFT_MIN, 24]) expect(load(header({ [SHIFT]: shift })).count).toBe(12);
  });

  test("with an expiry and no byte of a key at its end", () => {
    const shards = new Shards(new Uint8Array(16));
    const hash = SHARDS.hash(new Uint8Array(0), 0, 0);
    const shard = shards.own(hash >>> 24);
    const place = hash & 0xff_ffff;
    shard.insert(shard.locate(place, new Uint8Array(0), 0, 0), place, new Uint8Array(0), 0, 0, {
      ...HERE,
      expiresAtMs: 9,
    });
    expect(shardOf(hash >>> 24, dumpOf(hash >>> 24, shard), shards).count).toBe(1);
  });

  test("with entries that fill its chunks to the last word", () => {
    const dump = dumped(4, 4 * (1021 - 512));
    expect(dump[ARENA_WORDS]).toBe(4 * 512);
    expect(load(dump).count).toBe(4);
  });
});

test("A slice of a shard holds so many entries, or half a page of keys: the fewer of both", () => {
  const slice = (count: number, usedWords: number) => slicePlaces({ count, arena: { usedWords } } as Shard, 2048);
  expect(slice(100, 100)).toBe(2 ** 24);
  expect(slice(4096, 100)).toBe(2 ** 23);
  expect(slice(100, 65_536)).toBe(2 ** 23);
  expect(slice(8192, 65_536)).toBe(2 ** 22);
  expect(slice(4096, 131_072)).toBe(2 ** 22);
  expect(slice(6144, 100)).toBe(Math.ceil(2 ** 24 / 3));
});
