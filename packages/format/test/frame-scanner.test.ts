import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import {
  bytesSource,
  crc32,
  FRAME_HEADER_BYTES,
  placeMask,
  placeOf,
  scanFrames,
  SEGMENT_HEADER_BYTES,
} from "../src/index.ts";
import { writeU32 } from "../src/integers.ts";
import {
  anyBytes,
  anyLog,
  concat,
  failingSource,
  fence,
  flippedBits,
  frame,
  frameBytes,
  PLACE,
  put,
  scan,
  segmentBytes,
  stingySource,
  tombstone,
  utf8,
} from "./support.ts";

const log = [
  frame([put(1, "a", "one"), put(2, "b", "two", 5_000)]),
  fence(3),
  frame([tombstone(3, "a")]),
  frame([put(4, "", ""), put(5, "c", "five"), put(6, "b", "six")], { floor: 3 }),
];

test("A log comes back as it was written, whatever the chunks and however little a read gives", async () => {
  await fc.assert(
    fc.asyncProperty(
      anyLog,
      fc.integer({ min: 1, max: 3_000 }),
      fc.integer({ min: 1, max: 900 }),
      async (log, chunkBytes, most) => {
        const { bytes } = segmentBytes(log);
        const expected = { frames: log, end: { kind: "end", offset: bytes.length } };
        expect(await scan(bytes)).toEqual(expected);
        expect(await scan(stingySource(bytes, most), { chunkBytes })).toEqual(expected);
        const expectedSequence = log[0]?.firstSequence ?? 1;
        expect(await scan(bytes, { chunkBytes, expectedSequence })).toEqual(expected);
      },
    ),
  );
});

test("A frame tells where it lies in the file and in the buffer", async () => {
  const { bytes, ends } = segmentBytes(log);
  const places: number[][] = [];
  await scanFrames(bytesSource(bytes), {
    place: PLACE,
    from: SEGMENT_HEADER_BYTES,
    onFrame(frame) {
      places.push([frame.offset, frame.end]);
      expect(frame.bytes.slice(frame.payloadStart, frame.payloadEnd)).toEqual(
        bytes.slice(frame.offset + FRAME_HEADER_BYTES, frame.end),
      );
    },
  });
  expect(places).toEqual([32, ...ends.slice(0, -1)].map((start, index) => [start, ends[index]]));
});

test("A segment with nothing behind its header ends there", async () => {
  expect(await scan(segmentBytes([]).bytes)).toEqual({ frames: [], end: { kind: "end", offset: 32 } });
});

test("A scan from the middle and to the middle gives the frames in between", async () => {
  const { bytes, ends } = segmentBytes(log);
  expect(await scan(bytes, { from: ends[0]!, to: ends[2]! })).toEqual({
    frames: log.slice(1, 3),
    end: { kind: "end", offset: ends[2] },
  });
});

test("Truncated at any byte, exactly the whole frames before it come back", async () => {
  const { bytes, ends } = segmentBytes(log);
  for (let length = 0; length <= bytes.length; length++) {
    const whole = ends.filter((end) => end <= length).length;
    const { frames, end } = await scan(bytes.subarray(0, length));
    expect(frames).toEqual(log.slice(0, whole));
    const offset = ends[whole - 1] ?? 32;
    expect(end).toMatchObject({ kind: length === offset ? "end" : "unreadable", offset });
  }
});

test("With any bit flipped, exactly the frames before it come back", async () => {
  const { bytes, ends } = segmentBytes(log);
  for (const { flipped, at } of flippedBits(bytes)) {
    if (at < SEGMENT_HEADER_BYTES) continue;
    const whole = ends.filter((end) => end <= at).length;
    const { frames, end } = await scan(flipped);
    expect(frames).toEqual(log.slice(0, whole));
    expect(end).toMatchObject({ kind: "unreadable", offset: ends[whole - 1] ?? 32 });
  }
});

test("Any bytes overwritten anywhere, only frames that were written come back, from the first on", async () => {
  await fc.assert(
    fc.asyncProperty(anyLog, fc.array(fc.tuple(fc.nat(), anyBytes(40)), { maxLength: 3 }), async (log, damages) => {
      const { bytes } = segmentBytes(log);
      for (const [at, damage] of damages)
        bytes.set(damage.subarray(0, bytes.length - (at % bytes.length)), at % bytes.length);
      const { frames } = await scan(bytes, { chunkBytes: 100 });
      expect(frames).toEqual(log.slice(0, frames.length));
    }),
  );
});

