import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  crc32,
  decodeManifest,
  encodeManifest,
  FormatError,
  type Manifest,
  type ManifestSegment,
} from "../src/index.ts";
import { writeU32 } from "../src/integers.ts";
import { anyBytes, concat, flippedBits } from "./support.ts";

const sealed = {
  state: "sealed",
  segmentId: 1,
  identity: 0x1111_2222_3333_4444n,
  sealedBytes: 5_000,
  lowestSequence: 1,
  highestSequence: 40,
  merged: false,
} as const;
const merged = { ...sealed, segmentId: 4, merged: true, lowestSequence: 3, highestSequence: 39 } as const;
const unsealed = { state: "unsealed", segmentId: 5, identity: 7n, firstSequence: 41, cleanBytes: 0 } as const;

const manifest: Manifest = {
  storeId: 0x0011_2233_4455_6677_8899_aabb_ccdd_eeffn,
  hashKey: Uint8Array.from({ length: 16 }, (_, i) => i),
  epoch: 3,
  floor: 45,
  nextFileId: 9,
  nextSequence: 1_000,
  logCompleteFrom: 41,
  segments: [sealed, merged, unsealed],
  checkpoint: { id: 8, bytes: 12_345, crc: 0xdead_beef },
};

/** Changes bytes of the encoded manifest and makes its checksum right again. */
function forged(change: (bytes: Uint8Array) => void): Uint8Array {
  const bytes = encodeManifest(manifest);
  change(bytes);
  writeU32(bytes, bytes.length - 4, crc32(bytes, 0, bytes.length - 4));
  return bytes;
}

const anyU64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const between = (min: number, max: number) => fc.integer({ min, max });

function anySegment(segmentId: number, nextSequence: number): fc.Arbitrary<ManifestSegment> {
  return fc.oneof(
    fc
      .record({
        identity: anyU64,
        sealedBytes: between(82, 2 ** 32 - 1),
        sequences: fc.tuple(between(1, nextSequence - 1), between(1, nextSequence - 1)),
        merged: fc.boolean(),
      })
      .map(({ sequences, ...rest }) => ({
        ...rest,
        state: "sealed" as const,
        segmentId,
        lowestSequence: Math.min(...sequences),
        highestSequence: Math.max(...sequences),
      })),
    fc.record({
      state: fc.constant("unsealed" as const),
      segmentId: fc.constant(segmentId),
      identity: anyU64,
      firstSequence: between(1, nextSequence),
      cleanBytes: fc.oneof(fc.constant(0), between(32, 2 ** 32 - 1)),
    }),
  );
}

const anyManifest: fc.Arbitrary<Manifest> = fc
  .record({
    nextSequence: between(2, Number.MAX_SAFE_INTEGER),
    ids: fc.uniqueArray(between(1, 2 ** 32 - 2), { minLength: 1, maxLength: 8 }),
    named: fc.boolean(),
  })
  .chain(({ nextSequence, ids: [first, ...others], named }) =>
    fc.record({
      storeId: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
      hashKey: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      epoch: fc.maxSafeNat(),
      floor: between(0, nextSequence - 1),
      nextFileId: between(Math.max(first!, ...others) + 1, 2 ** 32 - 1),
      nextSequence: fc.constant(nextSequence),
      logCompleteFrom: between(1, nextSequence),
      segments: fc.tuple(...others.map((id) => anySegment(id, nextSequence))),
      checkpoint: named
        ? fc.record({
            id: fc.constant(first!),
            bytes: between(1, Number.MAX_SAFE_INTEGER),
            crc: between(0, 2 ** 32 - 1),
          })
        : fc.constant(undefined),
    }),
  );

test("A manifest comes back as it was written", () => {
  fc.assert(
    fc.property(anyManifest, (written) => {
      expect(decodeManifest(encodeManifest(written))).toEqual({ kind: "ok", value: written });
    }),
  );
});

test("A new store's manifest, with nothing in it, comes back", () => {
  const empty: Manifest = {
    ...manifest,
    storeId: 0n,
    epoch: 0,
    floor: 0,
    nextFileId: 1,
    nextSequence: 1,
    logCompleteFrom: 1,
    segments: [],
    checkpoint: undefined,
  };
  expect(decodeManifest(encodeManifest(empty))).toEqual({ kind: "ok", value: empty });
});

test("The ends of all ranges come back", () => {
  const extreme: Manifest = {
    storeId: 2n ** 128n - 1n,
    hashKey: new Uint8Array(16).fill(255),
    epoch: Number.MAX_SAFE_INTEGER,
    floor: Number.MAX_SAFE_INTEGER - 1,
    nextFileId: 2 ** 32 - 1,
    nextSequence: Number.MAX_SAFE_INTEGER,
    logCompleteFrom: Number.MAX_SAFE_INTEGER,
    segments: [
      {
        ...merged,
        segmentId: 2 ** 32 - 2,
        identity: 2n ** 64n - 1n,
        sealedBytes: 2 ** 32 - 1,
        lowestSequence: Number.MAX_SAFE_INTEGER - 1,
        highestSequence: Number.MAX_SAFE_INTEGER - 1,
      },
      { ...unsealed, firstSequence: Number.MAX_SAFE_INTEGER, cleanBytes: 2 ** 32 - 1 },
    ],
    checkpoint: { id: 1, bytes: Number.MAX_SAFE_INTEGER, crc: 0 },
  };
  expect(decodeManifest(encodeManifest(extreme))).toEqual({ kind: "ok", value: extreme });
});

