import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  type ByteSource,
  bytesSource,
  CheckpointEncoder,
  type CheckpointHeader,
  type CheckpointReading,
  crc32,
  type ExpectedCheckpoint,
  readCheckpoint,
} from "../src/index.ts";
import { readU32, writeU32 } from "../src/integers.ts";
import { anyBytes, concat, failingSource, flippedBits, stingySource, utf8 } from "./support.ts";

const header: CheckpointHeader = {
  storeId: 0x0011_2233_4455_6677_8899_aabb_ccdd_eeffn,
  checkpointId: 9,
  layout: "flat-keydir 1",
  shardCount: 3,
  replay: { segmentId: 5, offset: 4_000, sequence: 90 },
  segments: [
    {
      slot: 0,
      segmentId: 1,
      identity: 11n,
      recordCount: 50,
      recordBytes: 5_000,
      tombstoneCount: 4,
      tombstoneBytes: 90,
      expiringCount: 2,
    },
    {
      slot: 7,
      segmentId: 5,
      identity: 2n ** 64n - 1n,
      recordCount: 0,
      recordBytes: 0,
      tombstoneCount: 0,
      tombstoneBytes: 0,
      expiringCount: 0,
    },
  ],
};
const shards = [utf8("the first shard"), new Uint8Array(0), utf8("a third")];

interface Written {
  readonly bytes: Uint8Array;
  readonly expected: ExpectedCheckpoint;
}

function encode(of: CheckpointHeader = header, content: readonly Uint8Array[] = shards): Written {
  const pieces: Uint8Array[] = [];
  const encoder = new CheckpointEncoder(of, (piece) => pieces.push(piece.slice()));
  content.forEach((bytes, index) => encoder.shard(index, bytes));
  const { storeId, checkpointId } = of;
  return { expected: { storeId, checkpointId, ...encoder.finish() }, bytes: concat(pieces) };
}

interface Read {
  readonly reading: CheckpointReading;
  readonly header: CheckpointHeader | undefined;
  readonly shards: Uint8Array[];
}

async function read(content: Uint8Array | ByteSource, expected: ExpectedCheckpoint, wanted = true): Promise<Read> {
  const source = content instanceof Uint8Array ? bytesSource(content) : content;
  const found: Uint8Array[] = [];
  let header: CheckpointHeader | undefined;
  const reading = await readCheckpoint(source, expected, {
    header(value) {
      header = value;
      return wanted;
    },
    shard(index, bytes) {
      expect(index).toBe(found.length);
      found.push(bytes);
    },
  });
  return { reading, header, shards: found };
}

const anyU32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const anySegment = fc
  .record({
    slot: fc.nat(65_535),
    segmentId: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    identity: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    counts: fc.tuple(anyU32, anyU32, anyU32),
    bytes: fc.tuple(anyU32, anyU32),
  })
  .map(({ counts, bytes, ...rest }) => {
    const [tombstoneCount, expiringCount, recordCount] = counts.toSorted((a, b) => a - b) as [number, number, number];
    const [tombstoneBytes, recordBytes] = bytes.toSorted((a, b) => a - b) as [number, number];
    return { ...rest, recordCount, recordBytes, tombstoneCount, tombstoneBytes, expiringCount };
  });

const anyCheckpoint: fc.Arbitrary<[CheckpointHeader, Uint8Array[]]> = fc
  .array(anyBytes(100), { minLength: 1, maxLength: 8 })
  .chain((content) =>
    fc.tuple(
      fc.record({
        storeId: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
        checkpointId: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        layout: fc.string({ minLength: 1, maxLength: 60, unit: "grapheme-ascii" }),
        shardCount: fc.constant(content.length),
        replay: fc.record({
          segmentId: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
          offset: fc.integer({ min: 32, max: 2 ** 32 - 1 }),
          sequence: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        }),
        segments: fc.uniqueArray(anySegment, {
          maxLength: 5,
          comparator: (a, b) => a.slot === b.slot || a.segmentId === b.segmentId,
        }),
      }),
      fc.constant(content),
    ),
  );