test("Arbitrary bytes end in a tagged value and ask for no more memory than there are bytes", async () => {
  const content = fc.oneof(
    anyBytes(500),
    anyBytes(500).map((bytes) => concat([Uint8Array.of(0xc1, 0xf6, 0x48, 0x46), bytes])),
    fc.nat(500).map((length) => new Uint8Array(length)),
  );
  await fc.assert(
    fc.asyncProperty(content, fc.nat(200), async (bytes, from) => {
      const source = bytesSource(bytes);
      const read = vi.spyOn(source, "read");
      const { frames, end } = await scan(source, { from, chunkBytes: 64 });
      expect(frames).toEqual([]);
      expect(end).toMatchObject({ kind: from === bytes.length ? "end" : "unreadable", offset: from });
      // Two chunks in each of two buffers.
      for (const [target] of read.mock.calls) expect(target.length).toBeLessThanOrEqual(2 * 64);
      expect(new Set(read.mock.calls.map(([target]) => target)).size).toBeLessThanOrEqual(2);
    }),
  );
});

test("Why a place is unreadable is told", async () => {
  const { bytes, ends } = segmentBytes(log);
  const at = ends[1]!;
  const reasonOf = async (content: Uint8Array) => (await scan(content)).end;
  const unreadable = (reason: string) => ({ kind: "unreadable", offset: at, reason });
  const head = bytes.subarray(0, at);
  expect(await reasonOf(bytes.subarray(0, at + 31))).toEqual(unreadable("short header"));
  expect(await reasonOf(bytes.subarray(0, at + 33))).toEqual(unreadable("the frame does not fit"));
  expect(await reasonOf(concat([head, new Uint8Array(100)]))).toEqual(unreadable("zero bytes"));
  expect(await reasonOf(concat([head, new Uint8Array(32), utf8("x")]))).toEqual(unreadable("zero bytes"));
  expect(await reasonOf(concat([head, new Uint8Array(31), utf8("x")]))).toEqual(unreadable("no frame here"));
  expect(await reasonOf(concat([head, new Uint8Array(100).fill(1)]))).toEqual(unreadable("no frame here"));
  expect(await reasonOf(concat([head, bytes.subarray(32)]))).toEqual(
    unreadable("the frame header's checksum does not match"),
  );
  const rotten = bytes.slice();
  rotten[ends[2]! - 1]! ^= 1;
  expect(await reasonOf(rotten)).toEqual(unreadable("a record's checksum does not match"));
});

test("A valid header whose payload does not fit allocates nothing for it", async () => {
  const bytes = concat([new Uint8Array(32), new Uint8Array(32)]);
  const header = frameBytes(frame([put(1, "k", "v")]), PLACE, 32).subarray(0, 32);
  writeU32(header, 8, 2 ** 32 - 1);
  writeU32(header, 4, crc32(header, 8, 32) ^ placeMask(PLACE, 32));
  bytes.set(header, 32);
  expect((await scan(bytes)).end).toEqual({ kind: "unreadable", offset: 32, reason: "the frame does not fit" });
});

test("A source that is shorter than it said is unreadable where it ends", async () => {
  const { bytes, ends } = segmentBytes(log);
  for (const length of [0, 31, 32, ends[0]! + 10, ends[1]! + 40, ends[3]! - 1]) {
    const { frames, end } = await scan(stingySource(bytes.subarray(0, length), 50, bytes.length), { chunkBytes: 16 });
    const whole = ends.filter((end) => end <= length).length;
    expect(frames).toEqual(log.slice(0, whole));
    expect(end).toMatchObject({ kind: "unreadable", offset: ends[whole - 1] ?? 32, reason: "the file is too short" });
  }
});

test("A scan that has to go beyond the source is unreadable at its end, not at its end in peace", async () => {
  const { bytes } = segmentBytes(log);
  const { frames, end } = await scan(bytes, { to: bytes.length + 32 });
  expect(frames).toEqual(log);
  expect(end).toEqual({ kind: "unreadable", offset: bytes.length, reason: "the file is too short" });
});

test("A file that ends before the scan begins is unreadable", async () => {
  expect(await scan(new Uint8Array(31))).toEqual({
    frames: [],
    end: { kind: "unreadable", offset: 32, reason: "the file is too short" },
  });
});

test("A frame larger than a chunk is read whole", async () => {
  const value = "x".repeat(100_000);
  const large = [frame([put(1, "a", value)]), frame([put(2, "b", value), put(3, "c", "small")])];
  const { bytes } = segmentBytes(large);
  expect(await scan(bytes, { chunkBytes: 1_000 })).toEqual({
    frames: large,
    end: { kind: "end", offset: bytes.length },
  });
});

