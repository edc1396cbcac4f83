import { expect, test, vi } from "vitest";
import {
  type ByteSource,
  bytesSource,
  findRecords,
  findTestimony,
  scanFrames,
  SEGMENT_HEADER_BYTES,
} from "../src/index.ts";
import { failingSource, frame, PLACE, put, segmentBytes } from "./support.ts";

const CHUNK_BYTES = 200;
const from = { place: PLACE, from: SEGMENT_HEADER_BYTES, chunkBytes: CHUNK_BYTES };
const { bytes, ends } = segmentBytes(
  Array.from({ length: 20 }, (_, index) => frame([put(index + 1, `key ${index}`, "v".repeat(40))])),
);

/** A source whose reads wait until they are let go. */
class HeldSource implements ByteSource {
  readonly bytes = bytes.length;
  readonly positions: number[] = [];
  readonly #whole = bytesSource(bytes);
  readonly #held: (() => void)[] = [];
  underWay = 0;

  async read(target: Uint8Array, at: number, count: number, position: number): Promise<number> {
    this.positions.push(position);
    this.underWay += 1;
    await new Promise<void>((resolve) => this.#held.push(resolve));
    this.underWay -= 1;
    return this.#whole.read(target, at, count, position);
  }

  async letGo(): Promise<void> {
    this.#held.shift()!();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("While frames are looked at, one read is ahead", async () => {
  const source = new HeldSource();
  let frames = 0;
  const scan = scanFrames(source, { ...from, onFrame: () => void (frames += 1) });
  expect(source.positions).toEqual([SEGMENT_HEADER_BYTES]);
  await source.letGo();
  expect(frames).toBe(ends.filter((end) => end <= SEGMENT_HEADER_BYTES + CHUNK_BYTES).length);
  expect(source.positions).toEqual([SEGMENT_HEADER_BYTES, SEGMENT_HEADER_BYTES + CHUNK_BYTES]);
  while (source.underWay > 0) await source.letGo();
  expect(await scan).toEqual({ kind: "end", offset: bytes.length });
  expect(frames).toBe(ends.length);
});

const walks: [string, (source: ByteSource, stop: () => never) => Promise<unknown>][] = [
  ["scan", (source, stop) => scanFrames(source, { ...from, onFrame: stop })],
  ["search for testimony", (source, stop) => findTestimony(source, { ...from, onTestimony: stop })],
  ["search for records", (source, stop) => findRecords(source, { ...from, to: source.bytes, onRecord: stop })],
];

test.each(walks)("A %s that is ended by its caller waits for what is being read", async (_, walk) => {
  const source = new HeldSource();
  const enough = new Error("enough");
  let ended = false;
  const walking = walk(source, () => {
    throw enough;
  }).catch((error: unknown) => {
    ended = true;
    return error;
  });
  await source.letGo();
  expect({ ended, underWay: source.underWay }).toEqual({ ended: false, underWay: 1 });
  await source.letGo();
  expect(await walking).toBe(enough);
  expect(source.underWay).toBe(0);
});

test("What a read ahead fails of is told when its bytes are wanted, and not before", async () => {
  const broken = new Error("the disk is gone");
  const brokenFrom = SEGMENT_HEADER_BYTES + 2 * CHUNK_BYTES + 1;
  let frames = 0;
  const source = failingSource(bytes, brokenFrom, broken);
  const scan = scanFrames(source, { ...from, onFrame: () => void (frames += 1) });
  await expect(scan).rejects.toBe(broken);
  expect(frames).toBe(ends.filter((end) => end <= SEGMENT_HEADER_BYTES + 2 * CHUNK_BYTES).length);
});

test("What a read ahead fails of is nobody's concern where the scan ends before", async () => {
  const content = bytes.slice();
  content[ends[0]!]! ^= 1;
  const source = failingSource(content, SEGMENT_HEADER_BYTES + CHUNK_BYTES + 1, new Error("the disk is gone"));
  expect(await scanFrames(source, { ...from, onFrame: () => undefined })).toMatchObject({
    kind: "unreadable",
    offset: ends[0],
  });
});

test("A read ahead that fails while a frame is looked at is not an error that nobody handles", async () => {
  const source = failingSource(bytes, SEGMENT_HEADER_BYTES + CHUNK_BYTES + 1, new Error("the disk is gone"));
  const unhandled = vi.fn<() => void>();
  process.on("unhandledRejection", unhandled);
  try {
    const onFrame = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      throw new Error("enough");
    };
    await expect(scanFrames(source, { ...from, onFrame })).rejects.toThrow("enough");
    expect(unhandled).not.toHaveBeenCalled();
  } finally {
    process.off("unhandledRejection", unhandled);
  }
});
