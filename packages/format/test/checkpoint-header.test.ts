import { expect, test } from "vitest";
import { decodeCheckpointHeader, encodeCheckpointHeader } from "../src/checkpoint-header.ts";
import { type CheckpointHeader, crc32, type Decoded } from "../src/index.ts";
import { readU32, writeU32 } from "../src/integers.ts";
import { flippedBits } from "./support.ts";

const first = {
  slot: 0,
  segmentId: 1,
  identity: 11n,
  recordCount: 50,
  recordBytes: 5_000,
  tombstoneCount: 4,
  tombstoneBytes: 90,
  expiringCount: 2,
};
const header: CheckpointHeader = {
  storeId: 7n,
  checkpointId: 9,
  layout: "flat-keydir 1",
  shardCount: 3,
  replay: { segmentId: 5, offset: 4_000, sequence: 90 },
  segments: [first, { ...first, slot: 7, segmentId: 5 }],
};

/** Makes the header's checksum right again after a change. */
function resealed(bytes: Uint8Array): Uint8Array {
  writeU32(bytes, bytes.length - 4, crc32(bytes, 0, bytes.length - 4));
  return bytes;
}

function forged(change: (bytes: Uint8Array) => void): Decoded<CheckpointHeader> {
  const bytes = encodeCheckpointHeader(header);
  change(bytes);
  return decodeCheckpointHeader(resealed(bytes));
}

const damaged = (reason: string): Decoded<CheckpointHeader> => ({ kind: "damaged", reason });

test("A header comes back as it was written, with a layout of one byte too", () => {
  for (const layout of [header.layout, "x"]) {
    const value = { ...header, layout };
    expect(decodeCheckpointHeader(encodeCheckpointHeader(value))).toEqual({ kind: "ok", value });
  }
});

test("Cut anywhere, or with a bit flipped, it is damaged, and why is told", () => {
  const bytes = encodeCheckpointHeader(header);
  for (let length = 0; length < bytes.length; length++) {
    const reason = length < 84 ? "short checkpoint header" : "header checksum";
    expect(decodeCheckpointHeader(bytes.subarray(0, length))).toEqual(damaged(reason));
  }
  for (const { flipped, at } of flippedBits(bytes)) {
    if (at < 8) expect(decodeCheckpointHeader(flipped)).toEqual(damaged("no checkpoint magic"));
    if (at >= 12) expect(decodeCheckpointHeader(flipped)).toEqual(damaged("header checksum"));
  }
});

test("Fields that cannot be are damage, though the checksum is right", () => {
  expect(forged((bytes) => writeU32(bytes, 8, 2))).toEqual({ kind: "version", version: 2 });
  expect(forged((bytes) => writeU32(bytes, 12, readU32(bytes, 12) + 8))).toEqual(damaged("header length"));
  expect(forged((bytes) => bytes.subarray(36, 40).reverse())).toEqual(damaged("another byte order"));
  expect(forged((bytes) => writeU32(bytes, 76, 1))).toEqual(damaged("header reserved fields"));
  expect(forged((bytes) => bytes.fill(0xff, 160, 161))).toEqual(damaged("header layout"));
  const shards = "header shardCount must be an integer from 1 to 65536";
  expect(forged((bytes) => writeU32(bytes, 40, 0))).toEqual(damaged(shards));
});

test("A layout whose last character only the checksum behind it makes whole is none", () => {
  const reasons = new Set<unknown>();
  for (let storeId = 1n; reasons.size === 0; storeId++) {
    const bytes = encodeCheckpointHeader({ ...header, storeId, segments: [], layout: "abcd" });
    bytes.set([0xef, 0xbf], 82); // of U+FFFD, which is EF BF BD, and what stands for bytes that are no UTF-8
    if (resealed(bytes)[84] === 0xbd) reasons.add(decodeCheckpointHeader(bytes));
  }
  expect([...reasons]).toEqual([damaged("header layout")]);
});

const refused: [string, Partial<CheckpointHeader>][] = [
  ["storeId", { storeId: 2n ** 128n }],
  ["checkpointId", { checkpointId: 0 }],
  ["layout", { layout: "" }],
  ["layout", { layout: "x".repeat(256) }],
  ["layout", { layout: "\ud800" }],
  ["shardCount", { shardCount: 0 }],
  ["shardCount", { shardCount: 65_537 }],
  ["replay.segmentId", { replay: { segmentId: -1, offset: 0, sequence: 1 } }],
  ["replay.offset", { replay: { segmentId: 0, offset: 32, sequence: 1 } }],
  ["replay.offset", { replay: { segmentId: 1, offset: 0, sequence: 1 } }],
  ["replay.sequence", { replay: { segmentId: 1, offset: 32, sequence: 0 } }],
  ["segments[0].slot", { segments: [{ ...header.segments[0]!, slot: 65_536 }] }],
  ["segments[0].segmentId", { segments: [{ ...header.segments[0]!, segmentId: 0 }] }],
  ["segments[0].identity", { segments: [{ ...header.segments[0]!, identity: -1n }] }],
  ["segments[1].slot", { segments: [header.segments[0]!, { ...header.segments[1]!, slot: 0 }] }],
  ["segments[1].segmentId", { segments: [header.segments[0]!, { ...header.segments[1]!, segmentId: 1 }] }],
  ["segments[0].recordCount", { segments: [{ ...header.segments[0]!, recordCount: 2 ** 32 }] }],
  ["segments[0].recordBytes", { segments: [{ ...header.segments[0]!, recordBytes: 0.5 }] }],
  ["segments[0].tombstoneCount", { segments: [{ ...header.segments[0]!, tombstoneCount: 51 }] }],
  ["segments[0].tombstoneBytes", { segments: [{ ...header.segments[0]!, tombstoneBytes: 5_001 }] }],
  ["segments[0].expiringCount", { segments: [{ ...header.segments[0]!, expiringCount: 51 }] }],
];

test.each(refused)("A wrong %s is refused", (argument, change) => {
  expect(() => encodeCheckpointHeader({ ...header, ...change })).toThrow(
    expect.objectContaining({ code: "FORMAT_INVALID_ARGUMENT", argument }),
  );
});

test("A refusal tells the rule", () => {
  const encoding = (change: Partial<CheckpointHeader>) => () => encodeCheckpointHeader({ ...header, ...change });
  expect(encoding({ layout: "" })).toThrow("layout must be 1 to 255 bytes of UTF-8");
  expect(encoding({ segments: [first, { ...first, segmentId: 6 }] })).toThrow("segments[1].slot must be listed once");
  expect(encoding({ segments: [first, { ...first, slot: 1 }] })).toThrow("segments[1].segmentId must be listed once");
});
