import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import {
  type ByteSource,
  bytesSource,
  crc32,
  decodeHintHeader,
  FormatError,
  HintEncoder,
  type HintReading,
  type HintTotals,
  placeMask,
  readHint,
  recordBytes,
} from "../src/index.ts";
import { writeU32 } from "../src/integers.ts";
import { anyBytes, concat, failingSource, flippedBits, IDENTITY, PLACE, stingySource, utf8 } from "./support.ts";

interface Entry {
  readonly key: Uint8Array;
  readonly sequence: number;
  readonly offset: number;
  readonly valueBytes: number;
  readonly tombstone: boolean;
  readonly expiresAtMs: number;
}

const SEGMENT = { segmentId: 3, identity: IDENTITY, sealedBytes: 50_000_000 };
const HEADER_BYTES = 32;
const BLOCK_HEADER_BYTES = 16;
const FOOTER_BYTES = 48;

const entries: Entry[] = [
  { key: utf8("ada"), sequence: 12, offset: 64, valueBytes: 100, tombstone: false, expiresAtMs: 0 },
  { key: utf8(""), sequence: 10, offset: 200, valueBytes: 0, tombstone: false, expiresAtMs: 1_700_000_000_000 },
  { key: utf8("alan"), sequence: 15, offset: 300, valueBytes: 0, tombstone: true, expiresAtMs: 0 },
];

/** The totals of a segment that holds these entries' records and nothing else. */
function totalsOf(list: readonly Entry[]): HintTotals {
  const sum = (of: (entry: Entry) => number) => list.reduce((total, entry) => total + of(entry), 0);
  const bytesOf = (entry: Entry) => recordBytes(entry.key.length, entry.valueBytes, entry.expiresAtMs !== 0);
  const sequences = list.map((entry) => entry.sequence);
  return {
    entryCount: list.length,
    recordCount: list.length,
    recordBytes: sum(bytesOf),
    tombstoneCount: sum((entry) => Number(entry.tombstone)),
    tombstoneBytes: sum((entry) => (entry.tombstone ? bytesOf(entry) : 0)),
    lowestSequence: Math.min(...sequences),
    highestSequence: Math.max(...sequences),
    expiringCount: sum((entry) => Number(entry.expiresAtMs !== 0)),
  };
}

function encode(list: readonly Entry[], totals: HintTotals = totalsOf(list), segment = SEGMENT): Uint8Array {
  const pieces: Uint8Array[] = [];
  const encoder = new HintEncoder(segment, (block) => pieces.push(block.slice()));
  for (const entry of list) addTo(encoder, entry);
  encoder.finish(totals);
  return concat(pieces);
}

function addTo(encoder: HintEncoder, entry: Entry): void {
  const { key, sequence, offset, valueBytes, tombstone, expiresAtMs } = entry;
  encoder.add(
    concat([utf8("<<"), key, utf8(">")]),
    2,
    2 + key.length,
    sequence,
    offset,
    valueBytes,
    tombstone,
    expiresAtMs,
  );
}

async function read(
  content: Uint8Array | ByteSource,
  segment = SEGMENT,
): Promise<{ found: Entry[]; reading: HintReading }> {
  const found: Entry[] = [];
  const source = content instanceof Uint8Array ? bytesSource(content) : content;
  const reading = await readHint(source, segment, ({ bytes, keyStart, keyEnd, ...rest }) => {
    found.push({ key: bytes.slice(keyStart, keyEnd), ...rest });
  });
  return { found, reading };
}

/** Where the blocks of a hint file begin, and at last its footer. */
function blockStarts(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer);
  const starts = [HEADER_BYTES];
  while (starts.at(-1)! < bytes.length - FOOTER_BYTES) {
    starts.push(starts.at(-1)! + BLOCK_HEADER_BYTES + view.getUint32(starts.at(-1)! + 8, true));
  }
  return starts;
}

/** Makes the checksum of the block (or footer) `bytes[start..end)` right again. */
function reseal(bytes: Uint8Array, start: number, end: number): void {
  writeU32(bytes, start, crc32(bytes, start + 4, end) ^ placeMask(PLACE, start));
}

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

function manyEntries(count: number): Entry[] {
  return Array.from({ length: count }, (_, i) => ({
    ...entries[0]!,
    key: utf8(`key ${i}`),
    sequence: i + 1,
    offset: 64 + i * 200,
  }));
}

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

test("Entries of the blocks before a bad one are given, and the file is unusable", async () => {
  const bytes = encode(manyEntries(10_000));
  const [, second] = blockStarts(bytes);
  bytes[second! + 100]! ^= 1;
  const { found, reading } = await read(bytes);
  expect(reading).toEqual({ kind: "unusable", reason: `block checksum at ${second}` });
  expect(found).toEqual(manyEntries(10_000).slice(0, found.length));
  expect(found.length).toBeGreaterThan(1_000);
});