test("A gap in the sequences is unreadable only where a sequence is expected", async () => {
  const gap = [frame([put(1, "a", "")]), frame([put(3, "b", "")])];
  const { bytes, ends } = segmentBytes(gap);
  expect((await scan(bytes)).end.kind).toBe("end");
  expect(await scan(bytes, { expectedSequence: 1 })).toEqual({
    frames: gap.slice(0, 1),
    end: { kind: "unreadable", offset: ends[0], reason: "not the sequence expected" },
  });
  expect((await scan(bytes, { expectedSequence: 2 })).end).toMatchObject({ kind: "unreadable", offset: 32 });
});

test("A fence must name the next sequence expected, too", async () => {
  const frames = [frame([put(1, "a", "")]), fence(3, 1)];
  const { bytes, ends } = segmentBytes(frames);
  expect((await scan(bytes, { expectedSequence: 1 })).end).toMatchObject({ kind: "unreadable", offset: ends[0] });
});

test("A sparse frame has no place where sequences are expected one after the other", async () => {
  const { bytes } = segmentBytes([frame([put(1, "a", "")], { sparse: true })]);
  expect((await scan(bytes)).end.kind).toBe("end");
  expect((await scan(bytes, { expectedSequence: 1 })).end).toMatchObject({ kind: "unreadable", offset: 32 });
});

test("Sparse frames come back as they were written", async () => {
  const merged = [
    frame([put(9, "a", "1"), put(4, "b", "2")], { sparse: true }),
    frame([tombstone(2, "c")], { sparse: true }),
  ];
  expect((await scan(segmentBytes(merged).bytes)).frames).toEqual(merged);
});

test("A whole frame at another offset, or of another segment, is unreadable", async () => {
  const first = frameBytes(log[0]!, PLACE, 32);
  const moved = concat([new Uint8Array(33), first]);
  expect((await scan(moved, { from: 33 })).end).toMatchObject({ kind: "unreadable", offset: 33 });
  const foreign = concat([new Uint8Array(32), frameBytes(log[0]!, placeOf(1n), 32)]);
  expect((await scan(foreign)).end).toMatchObject({ kind: "unreadable", offset: 32 });
});

test("Stale bytes of the same segment behind its end are unreadable, though they once were valid frames", async () => {
  const { bytes, ends } = segmentBytes(log);
  const stale = concat([bytes.subarray(0, ends[1]), bytes.subarray(32, ends[1])]);
  expect((await scan(stale)).end).toMatchObject({ kind: "unreadable", offset: ends[1] });
});

test("Frames and magics inside of values are only values", async () => {
  const inner = segmentBytes(log).bytes;
  const value = concat([utf8("x"), inner, Uint8Array.of(0xc1, 0xf6, 0x48, 0x46), inner]);
  const outer = [frame([{ sequence: 1, key: inner, value, expiresAtMs: 0 }]), fence(2)];
  const { bytes } = segmentBytes(outer);
  expect(await scan(bytes, { chunkBytes: 64 })).toEqual({ frames: outer, end: { kind: "end", offset: bytes.length } });
});

test("Frames are given one at a time: the next one waits for the promise", async () => {
  const events: string[] = [];
  await scanFrames(bytesSource(segmentBytes(log).bytes), {
    place: PLACE,
    from: 32,
    async onFrame({ header }) {
      events.push(`begin ${header.firstSequence}`);
      await Promise.resolve();
      events.push(`end ${header.firstSequence}`);
    },
  });
  expect(events).toEqual(log.flatMap(({ firstSequence: first }) => [`begin ${first}`, `end ${first}`]));
});

test("What the source or the callback throws reaches the caller unchanged", async () => {
  const { bytes, ends } = segmentBytes(log);
  const broken = new Error("the disk is gone");
  await expect(scan(failingSource(bytes, ends[1]!, broken), { chunkBytes: 40 })).rejects.toBe(broken);
  await expect(
    scan(bytes, {
      onFrame() {
        throw broken;
      },
    }),
  ).rejects.toBe(broken);
});

test("With verifyRecords false damaged headers end the scan, and damaged records are handed over", async () => {
  const { bytes, ends } = segmentBytes(log);
  const scanned = async (damagedAt: number): Promise<number[]> => {
    const damaged = bytes.slice();
    damaged[damagedAt]! ^= 1;
    const offsets: number[] = [];
    await scanFrames(bytesSource(damaged), {
      place: PLACE,
      from: SEGMENT_HEADER_BYTES,
      verifyRecords: false,
      onFrame: ({ offset }) => void offsets.push(offset),
    });
    return offsets;
  };
  const starts = [SEGMENT_HEADER_BYTES, ...ends.slice(0, -1)];
  expect(await scanned(ends[0]! - 1)).toEqual(starts);
  expect(await scanned(ends[3]! - 1)).toEqual(starts);
  expect(await scanned(ends[2]! + 20)).toEqual(starts.slice(0, 3));
});
