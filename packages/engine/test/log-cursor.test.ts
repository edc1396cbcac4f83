import {
  encodeSegmentHeader,
  FRAME_HEADER_BYTES,
  placeOf,
  recordBytes,
  sealFrame,
  sealFrameHeader,
  sealRecord,
  SEGMENT_HEADER_BYTES,
  writeRecordHeader,
} from "@hashlog/format";
import { memoryFileSystem, type ReadFile } from "@hashlog/fs-io";
import { describe, expect, test } from "vitest";
import { LogCursor } from "../src/log-cursor.ts";
import { ReadPace } from "../src/read-pace.ts";
import { Segment } from "../src/segment.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { rejection } from "./support/values.ts";
import { writeFile } from "./support/roads.ts";

const IDENTITY = 0x0123_4567_89ab_cdefn;
const PLACE = placeOf(IDENTITY);
const PATH = "/segment";

/** What a frame says, and what lies in it. */
interface Spec {
  readonly first: number;
  readonly sequences: readonly number[];
  readonly count?: number;
  readonly sparse?: boolean;
  /** Changes the records before their checksums are right; those stay so. */
  readonly spoil?: (bytes: Uint8Array) => void;
  /** Bytes of the value of each. */
  readonly valueBytes?: number;
}

function writeFrame(bytes: Uint8Array, start: number, spec: Spec): number {
  let at = start + FRAME_HEADER_BYTES;
  const { valueBytes = 4 } = spec;
  for (const sequence of spec.sequences) {
    const keyAt = writeRecordHeader(bytes, at, sequence, 1, valueBytes, false, 0);
    bytes[keyAt] = 0x61;
    at += recordBytes(1, valueBytes, false);
  }
  const recordLength = recordBytes(1, valueBytes, false);
  for (let record = start + FRAME_HEADER_BYTES; record < at; record += recordLength) {
    sealRecord(bytes, record, record + recordLength, PLACE, record);
  }
  spec.spoil?.(bytes.subarray(start + FRAME_HEADER_BYTES, at));
  const header = {
    recordCount: spec.count ?? spec.sequences.length,
    firstSequence: spec.first,
    floor: 0,
    acknowledgedWhenSynced: false,
    sparse: spec.sparse ?? false,
  };
  sealFrameHeader(bytes, start, at, header, PLACE, start);
  return at;
}

/** A cursor at the beginning of a segment with those frames, whose sequences begin with 1. */
async function cursorOf(
  frames: readonly Spec[],
  { scanBytes = 100, lessBytes = 0 }: { scanBytes?: number; lessBytes?: number } = {},
): Promise<{ readonly cursor: LogCursor; readonly segment: Segment }> {
  const bytes = new Uint8Array(100_000);
  bytes.set(encodeSegmentHeader({ segmentId: 1, identity: IDENTITY }));
  let end = SEGMENT_HEADER_BYTES;
  for (const frame of frames) end = writeFrame(bytes, end, frame);
  const fileSystem = memoryFileSystem();
  await writeFile(fileSystem, PATH, bytes.subarray(0, end));
  const file: ReadFile = await fileSystem.openRead(PATH);
  const state = { kind: "unsealed", firstSequence: 1, bytes: () => end - lessBytes } as const;
  const segment = new Segment({ slot: 0, segmentId: 1, place: PLACE, path: PATH, file, state });
  const cursor = new LogCursor({ segment, first: 1, last: Infinity }, { scanBytes });
  cursor.goOn(segment);
  return { cursor, segment };
}

/** The sequences of all that it finds. */
async function walk(cursor: LogCursor, after: number, upTo: number): Promise<number[]> {
  const pace = new ReadPace(new FakeClock(), true, 1);
  const found: number[] = [];
  for (let at = after; ;) {
    const wanted = cursor.step(at, upTo);
    if (wanted < 0) return found;
    if (wanted > 0) {
      await cursor.load(wanted, pace);
      continue;
    }
    at = cursor.fields.sequence;
    found.push(at);
  }
}

