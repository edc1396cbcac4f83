import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { type ByteSource, bytesSource, FormatError, HintEncoder, type HintTotals, readHint } from "../src/index.ts";
import { readU32 } from "../src/integers.ts";
import {
  BLOCK_HEADER_BYTES,
  type Entry,
  FOOTER_BYTES,
  HEADER_BYTES,
  SEGMENT,
  addTo,
  encode,
  entries,
  manyEntries,
  read,
  totalsOf,
} from "./hints.ts";
import { anyBytes, concat, failingSource, stingySource } from "./support.ts";

const anyEntry: fc.Arbitrary<Entry> = fc
  .record({
    key: fc.oneof(
      anyBytes(30),
      fc.integer({ min: 0, max: 65_535 }).map((length) => new Uint8Array(length).fill(length)),
    ),
    sequence: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    offset: fc.integer({ min: 64, max: 40_000_000 }),
    valueBytes: fc.nat(5_000_000),
    tombstone: fc.boolean(),
    expiresAtMs: fc.oneof(fc.constant(0), fc.maxSafeNat()),
  })
  .map((entry) => (entry.tombstone ? { ...entry, valueBytes: 0, expiresAtMs: 0 } : entry));

/** Entries and the length of a segment that could hold them. */
const anyEntries = fc.array(anyEntry, { minLength: 1, maxLength: 6 });

function segmentFor(list: readonly Entry[]): typeof SEGMENT {
  const needed = Math.max(totalsOf(list).recordBytes + 64, SEGMENT.sealedBytes);
  return { ...SEGMENT, sealedBytes: needed };
}

test("Entries and totals come back as they were added, in their order", async () => {
  await fc.assert(
    fc.asyncProperty(anyEntries, async (list) => {
      const segment = segmentFor(list);
      const { found, reading } = await read(encode(list, totalsOf(list), segment), segment);
      expect(reading).toEqual({ kind: "ok", totals: totalsOf(list) });
      expect(found).toEqual(list);
    }),
  );
});

test("Totals count records that have no entry any more, too", async () => {
  const totals = {
    ...totalsOf(entries),
    recordCount: 9,
    recordBytes: 900,
    tombstoneCount: 3,
    tombstoneBytes: 63,
    lowestSequence: 2,
  };
  expect((await read(encode(entries, totals))).reading).toEqual({ kind: "ok", totals });
});

test("A hint of one entry with the longest key and an expiry has one block", async () => {
  const list = [{ ...entries[1]!, key: new Uint8Array(65_535).fill(0xc1) }];
  const bytes = encode(list);
  expect(bytes).toHaveLength(HEADER_BYTES + BLOCK_HEADER_BYTES + 18 + 8 + 65_535 + FOOTER_BYTES);
  expect((await read(bytes)).found).toEqual(list);
});

test("A block takes entries up to 64 KiB, and no entry more, with an expiry as well as without", async () => {
  for (const { entryBytes, fitting } of [
    { entryBytes: 64, fitting: 1_024 },
    { entryBytes: 66, fitting: 992 }, // 65,472 bytes: one more would be two bytes too many
  ]) {
    for (const expiresAtMs of [0, 1_700_000_000_000]) {
      const key = new Uint8Array(entryBytes - (expiresAtMs === 0 ? 18 : 26));
      const list = manyEntries(fitting + 1).map((entry) => ({ ...entry, key, expiresAtMs }));
      const bytes = encode(list);
      expect(readU32(bytes, HEADER_BYTES + 8)).toBe(fitting * entryBytes);
      expect(readU32(bytes, HEADER_BYTES + BLOCK_HEADER_BYTES + fitting * entryBytes + 8)).toBe(entryBytes);
      expect((await read(bytes)).found).toEqual(list);
    }
  }
});

test("An entry with an empty key and no expiry, the shortest there is, comes back", async () => {
  const list = [{ ...entries[0]!, key: new Uint8Array(0) }];
  expect((await read(encode(list))).found).toEqual(list);
});

