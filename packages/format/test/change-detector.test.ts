import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { crc32, encodeManifest, encodeSegmentHeader, placeMask, placeOf } from "../src/index.ts";
import { encodeAll } from "./golden-v1-encode.ts";
import { fence, frame, frameBytes, type RecordSpec } from "./support.ts";

/**
 * A hash over everything below: checksums, masks and encodings of some thousand inputs. If this test fails, bytes are
 * written differently than before, and stores that exist can no longer be read, or not by the versions that are out
 * there. Then the change is wrong, or it needs a new format version: new golden files, a second constant beside this
 * one, and a reader for both. The constant of a released version is never edited.
 */
const VERSION_1 = "47fa78f340b3ea2454a8e22adee745d40c1b2e48e976e338f8ed957a0ced1ca3";

/** Marsaglia's xorshift32: the same numbers on every machine, for ever. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function* corpus(): Generator<Uint8Array> {
  const next = generator(0x5eed);
  const bytes = (length: number) => Uint8Array.from({ length }, () => next(256));
  yield* checksums(bytes);
  for (let round = 0; round < 200; round++) {
    const identity = (BigInt(next(2 ** 32)) << 32n) | BigInt(next(2 ** 32));
    const place = placeOf(identity);
    yield encodeSegmentHeader({ segmentId: 1 + next(2 ** 32 - 1), identity });
    yield frameBytes(fence(1 + next(2 ** 31)), place, next(2 ** 31));
    const first = 1 + next(2 ** 31) * (1 + next(2 ** 20));
    const records: RecordSpec[] = Array.from({ length: 1 + next(8) }, (_, i) => {
      const sequence = first + i;
      const key = bytes(next(30));
      if (next(4) === 0) return { sequence, key, value: undefined, expiresAtMs: 0 };
      return { sequence, key, value: bytes(next(800)), expiresAtMs: next(2) * next(2 ** 31) * 1_000 };
    });
    const flags = { sparse: next(2) === 0, acknowledgedWhenSynced: next(2) === 0, floor: next(2 ** 31) };
    yield frameBytes(frame(records, flags), place, next(2 ** 31));
    yield encodeManifest({
      storeId: identity << 50n,
      hashKey: bytes(16),
      epoch: next(2 ** 31),
      floor: 0,
      nextFileId: 100,
      nextSequence: 2 ** 40,
      logCompleteFrom: 1 + next(2 ** 31),
      segments: Array.from({ length: next(5) }, (_, i) => {
        const common = { segmentId: 1 + i, identity: identity >> BigInt(i) };
        const lowestSequence = 1 + next(2 ** 31);
        if (next(2) === 0) return { state: "unsealed", ...common, firstSequence: lowestSequence, cleanBytes: 0 };
        const highestSequence = lowestSequence + next(2 ** 31);
        const sealedBytes = 82 + next(2 ** 31);
        return { state: "sealed", ...common, sealedBytes, lowestSequence, highestSequence, merged: next(2) === 0 };
      }),
      checkpoint: next(2) === 0 ? undefined : { id: 99, bytes: 1 + next(2 ** 31), crc: next(2 ** 32) },
    });
  }
  yield* encodeAll().values();
}

/** CRCs of zeros and of random bytes of many lengths, and masks, as their eight hexadecimal digits. */
function* checksums(bytes: (length: number) => Uint8Array): Generator<Uint8Array> {
  const digits = (value: number) => new TextEncoder().encode(value.toString(16).padStart(8, "0"));
  for (let length = 0; length <= 600; length++) {
    yield digits(crc32(new Uint8Array(length)));
    yield digits(crc32(bytes(length)));
    yield digits(placeMask(placeOf((BigInt(length) * 0x9e37_79b9_7f4a_7c15n) & (2n ** 64n - 1n)), length * 7_000_001));
  }
}

test("What is written is written as it always was", () => {
  const hash = createHash("sha256");
  for (const bytes of corpus()) hash.update(bytes);
  expect(hash.digest("hex")).toBe(VERSION_1);
});