test("Truncated at any byte, the file is unusable", async () => {
  const bytes = encode(entries);
  for (let length = 0; length < bytes.length; length++) {
    expect((await read(bytes.subarray(0, length))).reading.kind).toBe("unusable");
  }
});

test("With any bit flipped, the file is unusable", async () => {
  for (const { flipped } of flippedBits(encode(entries))) {
    expect((await read(flipped)).reading.kind).toBe("unusable");
  }
});

test("With anything behind its footer, the file is unusable", async () => {
  const bytes = encode(entries);
  expect((await read(concat([bytes, Uint8Array.of(0)]))).reading.kind).toBe("unusable");
  expect((await read(concat([bytes, bytes]))).reading.kind).toBe("unusable");
  expect((await read(concat([bytes, bytes.subarray(-FOOTER_BYTES)]))).reading.kind).toBe("unusable");
});

test("The hint of another segment, identity or sealed length is unusable", async () => {
  const bytes = encode(entries);
  const reasonFor = async (change: object) => (await read(bytes, { ...SEGMENT, ...change })).reading;
  expect(await reasonFor({})).toMatchObject({ kind: "ok" });
  expect(await reasonFor({ segmentId: 4 })).toEqual({ kind: "unusable", reason: "of another segment" });
  // The identity comes first, as the footer's checksum is bound to it.
  expect(await reasonFor({ identity: IDENTITY + 1n })).toEqual({ kind: "unusable", reason: "of another identity" });
  expect(await reasonFor({ sealedBytes: SEGMENT.sealedBytes - 1 })).toEqual({
    kind: "unusable",
    reason: "of another sealed length",
  });
});

test("A hint file's header tells which segment it speaks of, and says why it does not", () => {
  const bytes = encode(entries);
  expect(decodeHintHeader(bytes)).toEqual({ kind: "ok", value: SEGMENT });
  expect(decodeHintHeader(bytes.subarray(0, HEADER_BYTES))).toEqual({ kind: "ok", value: SEGMENT });
  expect(decodeHintHeader(bytes.subarray(0, HEADER_BYTES - 1)).kind).toBe("damaged");
  for (const { flipped } of flippedBits(bytes.slice(0, HEADER_BYTES)))
    expect(decodeHintHeader(flipped).kind).not.toBe("ok");
  const later = bytes.slice();
  writeU32(later, 8, 2);
  expect(decodeHintHeader(later)).toEqual({ kind: "version", version: 2 });
});

test("A hint of a later version is unusable, whatever its checksums are", async () => {
  const bytes = encode(entries);
  writeU32(bytes, 8, 2);
  expect((await read(bytes)).reading).toEqual({ kind: "unusable", reason: "version 2" });
});

test("Blocks in another order, missing or twice make the file unusable", async () => {
  const bytes = encode(manyEntries(10_000));
  const starts = blockStarts(bytes);
  const part = (index: number) => bytes.subarray(starts[index], starts[index + 1]);
  const head = bytes.subarray(0, HEADER_BYTES);
  const foot = bytes.subarray(-FOOTER_BYTES);
  const blocks = starts.slice(0, -1).map((_, index) => part(index));
  const [first, second, ...others] = blocks;
  expect((await read(concat([head, ...blocks, foot]))).reading.kind).toBe("ok");
  expect((await read(concat([head, second!, first!, ...others, foot]))).reading.kind).toBe("unusable");
  expect((await read(concat([head, second!, ...others, foot]))).reading.kind).toBe("unusable");
  expect((await read(concat([head, first!, ...blocks, foot]))).reading.kind).toBe("unusable");
});

test("Totals that the entries contradict make the file unusable, though every checksum is right", async () => {
  const footerFields: [string, number, number][] = [
    ["entryCount", 8, 2],
    ["recordBytes", 16, 54],
    ["tombstoneCount", 20, 0],
    ["expiringCount", 28, 0],
    ["lowestSequence", 32, 11],
    ["highestSequence", 40, 16],
    ["highestSequence", 40, 14],
  ];
  for (const [name, at, value] of footerFields) {
    const bytes = encode(entries);
    const footerAt = bytes.length - FOOTER_BYTES;
    writeU32(bytes, footerAt + at, value);
    reseal(bytes, footerAt, bytes.length);
    const reason = expect.stringContaining(name);
    expect((await read(bytes)).reading).toEqual({ kind: "unusable", reason });
  }
});

