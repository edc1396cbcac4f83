import { expect, test } from "vitest";
import { bytesSource, CheckpointEncoder, describeCheckpoint, readCheckpoint } from "../src/index.ts";
import { concat, failingSource, stingySource, utf8 } from "./support.ts";

const header = {
  storeId: 7n,
  checkpointId: 9,
  layout: "a layout",
  shardCount: 2,
  replay: { segmentId: 5, offset: 4000, sequence: 90 },
  segments: [],
};

function written(): { readonly bytes: Uint8Array; readonly crc: number } {
  const pieces: Uint8Array[] = [];
  const encoder = new CheckpointEncoder(header, (piece) => pieces.push(piece.slice()));
  encoder.shard(0, utf8("one"));
  encoder.shard(1, utf8("two"));
  const { crc } = encoder.finish();
  return { bytes: concat(pieces), crc };
}

test("a checkpoint says which one it is, and is read by that", async () => {
  const { bytes, crc } = written();
  const described = await describeCheckpoint(bytesSource(bytes));
  expect(described).toEqual({ kind: "ok", value: { storeId: 7n, checkpointId: 9, bytes: bytes.length, crc } });
  const shards: Uint8Array[] = [];
  if (described.kind !== "ok") throw new Error("described it was");
  const visitor = { header: () => true, shard: (_index: number, shard: Uint8Array) => void shards.push(shard) };
  expect(await readCheckpoint(bytesSource(bytes), described.value, visitor)).toEqual({ kind: "ok" });
  expect(shards).toEqual([utf8("one"), utf8("two")]);
});

test("what is no checkpoint says so, wherever it was cut off, and no byte of a header goes unchecked", async () => {
  const { bytes } = written();
  const headerBytes = bytes[12]!;
  for (let length = 0; length < headerBytes; length += 1) {
    const reason = length < 80 ? "short header" : "header length";
    expect(await describeCheckpoint(bytesSource(bytes.slice(0, length)))).toEqual({ kind: "damaged", reason });
  }
  for (let at = 0; at < headerBytes; at += 1) {
    const flipped = bytes.slice();
    flipped[at]! ^= 0x10;
    expect((await describeCheckpoint(bytesSource(flipped))).kind, `byte ${at}`).toBe("damaged");
  }
});

test("a file that is cut off behind its header is described, and found out when it is read", async () => {
  const bytes = written().bytes.slice(0, -8);
  const described = await describeCheckpoint(bytesSource(bytes));
  if (described.kind !== "ok") throw new Error("the header is whole");
  const visitor = { header: () => true, shard: () => undefined };
  expect((await readCheckpoint(bytesSource(bytes), described.value, visitor)).kind).toBe("unusable");
});

test("a source that has its header and not its end is damaged", async () => {
  const { bytes } = written();
  const short = stingySource(bytes.subarray(0, bytes.length - 4), 50, bytes.length);
  expect(await describeCheckpoint(short)).toEqual({ kind: "damaged", reason: "the file is too short" });
});

test("what the source fails of is not swallowed", async () => {
  const { bytes } = written();
  const error = new Error("the disk is gone");
  await expect(describeCheckpoint(failingSource(bytes, 0, error))).rejects.toBe(error);
  await expect(describeCheckpoint(failingSource(bytes, bytes.length - 16, error))).rejects.toBe(error);
});
