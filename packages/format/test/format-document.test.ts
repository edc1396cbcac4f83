import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { crc32, decodeSegmentHeader, placeMask, placeOf } from "../src/index.ts";
import { CHECKPOINT_MAGIC, HINT_MAGIC, MANIFEST_MAGIC, SEGMENT_MAGIC } from "../src/magic.ts";
import { fence, frame, frameBytes, PLACE, put, scan, segmentBytes, tombstone, utf8 } from "./support.ts";

/** What FORMAT.md says is what the code does, as far as it can be read by a machine. */
const document = readFileSync(new URL("../FORMAT.md", import.meta.url), "utf8");

const meant = [frame([put(1, "ada", "hi"), tombstone(2, "bob")]), fence(3, 2)];

interface HexLine {
  readonly offset: number;
  readonly bytes: number[];
  readonly note: string;
}

function exampleLines(): HexLine[] {
  const block = /```hex\n(.*?)```/s.exec(document)![1]!;
  return [...block.matchAll(/^([0-9a-f]{4}) {2}((?:[0-9a-f]{2} )+) +(.*)$/gm)].map(([, offset, hex, note]) => {
    return {
      offset: Number.parseInt(offset!, 16),
      bytes: hex!
        .trim()
        .split(" ")
        .map((byte) => Number.parseInt(byte, 16)),
      note: note!,
    };
  });
}

/** The formula of section 4.2, in another arithmetic than the code's. */
function maskAsWritten(identity: bigint, offset: bigint): number {
  const modulus = 2n ** 32n;
  let m = ((offset * 0x9e3779b1n) % modulus) ^ (identity % modulus);
  m = (((m ^ (m >> 16n)) * 0x85ebca6bn) % modulus) ^ (identity >> 32n);
  m = ((m ^ (m >> 13n)) * 0xc2b2ae35n) % modulus;
  return Number(m ^ (m >> 16n));
}

test("The bytes of the example are those that the code writes", () => {
  const bytes = exampleLines().flatMap((line) => line.bytes);
  expect(bytes).toEqual([...segmentBytes(meant).bytes]);
});

test("The example reads as its annotations say", async () => {
  const bytes = Uint8Array.from(exampleLines().flatMap((line) => line.bytes));
  const header = { segmentId: 1, identity: PLACE.identity };
  expect(decodeSegmentHeader(bytes)).toEqual({ kind: "ok", value: header });
  expect((await scan(bytes, { expectedSequence: 1 })).frames).toEqual(meant);
});

test("The offsets of the example are where its lines lie, and nothing is left out", () => {
  let at = 0;
  for (const line of exampleLines()) {
    expect(line.offset).toBe(at);
    at += line.bytes.length;
  }
  expect(exampleLines().every(({ note }) => note.length > 0)).toBe(true);
});

test("The sums in the example's annotations come out", () => {
  const bytes = Uint8Array.from(exampleLines().flatMap((line) => line.bytes));
  const view = new DataView(bytes.buffer);
  const sums = exampleLines().flatMap(({ offset, note }) => {
    const match = /crc of \[([0-9a-f]+), ([0-9a-f]+)\)(?: XOR mask\(identity, ([0-9a-f]+)\))?/.exec(note);
    if (match === null) return [];
    const [start, end, place] = match.slice(1).map((hex) => (hex === undefined ? undefined : Number.parseInt(hex, 16)));
    const mask = place === undefined ? 0 : maskAsWritten(PLACE.identity, BigInt(place));
    return [{ stored: view.getUint32(offset, true), sum: (crc32(bytes, start, end) ^ mask) >>> 0 }];
  });
  expect(sums).toHaveLength(5);
  for (const { stored, sum } of sums) expect(stored).toBe(sum);
});

test("The mask is the one of the formula", () => {
  const anyIdentity = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  fc.assert(
    fc.property(anyIdentity, fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }), (identity, offset) => {
      expect(placeMask(placeOf(identity), Number(offset))).toBe(maskAsWritten(identity, offset));
    }),
  );
});

test("The masks of the table come out", () => {
  const rows = [...document.matchAll(/^\| `([0-9a-f]{16})` \| `([0-9a-f]{8})` \| `([0-9a-f]{8})` \|$/gm)];
  expect(rows).toHaveLength(5);
  for (const [, identity, offset, mask] of rows) {
    expect(placeMask(placeOf(BigInt(`0x${identity}`)), Number.parseInt(offset!, 16))).toBe(Number.parseInt(mask!, 16));
  }
});

test("The check value of the CRC comes out", () => {
  const value = /of the nine bytes `123456789`, is `([0-9A-F]{8})`/.exec(document)![1]!;
  expect(crc32(utf8("123456789"))).toBe(Number.parseInt(value, 16));
});

test("The magics of the table are those that are written", () => {
  const rows = [...document.matchAll(/^\| `(c1 [0-9a-f ]+)` \|/gm)].map(([, hex]) => hex);
  const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const written = [
    SEGMENT_MAGIC,
    HINT_MAGIC,
    CHECKPOINT_MAGIC,
    MANIFEST_MAGIC,
    frameBytes(fence(1), PLACE, 32).subarray(0, 4),
  ];
  expect(rows).toEqual(written.map(hex));
});