const TWO: readonly Spec[] = [
  { first: 1, sequences: [1, 2] },
  { first: 3, sequences: [] },
  { first: 3, sequences: [3, 4, 5] },
];

describe("a cursor in a segment", () => {
  test("finds the records of a range, whatever is read at once, and stays where it is", async () => {
    for (const scanBytes of [1, 40, 64, 1000]) {
      for (const after of [0, 1, 2, 3, 4]) {
        const { cursor } = await cursorOf(TWO, { scanBytes });
        const all = [1, 2, 3, 4, 5].filter((sequence) => sequence > after);
        expect(await walk(cursor, after, 4)).toEqual(all.filter((sequence) => sequence <= 4));
        expect(await walk(cursor, 4, 4)).toEqual([]);
        expect(await walk(cursor, 4, 5)).toEqual([5]);
      }
    }
  });

  test("looks at nothing behind what is wanted", async () => {
    const { cursor } = await cursorOf([...TWO, { first: 7, sequences: [7] }]);
    expect(await walk(cursor, 0, 5)).toEqual([1, 2, 3, 4, 5]);
    expect(await rejection(walk(cursor, 5, 6))).toMatchObject({ code: "HASHLOG_CORRUPT", expected: 6 });
  });

  test("lets go of a record that was larger than a piece", async () => {
    const large = { first: 1, sequences: [1], valueBytes: 5000 };
    const { cursor } = await cursorOf([large, { first: 2, sequences: [2] }]);
    expect(await walk(cursor, 0, 1)).toEqual([1]);
    cursor.rest();
    cursor.rest();
    expect(await walk(cursor, 1, 2)).toEqual([2]);
  });

  test("goes on by another handle of the same file only", async () => {
    const { cursor, segment } = await cursorOf(TWO);
    expect(await walk(cursor, 0, 3)).toEqual([1, 2, 3]);
    const { cursor: other, segment: same } = await cursorOf(TWO);
    expect(cursor.isOf(same)).toBe(true);
    cursor.goOn(same);
    expect(await walk(cursor, 3, 5)).toEqual([4, 5]);
    expect(await walk(other, 0, 5)).toEqual([1, 2, 3, 4, 5]);
    const { slot, path, file, state, place } = segment;
    expect(cursor.isOf(new Segment({ slot, path, file, state, place, segmentId: 2 }))).toBe(false);
    expect(cursor.isOf(new Segment({ slot, path, file, state, place: placeOf(1n), segmentId: 1 }))).toBe(false);
  });
});

/** Where the frames of the damaged segments begin: behind one of a single record of four bytes. */
const SECOND = SEGMENT_HEADER_BYTES + FRAME_HEADER_BYTES + recordBytes(1, 4, false);
const FIRST: Spec = { first: 1, sequences: [1] };
const RECORD = recordBytes(1, 4, false);