test("A checkpoint comes back as it was written, also from a source that gives little at a time", async () => {
  await fc.assert(
    fc.asyncProperty(anyCheckpoint, fc.integer({ min: 1, max: 100 }), async ([of, content], most) => {
      const { bytes, expected } = encode(of, content);
      expect(expected.bytes).toBe(bytes.length);
      const back = { reading: { kind: "ok" }, header: of, shards: content };
      expect(await read(bytes, expected)).toEqual(back);
      expect(await read(stingySource(bytes, most), expected)).toEqual(back);
    }),
  );
});

test("Each shard is a fresh buffer of exactly its length, and lies at a multiple of 8 in the file", async () => {
  const { bytes, expected } = encode();
  const back = await read(bytes, expected);
  for (const shard of back.shards) {
    expect(shard.byteOffset).toBe(0);
    expect(shard.buffer.byteLength).toBe(shard.length);
    expect(shard.buffer).not.toBe(bytes.buffer);
  }
  const headerBytes = readU32(bytes, 12);
  expect(headerBytes % 8).toBe(0);
  expect(bytes.slice(headerBytes, headerBytes + 15)).toEqual(shards[0]);
  expect(bytes.slice(headerBytes + 16, headerBytes + 23)).toEqual(shards[2]);
  expect(bytes.length % 8).toBe(0);
});

test("A checkpoint of a store without an unsealed segment, and the longest layout name, come back", async () => {
  const of = {
    ...header,
    replay: { segmentId: 0, offset: 0, sequence: 1 },
    segments: [],
    layout: "é".repeat(127) + "x",
  };
  const { bytes, expected } = encode(of);
  expect((await read(bytes, expected)).header).toEqual(of);
  const marked = { ...header, layout: "\u{feff}bom" };
  const other = encode(marked);
  expect((await read(other.bytes, other.expected)).header).toEqual(marked);
});

test("Truncated at any byte, or longer, it is unusable and no shard is given", async () => {
  const { bytes, expected } = encode();
  const unusable = { reading: { kind: "unusable", reason: "another length" }, header: undefined, shards: [] };
  for (let length = 0; length < bytes.length; length++) {
    expect(await read(bytes.subarray(0, length), expected)).toEqual(unusable);
  }
  expect(await read(concat([bytes, Uint8Array.of(0)]), expected)).toEqual(unusable);
});

test("Truncated at any byte and the manifest's length truncated too, it is unusable", async () => {
  const { bytes, expected } = encode();
  for (let length = 0; length < bytes.length; length++) {
    const { reading, shards } = await read(bytes.subarray(0, length), { ...expected, bytes: length });
    expect(reading.kind).toBe("unusable");
    expect(shards).toEqual([]);
  }
});

test("With any bit flipped it is unusable; but for the zeros between shards, which nobody reads", async () => {
  const { bytes, expected } = encode();
  const paddingAt = readU32(bytes, 12) + 15;
  for (const { flipped, at } of flippedBits(bytes)) {
    const { reading } = await read(flipped, expected);
    expect(reading.kind).toBe(at === paddingAt || at === paddingAt + 8 ? "ok" : "unusable");
    if (at >= bytes.length - 64) expect(reading).toEqual({ kind: "unusable", reason: "table checksum" });
  }
});

test("A flipped bit in a shard is told before that shard is given", async () => {
  const { bytes, expected } = encode();
  bytes[readU32(bytes, 12) + 16]! ^= 1;
  expect(await read(bytes, expected)).toEqual({
    reading: { kind: "unusable", reason: "checksum of shard 2" },
    header,
    shards: shards.slice(0, 2),
  });
});

test("The checkpoint of another store, another id or another CRC is unusable", async () => {
  const { bytes, expected } = encode();
  const reasonFor = async (change: object) => (await read(bytes, { ...expected, ...change })).reading;
  const unusable = (reason: string) => ({ kind: "unusable", reason });
  expect(await reasonFor({ storeId: 1n })).toEqual(unusable("of another store"));
  expect(await reasonFor({ checkpointId: 8 })).toEqual(unusable("another checkpoint"));
  expect(await reasonFor({ crc: expected.crc ^ 1 })).toEqual(unusable("table checksum"));
});

test("An older checkpoint that is right in itself is unusable under the manifest's CRC", async () => {
  const older = encode(header, [shards[0]!, shards[1]!, utf8("A third")]);
  const { expected } = encode();
  expect(older.bytes).toHaveLength(expected.bytes);
  expect((await read(older.bytes, expected)).reading.kind).toBe("unusable");
});