test("The highest sequence and the latest expiry come back", async () => {
  const list = [{ ...entries[1]!, sequence: Number.MAX_SAFE_INTEGER, expiresAtMs: Number.MAX_SAFE_INTEGER }];
  expect((await read(encode(list))).found).toEqual(list);
});

test("However many entries there are, neither side holds more than a few blocks", async () => {
  const list = manyEntries(20_000);
  const buffers = new Set<ArrayBufferLike>();
  const pieces: Uint8Array[] = [];
  const encoder = new HintEncoder(SEGMENT, (block) => {
    buffers.add(block.buffer);
    pieces.push(block.slice());
  });
  for (const entry of list) addTo(encoder, entry);
  encoder.finish(totalsOf(list));
  expect(pieces.length).toBeGreaterThan(5);
  expect(buffers.size).toBe(2); // the one buffer, and the footer
  for (const piece of pieces) expect(piece.length).toBeLessThan(66_000);

  const source = bytesSource(concat(pieces));
  const spy = vi.spyOn(source, "read");
  expect((await read(source)).found).toEqual(list);
  for (const [target] of spy.mock.calls) expect(target.length).toBeLessThan(300_000);
});

test("A source that gives little at a time is read; one that is shorter than it said is unusable", async () => {
  const bytes = encode(entries);
  expect((await read(stingySource(bytes, 5))).found).toEqual(entries);
  // The footer is read first, so such a source has to shrink while it is read.
  for (let length = 0; length < bytes.length - FOOTER_BYTES; length++) {
    const source = bytesSource(bytes);
    const shrinking: ByteSource = {
      bytes: source.bytes,
      read(target, at, count, position) {
        const isFooter = position >= bytes.length - FOOTER_BYTES;
        return isFooter
          ? source.read(target, at, count, position)
          : bytesSource(bytes.subarray(0, length)).read(target, at, count, position);
      },
    };
    const reason = expect.stringContaining("the file is too short");
    expect((await read(shrinking)).reading).toEqual({ kind: "unusable", reason });
  }
});

test("What the source or the callback throws reaches the caller unchanged", async () => {
  const broken = new Error("the disk is gone");
  await expect(read(failingSource(encode(entries), 40, broken))).rejects.toBe(broken);
  const onEntry = () => {
    throw broken;
  };
  await expect(readHint(bytesSource(encode(entries)), SEGMENT, onEntry)).rejects.toBe(broken);
  await expect(read(encode(entries), { ...SEGMENT, identity: -1n })).rejects.toThrow(FormatError);
});

test("When reading ends by an error, nothing is being read any more", async () => {
  const whole = bytesSource(encode(manyEntries(10_000)));
  let underWay = 0;
  let reads = 0;
  const slow: ByteSource = {
    bytes: whole.bytes,
    async read(target, at, count, position) {
      reads++;
      underWay++;
      await new Promise((resolve) => setImmediate(resolve));
      underWay--;
      return whole.read(target, at, count, position);
    },
  };
  const broken = new Error("enough");
  const onEntry = () => {
    throw broken;
  };
  await expect(readHint(slow, SEGMENT, onEntry)).rejects.toBe(broken);
  expect({ reads, underWay }).toEqual({ reads: 4, underWay: 0 }); // header, footer, a chunk, and one that is ahead
});

test.each([{ segmentId: 0 }, { identity: 2n ** 64n }, { sealedBytes: 81 }, { sealedBytes: 2 ** 32 }])(
  "A segment out of range is refused: %o",
  (change) => {
    const [argument] = Object.keys(change);
    const refusal = expect.objectContaining({ code: "FORMAT_INVALID_ARGUMENT", argument });
    expect(() => new HintEncoder({ ...SEGMENT, ...change }, () => {})).toThrow(refusal);
  },
);

