import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { type ByteSource, bytesSource, FormatError, HintEncoder, readHint } from "../src/index.ts";
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

test.each([{ segmentId: 0 }, { identity: 2n ** 64n }, { sealedBytes: 81 }, { sealedBytes: 2 ** 32 }])(
  "A segment out of range is refused: %o",
  (change) => {
    expect(() => new HintEncoder({ ...SEGMENT, ...change }, () => {})).toThrow(FormatError);
  },
);

test.each([
  { sequence: 0 },
  { sequence: 2 ** 53 },
  { offset: 63 },
  { offset: -1 },
  { offset: SEGMENT.sealedBytes - 120 },
  { valueBytes: -1 },
  { valueBytes: SEGMENT.sealedBytes },
  { expiresAtMs: 0.5 },
  { tombstone: true },
  { key: new Uint8Array(65_536) },
])("An entry that cannot be in the segment is refused: %o", (change) => {
  const encoder = new HintEncoder(SEGMENT, () => {});
  expect(() => addTo(encoder, { ...entries[0]!, ...change })).toThrow(FormatError);
});

test.each([
  { recordCount: 2 },
  { recordBytes: 10 },
  { recordBytes: SEGMENT.sealedBytes },
  { recordCount: 1.5 },
  { tombstoneCount: 0 },
  { tombstoneCount: 3 },
  { tombstoneBytes: 100_000 },
  { expiringCount: 0 },
  { lowestSequence: 0 },
  { lowestSequence: 11 },
  { highestSequence: 14 },
  { highestSequence: 16 },
  { highestSequence: Number.NaN },
])("Totals that do not fit the entries are refused: %o", (change) => {
  expect(() => encode(entries, { ...totalsOf(entries), ...change })).toThrow(
    expect.objectContaining({ code: "FORMAT_INVALID_ARGUMENT", argument: "totals" }),
  );
});

test("A hint without an entry, and one that is finished twice, are refused", () => {
  expect(() => encode([], { ...totalsOf(entries) })).toThrow(FormatError);
  const encoder = new HintEncoder(SEGMENT, () => {});
  for (const entry of entries) addTo(encoder, entry);
  encoder.finish(totalsOf(entries));
  expect(() => encoder.finish(totalsOf(entries))).toThrow(FormatError);
});
