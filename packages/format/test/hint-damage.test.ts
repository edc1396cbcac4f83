import * as fc from "fast-check";
import { expect, test } from "vitest";
import { crc32, decodeHintHeader, placeMask } from "../src/index.ts";
import { writeU32 } from "../src/integers.ts";
import {
  BLOCK_HEADER_BYTES,
  FOOTER_BYTES,
  HEADER_BYTES,
  SEGMENT,
  encode,
  entries,
  manyEntries,
  read,
} from "./hints.ts";
import { anyBytes, concat, flippedBits, IDENTITY, PLACE } from "./support.ts";

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
    const { reading } = await read(bytes.subarray(0, length));
    expect(reading.kind).toBe("unusable");
    if (length < HEADER_BYTES + FOOTER_BYTES) expect(reading).toEqual({ kind: "unusable", reason: "short hint file" });
  }
});

test("With any bit flipped, the file is unusable", async () => {
  const bytes = encode(entries);
  for (const { flipped, at } of flippedBits(bytes)) {
    const { reading } = await read(flipped);
    expect(reading.kind).toBe("unusable");
    if (at < 8) expect(reading).toMatchObject({ reason: "no hint magic" });
    if (at >= 12 && at < HEADER_BYTES) expect(reading).toMatchObject({ reason: "header checksum" });
    if (at >= bytes.length - FOOTER_BYTES) expect(reading).toMatchObject({ reason: "footer checksum" });
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
  const short = { kind: "damaged", reason: "short hint file" };
  expect(decodeHintHeader(bytes.subarray(0, HEADER_BYTES - 1))).toEqual(short);
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
    const reason = `entries do not fit the footer: ${name}`;
    expect((await read(bytes)).reading).toEqual({ kind: "unusable", reason });
  }
});

test("Totals that cannot be make the file unusable before any entry is given", async () => {
  const footerFields: [string, number, number][] = [
    ["entryCount", 8, 0],
    ["entryCount", 8, 4],
    ["recordCount", 12, 1_000],
    ["recordBytes", 16, 50_000_000],
    ["tombstoneCount or expiringCount", 20, 3],
    ["tombstoneBytes", 24, 100_000],
    ["sequences", 32, 0],
    ["sequences", 32, 16],
    ["not an integer", 44, 0xffff_ffff],
  ];
  for (const [name, at, value] of footerFields) {
    const bytes = encode(entries);
    const footerAt = bytes.length - FOOTER_BYTES;
    writeU32(bytes, footerAt + at, value);
    reseal(bytes, footerAt, bytes.length);
    const { found, reading } = await read(bytes);
    expect(reading).toEqual({ kind: "unusable", reason: `footer ${name}` });
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
  expect(await forge((bytes, at) => bytes.fill(0xff, at + 39, at + 47))).toEqual(bad); // an expiry of 2^64 - 1
  expect(await forge((bytes, at) => bytes.fill(5, at + 63, at + 64))).toEqual(bad); // the last key beyond the block
  expect(await forge((bytes) => writeU32(bytes, HEADER_BYTES + 12, 2))).toEqual(bad); // another number of them
  expect(await forge((bytes) => writeU32(bytes, HEADER_BYTES + 4, 2))).toMatchObject({ kind: "unusable" }); // a footer
});

test("A key that ends beyond its block is not given, though every checksum is right", async () => {
  const list = manyEntries(2);
  const bytes = encode(list);
  const second = HEADER_BYTES + BLOCK_HEADER_BYTES + 18 + list[0]!.key.length;
  bytes[second + 16]! += 1; // its length
  reseal(bytes, HEADER_BYTES, bytes.length - FOOTER_BYTES);
  const { found, reading } = await read(bytes);
  expect(reading).toEqual({ kind: "unusable", reason: `block entries at ${HEADER_BYTES}` });
  expect(found).toEqual(list.slice(0, 1));
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
  // Too long for a block, though the file has as much.
  const large = encode(manyEntries(10_000));
  writeU32(large, HEADER_BYTES + 8, 65_562);
  expect((await read(large)).reading).toEqual({ kind: "unusable", reason: `block length at ${HEADER_BYTES}` });
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

test("A header and a footer alone, and an empty header of a block, make the file unusable", async () => {
  const bytes = encode(entries);
  const footer = bytes.slice(-FOOTER_BYTES);
  const alone = concat([bytes.subarray(0, HEADER_BYTES), footer]);
  expect((await read(alone)).reading).toEqual({ kind: "unusable", reason: "footer checksum" });
  const moved = concat([bytes.subarray(0, -FOOTER_BYTES), new Uint8Array(BLOCK_HEADER_BYTES), footer]);
  reseal(moved, moved.length - FOOTER_BYTES, moved.length);
  const at = bytes.length - FOOTER_BYTES;
  expect((await read(moved)).reading).toEqual({ kind: "unusable", reason: `block checksum at ${at}` });
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