test("What was decoded shares nothing with the bytes", () => {
  const bytes = encodeManifest(manifest);
  const decoded = decodeManifest(bytes);
  bytes.fill(0);
  expect(decoded).toEqual({ kind: "ok", value: manifest });
});

test("Truncated at any byte, it is damaged", () => {
  const bytes = encodeManifest(manifest);
  for (let length = 0; length < bytes.length; length++) {
    const reason = length < 108 ? "short manifest" : "manifest length";
    expect(decodeManifest(bytes.subarray(0, length))).toEqual({ kind: "damaged", reason });
  }
});

test("With anything behind its end, it is damaged", () => {
  const bytes = encodeManifest(manifest);
  expect(decodeManifest(concat([bytes, Uint8Array.of(0)])).kind).toBe("damaged");
  expect(decodeManifest(concat([bytes, bytes])).kind).toBe("damaged");
});

test("With any bit flipped, it is damaged, or of another version if the bit is the version's", () => {
  for (const { flipped, at } of flippedBits(encodeManifest(manifest))) {
    const decoded = decodeManifest(flipped);
    expect(at >= 8 && at < 12 ? ["version", "damaged"] : ["damaged"]).toContain(decoded.kind);
    if (at < 8) expect(decoded).toEqual({ kind: "damaged", reason: "no manifest magic" });
    if (at >= 16) expect(decoded).toEqual({ kind: "damaged", reason: "manifest checksum" });
  }
});

test("A later version is recognised by magic and version, whatever follows", () => {
  const head = encodeManifest(manifest).slice(0, 12);
  writeU32(head, 8, 7);
  expect(decodeManifest(head.subarray(0, 11))).toEqual({ kind: "damaged", reason: "short manifest" });
  fc.assert(
    fc.property(anyBytes(100), (rest) => {
      expect(decodeManifest(concat([head, rest]))).toEqual({ kind: "version", version: 7 });
    }),
  );
});

test("Zero bytes and arbitrary bytes are damaged", () => {
  for (const length of [0, 11, 12, 108, 4_096]) expect(decodeManifest(new Uint8Array(length)).kind).toBe("damaged");
  const magic = encodeManifest(manifest).slice(0, 12);
  fc.assert(
    fc.property(anyBytes(300), (bytes) => {
      expect(decodeManifest(bytes).kind).toBe("damaged");
      expect(decodeManifest(concat([magic, bytes])).kind).toBe("damaged");
    }),
  );
});

test("Fields that cannot be are damage, though the checksum is right", () => {
  const reasonOf = (change: (bytes: Uint8Array) => void) => {
    const decoded = decodeManifest(forged(change));
    return decoded.kind === "damaged" ? decoded.reason : decoded.kind;
  };
  const sealedAt = 104;
  const unsealedAt = 104 + 80;
  expect(reasonOf(() => {})).toBe("ok");
  expect(reasonOf((bytes) => writeU32(bytes, 8, 0))).toContain("version");
  expect(reasonOf((bytes) => writeU32(bytes, 12, 100))).toContain("length");
  expect(reasonOf((bytes) => writeU32(bytes, 100, 2))).toContain("segment count");
  expect(reasonOf((bytes) => writeU32(bytes, 52, 0xffff_ffff))).toContain("epoch");
  expect(reasonOf((bytes) => writeU32(bytes, 56, 1_000))).toContain("floor");
  expect(reasonOf((bytes) => writeU32(bytes, 64, 40))).toContain("floor");
  expect(reasonOf((bytes) => writeU32(bytes, 72, 1_001))).toContain("logCompleteFrom");
  expect(reasonOf((bytes) => writeU32(bytes, 80, 5))).toContain("segments[2].segmentId");
  expect(reasonOf((bytes) => writeU32(bytes, 84, 0))).toContain("checkpoint.id");
  expect(reasonOf((bytes) => writeU32(bytes, 84, 5))).toContain("checkpoint.id");
  expect(reasonOf((bytes) => writeU32(bytes, 88, 0))).toContain("checkpoint.bytes");
  // No part of a checkpoint is there without the others: an id, a length (zero bytes are none), a checksum.
  expect(reasonOf((bytes) => bytes.fill(0, 84, 96))).toContain("checkpoint.id");
  expect(reasonOf((bytes) => (bytes.fill(0, 84, 88), bytes.fill(0, 96, 100)))).toContain("checkpoint.id");
  expect(reasonOf((bytes) => bytes.fill(0, 88, 100))).toContain("checkpoint.bytes");
  expect(reasonOf((bytes) => bytes.fill(0x01, sealedAt, sealedAt + 1))).toContain("segments[0]");
  expect(reasonOf((bytes) => bytes.fill(0x85, sealedAt, sealedAt + 1))).toContain("segments[0]");
  expect(reasonOf((bytes) => bytes.fill(0x80, sealedAt, sealedAt + 1))).toContain("segments[0]"); // unsealed, with a highest
  for (const at of [1, 2, 3]) {
    expect(reasonOf((bytes) => bytes.fill(1, sealedAt + at, sealedAt + at + 1))).toBe("manifest segments[0]");
  }
  expect(reasonOf((bytes) => writeU32(bytes, sealedAt + 36, 1))).toContain("segments[0]");
  expect(reasonOf((bytes) => writeU32(bytes, sealedAt + 4, 4))).toContain("segments[1].segmentId must be listed once");
  expect(reasonOf((bytes) => writeU32(bytes, sealedAt + 32, 81))).toContain("segments[0].sealedBytes");
  expect(reasonOf((bytes) => writeU32(bytes, sealedAt + 16, 41))).toContain("segments[0].lowestSequence");
  expect(reasonOf((bytes) => writeU32(bytes, sealedAt + 24, 1_000))).toContain("segments[0].highestSequence");
  expect(reasonOf((bytes) => writeU32(bytes, unsealedAt + 32, 31))).toContain("segments[2].cleanBytes");
  expect(reasonOf((bytes) => bytes.fill(0x82, unsealedAt, unsealedAt + 1))).toContain("segments[2]"); // merged, unsealed
});

