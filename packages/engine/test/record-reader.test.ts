import { FRAME_HEADER_BYTES, placeOf, recordBytes, sealFrame, writeRecordHeader } from "@hashlog/format";
import { memoryFileSystem } from "@hashlog/fs-io";
import { expect, test } from "vitest";
import { RecordReader } from "../src/record-reader.ts";
import { newLocation } from "../src/segment-table.ts";
import { Segment } from "../src/segment.ts";
import { rejection, text, utf8Bytes } from "./support/values.ts";

const OFFSET = FRAME_HEADER_BYTES;

/** A segment that begins with one frame of one record, without a header before it. */
async function segmentWith(key: string, value: string): Promise<Segment> {
  const place = placeOf(4711n);
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + recordBytes(key.length, value.length, false));
  const keyStart = writeRecordHeader(bytes, FRAME_HEADER_BYTES, 1, key.length, value.length, false, 0);
  bytes.set(utf8Bytes(key + value), keyStart);
  const header = { recordCount: 1, firstSequence: 1, floor: 0, acknowledgedWhenSynced: false, sparse: false };
  sealFrame(bytes, 0, bytes.length, header, place, 0);
  const file = await memoryFileSystem().create("/a.segment");
  file.append(bytes, 0, bytes.length);
  const state = { kind: "unsealed", firstSequence: 1, bytes: () => bytes.length } as const;
  return new Segment({ slot: 0, segmentId: 7, place, path: file.path, file, state });
}

const at = (offset: number, valueBytes: number): ReturnType<typeof newLocation> => ({
  ...newLocation(),
  offset,
  valueBytes,
});

/** Both ways of reading say the same. */
async function read(segment: Segment, offset: number, valueBytes: number, key: string): Promise<unknown> {
  const reader = new RecordReader();
  const later = await reader
    .read(segment, at(offset, valueBytes), utf8Bytes(key))
    .then(text, (error: unknown) => error);
  const now = await rejection(
    (async () => Promise.reject(text(reader.readSync(segment, at(offset, valueBytes), utf8Bytes(key)))))(),
  );
  expect(now).toEqual(later);
  return later;
}

test("a record is read where it lies, by its own key", async () => {
  expect(await read(await segmentWith("key", "value"), OFFSET, 5, "key")).toBe("value");
});

test.each([
  ["another key of the same length", OFFSET, 5, "kez"],
  ["a key that is longer by what its value is shorter", OFFSET, 4, "keyv"],
  ["a value that is longer than it is", OFFSET, 6, "key"],
  ["a place beside it", OFFSET + 1, 5, "key"],
])("a record that should have %s is told as damage, with its place", async (_what, offset, valueBytes, key) => {
  expect(await read(await segmentWith("key", "value"), offset, valueBytes, key)).toMatchObject({
    code: "HASHLOG_CORRUPT",
    segmentId: 7,
    offset,
  });
});

test("a file that ends within the record is told by how much, and only then there are two numbers of bytes", async () => {
  const segment = await segmentWith("key", "value");
  const failure = await read(segment, OFFSET, 8, "key");
  expect((failure as Error).message).toMatch(/ends 3 bytes too early$/);
  const expected = recordBytes(3, 8, false);
  expect(failure).toMatchObject({ expected, actual: expected - 3 });
  expect(await read(segment, OFFSET, 5, "kez")).not.toHaveProperty("expected");
});