const refusedEntries: [string, Partial<Entry>][] = [
  ["sequence", { sequence: 0 }],
  ["sequence", { sequence: 2 ** 53 }],
  ["entry", { offset: 63 }],
  ["offset", { offset: -1 }],
  ["offset", { offset: 2 ** 32 }],
  ["entry", { offset: SEGMENT.sealedBytes - 120 }],
  ["valueBytes", { valueBytes: -1 }],
  ["valueBytes", { valueBytes: 2 ** 32 }],
  ["entry", { valueBytes: SEGMENT.sealedBytes }],
  ["expiresAtMs", { expiresAtMs: 0.5 }],
  ["expiresAtMs", { expiresAtMs: 2 ** 53 }],
  ["entry", { tombstone: true }],
  ["entry", { tombstone: true, valueBytes: 0, expiresAtMs: 1 }],
  ["keyBytes", { key: new Uint8Array(65_536) }],
];

test.each(refusedEntries)("An entry that cannot be in the segment is refused for its %s: %o", (argument, change) => {
  const encoder = new HintEncoder(SEGMENT, () => {});
  expect(() => addTo(encoder, { ...entries[0]!, ...change })).toThrow(
    expect.objectContaining({ code: "FORMAT_INVALID_ARGUMENT", argument }),
  );
});

test("An entry may begin where the first frame's records do, and end where the segment ends", () => {
  const encoder = new HintEncoder(SEGMENT, () => {});
  const entry = { ...entries[0]!, offset: 64, valueBytes: SEGMENT.sealedBytes - 64 - 18 - 3 };
  addTo(encoder, entry);
  expect(() => addTo(encoder, { ...entry, offset: 65 })).toThrow("entry must lie inside of the segment");
  const expiring = { ...entry, valueBytes: entry.valueBytes - 8, expiresAtMs: 1 };
  addTo(encoder, expiring);
  expect(() => addTo(encoder, { ...expiring, offset: 65 })).toThrow("entry must lie inside of the segment");
});

const refusedTotals: [string, Partial<HintTotals>][] = [
  ["entryCount", { recordCount: 2 }],
  ["tombstoneBytes", { recordBytes: 10 }],
  ["recordCount", { recordBytes: 53 }],
  ["recordBytes", { recordBytes: 54 }],
  ["recordCount", { recordCount: 1_000 }],
  ["recordBytes", { recordBytes: SEGMENT.sealedBytes - 63 }],
  ["not an integer", { recordCount: 1.5 }],
  ["not an integer", { tombstoneBytes: -1 }],
  ["not an integer", { highestSequence: Number.NaN }],
  ["tombstoneCount", { tombstoneCount: 0 }],
  ["tombstoneCount or expiringCount", { tombstoneCount: 3 }],
  ["tombstoneBytes", { tombstoneBytes: 100_000 }],
  ["expiringCount", { expiringCount: 0 }],
  ["sequences", { lowestSequence: 0 }],
  ["sequences", { lowestSequence: 16 }],
  ["lowestSequence", { lowestSequence: 11 }],
  ["highestSequence", { highestSequence: 14 }],
  ["highestSequence", { highestSequence: 16 }],
];

test.each(refusedTotals)("Totals that do not fit the entries are refused for their %s: %o", (flaw, change) => {
  const totals = { ...totalsOf(entries), ...change };
  expect(() => encode(entries, totals)).toThrow(
    expect.objectContaining({
      code: "FORMAT_INVALID_ARGUMENT",
      argument: "totals",
      message: `totals must fit the entries: ${flaw}`,
    }),
  );
});

test("Totals may be as large as the segment lets them, and as small as their records do", () => {
  const largest = {
    ...totalsOf(entries),
    recordBytes: SEGMENT.sealedBytes - 64,
    tombstoneBytes: SEGMENT.sealedBytes - 64,
  };
  expect(() => encode(entries, largest)).not.toThrow();
  const one = [{ ...entries[2]!, key: new Uint8Array(0) }];
  expect(totalsOf(one).recordBytes).toBe(18);
  expect(() => encode(one)).not.toThrow();
});

test("A hint without an entry, and one that is finished twice, are refused", () => {
  expect(() => encode([], { ...totalsOf(entries) })).toThrow("totals must fit the entries: entryCount");
  const encoder = new HintEncoder(SEGMENT, () => {});
  for (const entry of entries) addTo(encoder, entry);
  encoder.finish(totalsOf(entries));
  expect(() => encoder.finish(totalsOf(entries))).toThrow("finish must be called once");
});
