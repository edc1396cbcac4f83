import * as fc from "fast-check";
import { expect, test } from "vitest";
import { crc32, decodeSegmentHeader, encodeSegmentHeader, FormatError, SEGMENT_HEADER_BYTES } from "../src/index.ts";
import { writeU32 } from "../src/integers.ts";
import { anyBytes, concat, flippedBits } from "./support.ts";

const header = { segmentId: 7, identity: 0x0123_4567_89ab_cdefn };

/** Changes a field and makes the checksum right again. */
function forged(at: number, value: number): Uint8Array {
  const bytes = encodeSegmentHeader(header);
  writeU32(bytes, at, value);
  writeU32(bytes, 28, crc32(bytes, 0, 28));
  return bytes;
}

test("A header comes back as it was written, also with more bytes behind it", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 32 - 1 }),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      anyBytes(50),
      (segmentId, identity, rest) => {
        const bytes = concat([encodeSegmentHeader({ segmentId, identity }), rest]);
        expect(decodeSegmentHeader(bytes)).toEqual({ kind: "ok", value: { segmentId, identity } });
      },
    ),
  );
});

test("A header that is cut anywhere is damaged, also one of a later version where that is not whole", () => {
  const bytes = encodeSegmentHeader(header);
  const short = { kind: "damaged", reason: "short segment header" };
  for (let length = 0; length < SEGMENT_HEADER_BYTES; length++) {
    expect(decodeSegmentHeader(bytes.subarray(0, length))).toEqual(short);
  }
  bytes[8] = 2;
  expect(decodeSegmentHeader(bytes.subarray(0, 11))).toEqual(short);
  expect(decodeSegmentHeader(bytes.subarray(0, 12))).toEqual({ kind: "version", version: 2 });
});

test("A header with any bit flipped is damaged, or of another version if the bit is the version's", () => {
  for (const { flipped, at } of flippedBits(encodeSegmentHeader(header))) {
    const decoded = decodeSegmentHeader(flipped);
    expect(at >= 8 && at < 12 ? ["version", "damaged"] : ["damaged"]).toContain(decoded.kind);
    if (at >= 12) expect(decoded).toEqual({ kind: "damaged", reason: "segment header checksum" });
  }
});

test("A later version is recognised by magic and version alone", () => {
  const bytes = concat([encodeSegmentHeader(header).subarray(0, 8), Uint8Array.of(2, 0, 0, 0, 99, 99)]);
  expect(decodeSegmentHeader(bytes)).toEqual({ kind: "version", version: 2 });
});

test("Zero bytes are no header", () => {
  expect(decodeSegmentHeader(new Uint8Array(SEGMENT_HEADER_BYTES))).toEqual({
    kind: "damaged",
    reason: "no segment magic",
  });
});

test("Fields that cannot be are damage even where the checksum is right", () => {
  const impossible = { kind: "damaged", reason: "segment header fields" };
  expect(decodeSegmentHeader(forged(8, 0))).toEqual(impossible);
  expect(decodeSegmentHeader(forged(12, 0))).toEqual(impossible);
  expect(decodeSegmentHeader(forged(24, 1))).toEqual(impossible);
  expect(decodeSegmentHeader(forged(12, 8))).toEqual({ kind: "ok", value: { ...header, segmentId: 8 } });
});

test("Arbitrary bytes give a tagged value", () => {
  fc.assert(
    fc.property(anyBytes(64), (bytes) => {
      expect(decodeSegmentHeader(bytes).kind).toBe("damaged");
    }),
  );
});

test("An id or identity out of range is refused", () => {
  for (const segmentId of [0, -1, 1.5, 2 ** 32, Number.NaN]) {
    const refusal = expect.objectContaining({ argument: "segmentId", value: segmentId });
    expect(() => encodeSegmentHeader({ ...header, segmentId })).toThrow(refusal);
  }
  expect(() => encodeSegmentHeader({ ...header, identity: -1n })).toThrow(FormatError);
});