test("A checkpoint that the visitor does not want is unusable, and no shard is read", async () => {
  const { bytes, expected } = encode();
  expect(await read(bytes, expected, false)).toEqual({
    reading: { kind: "unusable", reason: "not wanted" },
    header,
    shards: [],
  });
});

/** Changes header bytes and makes header checksum, tail and the manifest's CRC right again. */
function forge(change: (bytes: Uint8Array) => void, of: CheckpointHeader = header): Written {
  const { bytes, expected } = encode(of);
  const headerBytes = readU32(bytes, 12);
  change(bytes);
  const headerCrc = crc32(bytes, 0, headerBytes - 4);
  writeU32(bytes, headerBytes - 4, headerCrc);
  writeU32(bytes, bytes.length - 16, headerCrc);
  const crc = crc32(bytes, bytes.length - 16 - 48, bytes.length - 4);
  writeU32(bytes, bytes.length - 4, crc);
  return { bytes, expected: { ...expected, crc } };
}

test("Fields that cannot be make it unusable, though every checksum is right", async () => {
  const reasonOf = async (change: (bytes: Uint8Array) => void) => {
    const { bytes, expected } = forge(change);
    const { reading } = await read(bytes, expected);
    return reading.kind === "ok" ? "ok" : reading.reason;
  };
  const tableAt = encode().bytes.length - 64;
  expect(await reasonOf(() => {})).toBe("ok");
  expect(await reasonOf((bytes) => writeU32(bytes, 8, 2))).toBe("version 2");
  expect(await reasonOf((bytes) => writeU32(bytes, 8, 0))).toBe("header length");
  expect(await reasonOf((bytes) => bytes.subarray(36, 40).reverse())).toBe("another byte order");
  expect(await reasonOf((bytes) => writeU32(bytes, 40, 0))).toContain("shardCount");
  expect(await reasonOf((bytes) => writeU32(bytes, 40, 65_536))).toBe("short table");
  expect(await reasonOf((bytes) => writeU32(bytes, 44, 1))).toBe("header length");
  expect(await reasonOf((bytes) => writeU32(bytes, 44, 2 ** 32 - 1))).toBe("header length");
  expect(await reasonOf((bytes) => writeU32(bytes, 72, 0))).toBe("header length");
  expect(await reasonOf((bytes) => writeU32(bytes, 76, 1))).toBe("header reserved fields");
  expect(await reasonOf((bytes) => writeU32(bytes, 80 + 36, 1))).toBe("header reserved fields");
  expect(await reasonOf((bytes) => bytes.fill(1, 80 + 80 + 13, 80 + 80 + 14))).toBe("header reserved fields");
  expect(await reasonOf((bytes) => bytes.fill(0xff, 80 + 80, 80 + 81))).toBe("header layout"); // no UTF-8
  expect(await reasonOf((bytes) => writeU32(bytes, 68, 31))).toContain("replay.offset");
  expect(await reasonOf((bytes) => writeU32(bytes, 52, 2 ** 21))).toContain("replay.sequence");
  expect(await reasonOf((bytes) => writeU32(bytes, 120, 0))).toContain("segments[1].slot");
  expect(await reasonOf((bytes) => writeU32(bytes, 96, 3))).toContain("segments[0].tombstoneCount");
  expect(await reasonOf((bytes) => writeU32(bytes, tableAt, 17))).toBe("shard lengths");
  expect(await reasonOf((bytes) => writeU32(bytes, tableAt, 8))).toBe("shard lengths");
  expect(await reasonOf((bytes) => writeU32(bytes, tableAt + 4, 2 ** 32 - 1))).toBe("shard lengths");
  expect(await reasonOf((bytes) => writeU32(bytes, tableAt + 12, 1))).toBe("table reserved fields");
  expect(await reasonOf((bytes) => writeU32(bytes, tableAt + 56, 1))).toBe("table reserved fields");
  expect(await reasonOf((bytes) => writeU32(bytes, tableAt + 52, 2))).toBe("another header");
});

