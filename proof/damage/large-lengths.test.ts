import { bytesSource, HintEncoder, readHint, recordBytes } from "@hashlog/format";
import { expect, test } from "vitest";
import { mustBeBounded } from "../properties/p17-decoder-safety.ts";
import { allocationsOf } from "./allocations.ts";

const HINTED = { segmentId: 1, identity: 7n, sealedBytes: 50_000_000 };
const KEYS = 400;
const KEY_BYTES = 2000;
/** Of a hint's header; and, in a block, what comes before its length. */
const HEADER_BYTES = 32;
const LENGTH_AT = 8;

/** A hint that is several times as long as what is read of one at once. */
function longHint(): Uint8Array<ArrayBuffer> {
  const pieces: Uint8Array[] = [];
  const encoder = new HintEncoder(HINTED, (piece) => pieces.push(piece.slice()));
  const key = new Uint8Array(KEY_BYTES);
  for (let index = 0; index < KEYS; index += 1) {
    new DataView(key.buffer).setUint32(0, index);
    encoder.add(key, 0, key.length, index + 1, 100 + index * 3000, 1, false, 0);
  }
  encoder.finish({
    recordCount: KEYS,
    recordBytes: KEYS * recordBytes(KEY_BYTES, 1, false),
    tombstoneCount: 0,
    tombstoneBytes: 0,
    expiringCount: 0,
    lowestSequence: 1,
    highestSequence: KEYS,
  });
  return new Uint8Array(Buffer.concat(pieces));
}

/**
 * In a file that is no longer than what is read at once, a length that is not held against what is left of it costs
 * nothing: there is no more to be read. In a longer one it is what memory is taken for before the next part is read.
 */
test.each([0x7fff_ffff, 0xffff_ffff, 1 << 22])(
  "a block of a long hint whose length is %i costs no memory",
  async (length) => {
    const bytes = longHint();
    expect(bytes.length).toBeGreaterThan(4 * (1 << 17));
    expect(await readHint(bytesSource(bytes), HINTED, () => {})).toMatchObject({ kind: "ok" });
    new DataView(bytes.buffer).setUint32(HEADER_BYTES + LENGTH_AT, length, true);
    let kind: string | undefined;
    const allocations = await allocationsOf(async () => {
      kind = (await readHint(bytesSource(bytes), HINTED, () => {}).catch(() => ({ kind: "failed" }))).kind;
    });
    // Four chunks at most, and what is left over of one.
    mustBeBounded(allocations, { largestBytes: 1 << 19, totalBytes: 1 << 21 });
    expect(kind).toBe("unusable");
  },
);