test("Totals that cannot be make the file unusable before any entry is given", async () => {
  const footerFields: [string, number, number][] = [
    ["entryCount", 8, 0],
    ["entryCount", 8, 4],
    ["recordCount", 12, 1_000],
    ["recordBytes", 16, 50_000_000],
    ["tombstoneCount", 20, 3],
    ["tombstoneBytes", 24, 100_000],
    ["sequences", 32, 0],
    ["sequences", 32, 16],
    ["integer", 44, 0xffff_ffff],
  ];
  for (const [name, at, value] of footerFields) {
    const bytes = encode(entries);
    const footerAt = bytes.length - FOOTER_BYTES;
    writeU32(bytes, footerAt + at, value);
    reseal(bytes, footerAt, bytes.length);
    const { found, reading } = await read(bytes);
    expect(reading).toEqual({ kind: "unusable", reason: expect.stringContaining(name) });
    expect(found).toEqual([]);
  }
});

test("Entries that cannot be make the file unusable, though every checksum is right", async () => {
  const forge = async (change: (bytes: Uint8Array, entryAt: number) => void) => {
    const bytes = encode(entries);
    change(bytes, HEADER_BYTES + BLOCK_HEADER_BYTES);
    reseal(bytes, HEADER_BYTES, bytes.length - FOOTER_BYTES);
    return (await read(bytes)).reading;
  };
  const bad = { kind: "unusable", reason: `block entries at ${HEADER_BYTES}` };
  expect(await forge(() => {})).toMatchObject({ kind: "ok" });
  expect(await forge((bytes, at) => bytes.fill(0, at, at + 1))).toEqual(bad); // no flags
  expect(await forge((bytes, at) => bytes.fill(0x84, at, at + 1))).toEqual(bad); // a reserved flag
  expect(await forge((bytes, at) => bytes.fill(0x81, at, at + 1))).toEqual(bad); // a tombstone with a value
  expect(await forge((bytes, at) => bytes.fill(0, at + 1, at + 8))).toEqual(bad); // sequence 0
  expect(await forge((bytes, at) => bytes.fill(0xff, at + 1, at + 8))).toEqual(bad); // sequence 2^56 - 1
  expect(await forge((bytes, at) => writeU32(bytes, at + 8, 63))).toEqual(bad); // in the first frame's header
  expect(await forge((bytes, at) => writeU32(bytes, at + 8, 50_000_000 - 120))).toEqual(bad); // beyond the end
  expect(await forge((bytes, at) => writeU32(bytes, at + 12, 2 ** 32 - 1))).toEqual(bad); // ... by its value
  expect(await forge((bytes, at) => bytes.fill(0xff, at + 16, at + 18))).toEqual(bad); // a key beyond the block
  expect(await forge((bytes, at) => bytes.fill(2, at + 16, at + 17))).toEqual(bad); // entries that do not fill it
  expect(await forge((bytes, at) => bytes.fill(46, at + 16, at + 17))).toEqual(bad); // five bytes left over
  expect(await forge((bytes, at) => bytes.fill(0, at + 39, at + 47))).toEqual(bad); // an expiry of "never"
  expect(await forge((bytes) => writeU32(bytes, HEADER_BYTES + 12, 2))).toEqual(bad); // another number of them
  expect(await forge((bytes) => writeU32(bytes, HEADER_BYTES + 4, 2))).toMatchObject({ kind: "unusable" }); // a footer
});

test("A footer that is a block, and block lengths beyond all measure, make the file unusable", async () => {
  const bytes = encode(entries);
  const footerAt = bytes.length - FOOTER_BYTES;
  writeU32(bytes, footerAt + 4, 1);
  reseal(bytes, footerAt, bytes.length);
  expect((await read(bytes)).reading.kind).toBe("unusable");
  for (const length of [65_562, 2 ** 32 - 1, 70]) {
    const other = encode(entries);
    writeU32(other, HEADER_BYTES + 8, length);
    expect((await read(other)).reading).toEqual({ kind: "unusable", reason: `block length at ${HEADER_BYTES}` });
  }
});

test("A few bytes between the last block and the footer make the file unusable", async () => {
  const bytes = encode(entries);
  const footer = bytes.slice(-FOOTER_BYTES);
  const moved = concat([bytes.subarray(0, -FOOTER_BYTES), new Uint8Array(5), footer]);
  reseal(moved, moved.length - FOOTER_BYTES, moved.length);
  expect((await read(moved)).reading).toEqual({
    kind: "unusable",
    reason: `short block header at ${bytes.length - FOOTER_BYTES}`,
  });
});

test("Zero bytes and arbitrary bytes are unusable", async () => {
  for (const length of [0, 47, 80, 96, 5_000]) {
    expect((await read(new Uint8Array(length))).reading.kind).toBe("unusable");
  }
  const good = encode(entries);
  await fc.assert(
    fc.asyncProperty(anyBytes(300), fc.nat(90), async (bytes, kept) => {
      expect((await read(bytes)).reading.kind).toBe("unusable");
      const mixed = concat([good.subarray(0, kept), bytes, good.subarray(-FOOTER_BYTES)]);
      expect((await read(mixed)).reading.kind).toBe("unusable");
    }),
  );
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
    expect((await read(shrinking)).reading.kind).toBe("unusable");
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