test("A header length beyond all measure, or beyond the file, allocates nothing", async () => {
  const whole = encode().bytes.length;
  const reasons: [number, string][] = [
    [0, "short checkpoint header"],
    [79, "short checkpoint header"],
    [84, "header checksum"],
    [whole, "header checksum"],
    [whole + 1, "header length"],
    [2_621_784, "header length"],
    [2_621_785, "header length"],
    [2 ** 32 - 1, "header length"],
  ];
  for (const [length, reason] of reasons) {
    const { bytes, expected } = encode();
    writeU32(bytes, 12, length);
    expect((await read(bytes, expected)).reading).toEqual({ kind: "unusable", reason });
  }
});

test("The longest header there can be comes back", async () => {
  const [first] = header.segments;
  const segments = Array.from({ length: 65_536 }, (_, slot) => ({ ...first!, slot, segmentId: slot + 1 }));
  const of = { ...header, segments, layout: "l".repeat(255) };
  const { bytes, expected } = encode(of);
  expect(readU32(bytes, 12)).toBe(2_621_784);
  const back = await read(bytes, expected);
  expect(back.reading).toEqual({ kind: "ok" });
  expect(back.header!.segments.at(-1)).toEqual(segments.at(-1));
});

test("A checkpoint of empty shards alone comes back", async () => {
  const of = { ...header, shardCount: 2 };
  const content = [new Uint8Array(0), new Uint8Array(0)];
  const { bytes, expected } = encode(of, content);
  expect(await read(bytes, expected)).toEqual({ reading: { kind: "ok" }, header: of, shards: content });
});

test("A header that is good in itself, before the shards and the table of another, is told from theirs", async () => {
  const { bytes, expected } = encode();
  const other = encode({ ...header, layout: "flat-keydir 2" });
  const headerBytes = readU32(bytes, 12);
  const mixed = concat([other.bytes.subarray(0, headerBytes), bytes.subarray(headerBytes)]);
  expect((await read(mixed, expected)).reading).toEqual({ kind: "unusable", reason: "another header" });
});

test("Zero bytes and arbitrary bytes are unusable", async () => {
  const { bytes: good, expected } = encode();
  for (const length of [0, 80, 84, 500]) {
    expect((await read(new Uint8Array(length), { ...expected, bytes: length })).reading.kind).toBe("unusable");
  }
  await fc.assert(
    fc.asyncProperty(anyBytes(300), fc.nat(200), async (bytes, kept) => {
      for (const content of [bytes, concat([good.subarray(0, kept), bytes])]) {
        expect((await read(content, { ...expected, bytes: content.length })).reading.kind).toBe("unusable");
      }
    }),
  );
});

test("A source that is shorter than it said is unusable", async () => {
  const { bytes, expected } = encode();
  for (let length = 0; length < bytes.length; length++) {
    const reason = length < 80 ? "short header" : "the file is too short";
    const { reading } = await read(stingySource(bytes.subarray(0, length), 50, bytes.length), expected);
    expect(reading).toEqual({ kind: "unusable", reason });
  }
  // One that has its end, but no longer its middle.
  const whole = bytesSource(bytes);
  const headerBytes = readU32(bytes, 12);
  const holey: ByteSource = {
    bytes: bytes.length,
    read: (target, at, count, position) =>
      position === headerBytes ? Promise.resolve(0) : whole.read(target, at, count, position),
  };
  const reading = { kind: "unusable", reason: "the file is too short" };
  expect(await read(holey, expected)).toMatchObject({ reading, shards: [] });
});

test("What the source or the visitor throws reaches the caller unchanged, when no read is running any more", async () => {
  const { bytes, expected } = encode();
  const broken = new Error("the disk is gone");
  await expect(read(failingSource(bytes, 40, broken), expected)).rejects.toBe(broken);

  let running = 0;
  const whole = bytesSource(bytes);
  const slow: ByteSource = {
    bytes: bytes.length,
    async read(target, at, count, position) {
      running++;
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return whole.read(target, at, count, position);
    },
  };
  const visitor = {
    header: () => true,
    shard(index: number) {
      // The next one has bytes to be read.
      if (index === 1) throw broken;
    },
  };
  await expect(readCheckpoint(slow, expected, visitor)).rejects.toBe(broken);
  expect(running).toBe(0);
});