describe("damage is told with its place:", () => {
  test.each<[string, Spec, number, string]>([
    ["a frame of other sequences", { first: 3, sequences: [3] }, SECOND, "another sequence stands there"],
    ["a sparse frame", { first: 2, sequences: [2], sparse: true }, SECOND, "another sequence stands there"],
    [
      "a record whose bytes have changed",
      { first: 2, sequences: [2, 3], spoil: (bytes) => (bytes[RECORD + 20]! ^= 1) },
      SECOND + FRAME_HEADER_BYTES + RECORD,
      "the record's checksum does not match",
    ],
    [
      "a record that is none",
      { first: 2, sequences: [2], spoil: (bytes) => bytes.fill(0) },
      SECOND + FRAME_HEADER_BYTES,
      "the record is not well-formed",
    ],
    [
      "a record that is longer than its frame",
      { first: 2, sequences: [2], spoil: (bytes) => (bytes[16] = 1) },
      SECOND + FRAME_HEADER_BYTES,
      "the record is not well-formed",
    ],
    [
      "a record of another sequence",
      { first: 2, sequences: [2, 4] },
      SECOND + FRAME_HEADER_BYTES + RECORD,
      "another sequence stands there",
    ],
    [
      "a sequence that is none",
      {
        first: 2,
        sequences: [2],
        spoil: (bytes) => bytes.fill(0, 5, 12),
      },
      SECOND + FRAME_HEADER_BYTES,
      "the record is not well-formed",
    ],
    [
      "a frame with fewer records than it says",
      { first: 2, sequences: [2, 3], count: 3, valueBytes: 40 },
      SECOND + FRAME_HEADER_BYTES + 2 * recordBytes(1, 40, false),
      "the frame ends too early",
    ],
  ])("%s", async (_name, spec, offset, reason) => {
    const { cursor } = await cursorOf([FIRST, spec, { first: 20, sequences: [20] }]);
    const error = await rejection(walk(cursor, 0, 10));
    expect(error).toMatchObject({ code: "HASHLOG_CORRUPT", path: PATH, segmentId: 1, offset, actual: reason });
    // Asked again it says so again: nothing is passed over.
    expect(await rejection(walk(cursor, 1, 10))).toMatchObject({ code: "HASHLOG_CORRUPT" });
  });

  test("records that end before their frame", async () => {
    const { cursor } = await cursorOf([FIRST, { first: 2, sequences: [2, 3], count: 1 }]);
    const offset = SECOND + FRAME_HEADER_BYTES + RECORD;
    const actual = "the records do not fill their frame";
    expect(await rejection(walk(cursor, 0, 10))).toMatchObject({
      code: "HASHLOG_CORRUPT",
      offset,
      expected: 3,
      actual,
    });
  });

  test("no frame where one has to be", async () => {
    const { cursor, segment } = await cursorOf([FIRST, { first: 2, sequences: [2] }]);
    const fileSystem = memoryFileSystem();
    const content = new Uint8Array(segment.bytes);
    await segment.file.read(content, 0, content.length, 0);
    content.fill(0, SECOND, SECOND + 4);
    await writeFile(fileSystem, PATH, content);
    const file = await fileSystem.openRead(PATH);
    const { state, place, path, slot, segmentId } = segment;
    cursor.goOn(new Segment({ file, state, place, path, slot, segmentId }));
    expect(await rejection(walk(cursor, 0, 2))).toMatchObject({ offset: SECOND, expected: 2, actual: "no frame here" });
  });

  test("a frame that reaches beyond what belongs to the store, and an end that comes too early", async () => {
    const beyond = await cursorOf([FIRST, { first: 2, sequences: [2] }], { lessBytes: 1 });
    expect(await rejection(walk(beyond.cursor, 0, 2))).toMatchObject({
      offset: SECOND,
      actual: "the frame does not fit",
    });
    const early = await cursorOf([FIRST]);
    expect(await rejection(walk(early.cursor, 0, 2))).toMatchObject({ offset: SECOND, actual: "it ends there" });
  });
});

test("what a writer seals is what a cursor reads", async () => {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES + FRAME_HEADER_BYTES + RECORD);
  bytes.set(encodeSegmentHeader({ segmentId: 1, identity: IDENTITY }));
  const from = SEGMENT_HEADER_BYTES;
  writeRecordHeader(bytes, from + FRAME_HEADER_BYTES, 1, 1, 4, false, 0);
  const header = { recordCount: 1, firstSequence: 1, floor: 0, acknowledgedWhenSynced: true, sparse: false };
  sealFrame(bytes, from, bytes.length, header, PLACE, from);
  const { cursor, segment } = await cursorOf([]);
  const fileSystem = memoryFileSystem();
  await writeFile(fileSystem, PATH, bytes);
  const state = { kind: "unsealed", firstSequence: 1, bytes: () => bytes.length } as const;
  const { place, path, slot, segmentId } = segment;
  cursor.goOn(new Segment({ file: await fileSystem.openRead(PATH), state, place, path, slot, segmentId }));
  expect(await walk(cursor, 0, 1)).toEqual([1]);
});