const refused: [string, Partial<Manifest>][] = [
  ["storeId", { storeId: -1n }],
  ["storeId", { storeId: 2n ** 128n }],
  ["hashKey", { hashKey: new Uint8Array(15) }],
  ["epoch", { epoch: -1 }],
  ["epoch", { epoch: 2 ** 53 }],
  ["nextFileId", { nextFileId: 0 }],
  ["nextFileId", { nextFileId: 2 ** 32 }],
  ["nextSequence", { nextSequence: 2 ** 53 }],
  ["nextSequence", { nextSequence: Number.NaN }],
  ["floor", { floor: 1_000 }],
  ["logCompleteFrom", { logCompleteFrom: 0 }],
  ["logCompleteFrom", { logCompleteFrom: 1_001 }],
  ["segments[0].segmentId", { segments: [{ ...sealed, segmentId: 0 }] }],
  ["segments[0].segmentId", { segments: [{ ...sealed, segmentId: 9 }] }],
  ["segments[1].segmentId", { segments: [sealed, { ...unsealed, segmentId: 1 }] }],
  ["segments[0].identity", { segments: [{ ...sealed, identity: 2n ** 64n }] }],
  ["segments[0].sealedBytes", { segments: [{ ...sealed, sealedBytes: 2 ** 32 }] }],
  ["segments[0].lowestSequence", { segments: [{ ...sealed, lowestSequence: 41 }] }],
  ["segments[0].lowestSequence", { segments: [{ ...sealed, lowestSequence: 0 }] }],
  ["segments[0].highestSequence", { segments: [{ ...sealed, highestSequence: 1_000 }] }],
  ["segments[0].firstSequence", { segments: [{ ...unsealed, firstSequence: 0 }] }],
  ["segments[0].firstSequence", { segments: [{ ...unsealed, firstSequence: 1_001 }] }],
  ["segments[0].cleanBytes", { segments: [{ ...unsealed, cleanBytes: 31 }] }],
  ["checkpoint.id", { checkpoint: { id: 9, bytes: 1, crc: 0 } }],
  ["checkpoint.id", { checkpoint: { id: 5, bytes: 1, crc: 0 } }],
  ["checkpoint.bytes", { checkpoint: { id: 8, bytes: 0, crc: 0 } }],
  ["checkpoint.crc", { checkpoint: { id: 8, bytes: 1, crc: -1 } }],
  ["checkpoint.crc", { checkpoint: { id: 8, bytes: 1, crc: 2 ** 32 } }],
];

test.each(refused)("A wrong %s is refused", (argument, change) => {
  const encoding = () => encodeManifest({ ...manifest, ...change });
  expect(encoding).toThrow(FormatError);
  expect(encoding).toThrow(expect.objectContaining({ code: "FORMAT_INVALID_ARGUMENT", argument }));
});

test("A refusal tells the rule", () => {
  const encoding = (change: Partial<Manifest>) => () => encodeManifest({ ...manifest, ...change });
  expect(encoding({ storeId: -1n })).toThrow("storeId must be in [0, 2^128)");
  expect(encoding({ segments: [{ ...sealed, identity: 2n ** 64n }] })).toThrow(
    "segments[0].identity must be in [0, 2^64)",
  );
  expect(encoding({ hashKey: new Uint8Array(17) })).toThrow("hashKey must be 16 bytes");
  expect(encoding({ checkpoint: { id: 5, bytes: 1, crc: 0 } })).toThrow("checkpoint.id must not be a segment's");
});
