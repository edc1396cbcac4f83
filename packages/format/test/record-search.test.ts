import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type ByteSource, bytesSource, findRecords, placeOf, type RecordSearchOptions } from "../src/index.ts";
import {
  anyBytes,
  anyLog,
  bytesOfRecord,
  concat,
  failingSource,
  type FrameSpec,
  frame,
  frameBytes,
  PLACE,
  put,
  recordsIn,
  type RecordSpec,
  segmentBytes,
  stingySource,
  tombstone,
} from "./support.ts";

interface Found {
  readonly offset: number;
  readonly record: RecordSpec;
}

async function search(content: Uint8Array | ByteSource, options: Partial<RecordSearchOptions> = {}): Promise<Found[]> {
  const source = content instanceof Uint8Array ? bytesSource(content) : content;
  const found: Found[] = [];
  await findRecords(source, {
    place: PLACE,
    from: 0,
    to: source.bytes,
    onRecord: (bytes, at, fields, offset) => {
      found.push({ offset, record: recordsIn(bytes, at, fields.end)[0]! });
    },
    ...options,
  });
  return found;
}

/** Where each record of a log lies. */
function placesOf(log: readonly FrameSpec[]): Found[] {
  let offset = 32;
  return log.flatMap(({ records }) => {
    offset += 32;
    return records.map((record) => {
      const place = { offset, record };
      offset += bytesOfRecord(record);
      return place;
    });
  });
}

test("Every record of a log is found, whatever of it is read at once", async () => {
  await fc.assert(
    fc.asyncProperty(anyLog, fc.integer({ min: 1, max: 700 }), async (log, chunkBytes) => {
      const { bytes } = segmentBytes(log);
      expect(await search(bytes)).toEqual(placesOf(log));
      expect(await search(bytes, { chunkBytes })).toEqual(placesOf(log));
      expect(await search(stingySource(bytes, 13), { chunkBytes })).toEqual(placesOf(log));
    }),
  );
});

test("A record is found behind any bytes, and before any", async () => {
  await fc.assert(
    fc.asyncProperty(anyLog, fc.nat(), anyBytes(60), async (log, where, spoilt) => {
      const { bytes } = segmentBytes(log);
      const at = where % bytes.length;
      const content = bytes.slice();
      content.set(spoilt.subarray(0, bytes.length - at), at);
      const end = at + Math.min(spoilt.length, bytes.length - at);
      const whole = placesOf(log).filter(({ offset, record }) => offset >= end || offset + bytesOfRecord(record) <= at);
      const found = await search(content);
      for (const place of whole) expect(found).toContainEqual(place);
    }),
  );
});

test("Records of any length are found, the shortest one at the very end as well", async () => {
  const log = [frame([put(1, "a", "x".repeat(5_000)), put(2, "b", "y".repeat(700_000)), tombstone(3, "")])];
  expect(await search(segmentBytes(log).bytes)).toEqual(placesOf(log));
});

test("Only records with a sequence that may be there are found", async () => {
  const { bytes } = segmentBytes([frame([put(3, "a", "1"), put(4, "b", "2", 77), tombstone(5, "c")])]);
  const sequences = async (options: Partial<RecordSearchOptions>): Promise<number[]> =>
    (await search(bytes, options)).map(({ record }) => record.sequence);
  expect(await sequences({})).toEqual([3, 4, 5]);
  expect(await sequences({ lowestSequence: 4 })).toEqual([4, 5]);
  expect(await sequences({ highestSequence: 4 })).toEqual([3, 4]);
  expect(await sequences({ lowestSequence: 6 })).toEqual([]);
});

test("Only records between `from` and `to` are found", async () => {
  const { bytes } = segmentBytes([frame([put(3, "a", "1"), put(4, "b", "2")])]);
  const first = 64;
  const second = first + 20;
  expect(await search(bytes, { from: first, to: second })).toHaveLength(1);
  expect(await search(bytes, { from: first + 1 })).toHaveLength(1);
  expect(await search(bytes, { to: bytes.length - 1 })).toHaveLength(1);
  expect(await search(bytes, { from: bytes.length, to: bytes.length + 100 })).toEqual([]);
});

test("A record of another place is none", async () => {
  const { bytes } = segmentBytes([frame([put(3, "a", "1")])]);
  expect(await search(concat([new Uint8Array(1), bytes]))).toEqual([]);
  expect(await search(bytes, { place: placeOf(1n) })).toEqual([]);
});

test("Bytes that look like long records everywhere hide no record behind them", async () => {
  const record = frameBytes(frame([put(1, "a", "1")]), PLACE, 1 << 19);
  const content = new Uint8Array((1 << 19) + record.length);
  // At every 26th byte the flags, sequence and lengths of a record with a value of 192 KiB.
  for (let at = 0; at + 26 <= 1 << 19; at += 26) {
    content[at + 4] = 0x80;
    content[at + 5] = 1;
    content[at + 16] = 3;
  }
  content.set(record, 1 << 19);
  expect(await search(content)).toEqual([{ offset: (1 << 19) + 32, record: put(1, "a", "1") }]);
});

test("A source that ends early ends the search, and one that fails fails it", async () => {
  const { bytes } = segmentBytes([frame([put(3, "a", "1"), put(4, "b", "2")])]);
  expect(await search(stingySource(bytes.subarray(0, 96), 1000, bytes.length))).toHaveLength(1);
  const error = new Error("no");
  await expect(search(failingSource(bytes, 90, error), { chunkBytes: 10 })).rejects.toBe(error);
});
