import type { ByteSource } from "./byte-source.ts";
import { crc32 } from "./crc32.ts";
import type { Decoded } from "./decoded.ts";
import {
  flawOfTotals,
  HINT_BLOCK_HEADER_BYTES,
  HINT_ENTRY_FIXED_BYTES,
  HINT_FLAG_ALWAYS,
  HINT_FLAG_EXPIRY,
  HINT_FLAG_TOMBSTONE,
  HINT_FOOTER_BYTES,
  HINT_HEADER_BYTES,
  HINT_KIND_BLOCK,
  HINT_KIND_FOOTER,
  HINT_PAYLOAD_BYTES_MAX,
  type HintEntry,
  type HintSegment,
  HintTally,
  type HintTotals,
} from "./hint-layout.ts";
import { readBig64, readU16, readU32, readU56, readU64 } from "./integers.ts";
import { EXPIRY_BYTES, FORMAT_VERSION } from "./limits.ts";
import { HINT_MAGIC, standsAt } from "./magic.ts";
import { type Place, placeMask, placeOf } from "./place.ts";
import { readFully, SourceWindow } from "./source-window.ts";

/** What reading a hint file came to. `"unusable"`: the segment is to be scanned instead. */
export type HintReading =
  | { readonly kind: "ok"; readonly totals: HintTotals }
  | { readonly kind: "unusable"; readonly reason: string };

type Mutable<T> = { -readonly [field in keyof T]: T[field] };

const CHUNK_BYTES = 1 << 17;

/**
 * Reads the header at the beginning of a hint file's bytes, which may go on: which segment it speaks of, as far as that was
 * sealed. For where no manifest tells it. Never throws.
 */
export function decodeHintHeader(bytes: Uint8Array): Decoded<HintSegment> {
  if (bytes.length < HINT_HEADER_BYTES) return { kind: "damaged", reason: "short hint file" };
  if (!standsAt(bytes, 0, HINT_MAGIC)) return { kind: "damaged", reason: "no hint magic" };
  const version = readU32(bytes, 8);
  if (version !== FORMAT_VERSION) return { kind: "version", version };
  if (readU32(bytes, 28) !== crc32(bytes, 0, 28)) return { kind: "damaged", reason: "header checksum" };
  const value = { segmentId: readU32(bytes, 12), identity: readBig64(bytes, 16), sealedBytes: readU32(bytes, 24) };
  return { kind: "ok", value };
}

/**
 * Reads the hint file of `segment`: header and footer first, then the blocks in order, four chunks of 128 KiB in memory at most.
 *
 * `onEntry` gets the same object each time. Entries of good blocks may have been given before a bad one makes the file
 * unusable. That is harmless where entries are applied by sequence and the segment is scanned afterwards.
 * Rejects only with what the source or `onEntry` throws, or FormatError `FORMAT_INVALID_ARGUMENT` for an identity that
 * is not in `[0, 2^64)`.
 */
export async function readHint(
  source: ByteSource,
  segment: HintSegment,
  onEntry: (entry: HintEntry) => void,
): Promise<HintReading> {
  const place = placeOf(segment.identity);
  const footerAt = source.bytes - HINT_FOOTER_BYTES;
  const footer = new Uint8Array(HINT_FOOTER_BYTES);
  const header = new Uint8Array(HINT_HEADER_BYTES);
  if (footerAt < HINT_HEADER_BYTES) return unusable("short hint file");
  if (!(await readFully(source, header, 0)) || !(await readFully(source, footer, footerAt))) {
    return unusable("the file is too short");
  }
  const flaw = flawOfHeader(header, segment);
  if (flaw !== undefined) return unusable(flaw);
  const totals = readFooter(footer, place, footerAt);
  if (totals === undefined) return unusable("footer checksum");
  const badTotal = flawOfTotals(totals, segment.sealedBytes);
  if (badTotal !== undefined) return unusable(`footer ${badTotal}`);

  const tally = new HintTally(segment.sealedBytes);
  const window = new SourceWindow(source, HINT_HEADER_BYTES, footerAt, CHUNK_BYTES);
  try {
    while (window.left > 0) {
      const bad = await readBlock(window, place, tally, onEntry);
      if (bad !== undefined) return unusable(`${bad} at ${window.position}`);
    }
  } finally {
    await window.settle();
  }
  const mismatch = tally.flawAgainst(totals);
  return mismatch === undefined ? { kind: "ok", totals } : unusable(`entries do not fit the footer: ${mismatch}`);
}

function unusable(reason: string): HintReading {
  return { kind: "unusable", reason };
}

function flawOfHeader(bytes: Uint8Array, segment: HintSegment): string | undefined {
  const header = decodeHintHeader(bytes);
  if (header.kind === "version") return `version ${header.version}`;
  if (header.kind === "damaged") return header.reason;
  const { segmentId, identity, sealedBytes } = header.value;
  if (segmentId !== segment.segmentId) return "of another segment";
  if (identity !== segment.identity) return "of another identity";
  return sealedBytes === segment.sealedBytes ? undefined : "of another sealed length";
}

function readFooter(bytes: Uint8Array, place: Place, position: number): HintTotals | undefined {
  if (readU32(bytes, 0) !== (crc32(bytes, 4) ^ placeMask(place, position)) >>> 0) return undefined;
  if (readU32(bytes, 4) !== HINT_KIND_FOOTER) return undefined;
  return {
    entryCount: readU32(bytes, 8),
    recordCount: readU32(bytes, 12),
    recordBytes: readU32(bytes, 16),
    tombstoneCount: readU32(bytes, 20),
    tombstoneBytes: readU32(bytes, 24),
    expiringCount: readU32(bytes, 28),
    lowestSequence: readU64(bytes, 32),
    highestSequence: readU64(bytes, 40),
  };
}

/** Reads the block at the window's position and moves behind it; or says why not. */
async function readBlock(
  window: SourceWindow,
  place: Place,
  tally: HintTally,
  onEntry: (entry: HintEntry) => void,
): Promise<string | undefined> {
  if (window.left < HINT_BLOCK_HEADER_BYTES) return "short block header";
  if (!(await window.fill(HINT_BLOCK_HEADER_BYTES))) return "the file is too short";
  const payloadBytes = readU32(window.bytes, window.start + 8);
  const blockBytes = HINT_BLOCK_HEADER_BYTES + payloadBytes;
  if (payloadBytes > HINT_PAYLOAD_BYTES_MAX || blockBytes > window.left) return "block length";
  if (!(await window.fill(blockBytes))) return "the file is too short";

  const { bytes, start, position } = window;
  const crc = (crc32(bytes, start + 4, start + blockBytes) ^ placeMask(place, position)) >>> 0;
  if (readU32(bytes, start) !== crc || readU32(bytes, start + 4) !== HINT_KIND_BLOCK) return "block checksum";
  const from = start + HINT_BLOCK_HEADER_BYTES;
  const count = readEntries(bytes, from, from + payloadBytes, tally, onEntry);
  if (count !== readU32(bytes, start + 12)) return "block entries";
  window.advance(blockBytes);
  return undefined;
}

/** Hands out the entries in `bytes[at..end)` and returns how many; `undefined` if they do not fill it or one is bad. */
function readEntries(
  bytes: Uint8Array,
  at: number,
  end: number,
  tally: HintTally,
  onEntry: (entry: HintEntry) => void,
): number | undefined {
  const entry: Mutable<HintEntry> = {
    bytes,
    keyStart: 0,
    keyEnd: 0,
    sequence: 0,
    offset: 0,
    valueBytes: 0,
    tombstone: false,
    expiresAtMs: 0,
  };
  let count = 0;
  for (; at < end; at = entry.keyEnd) {
    if (!readEntry(bytes, at, end, entry)) return undefined;
    const { keyStart, keyEnd, sequence, offset, valueBytes, tombstone, expiresAtMs } = entry;
    if (!tally.add(keyEnd - keyStart, sequence, offset, valueBytes, tombstone, expiresAtMs)) return undefined;
    onEntry(entry);
    count++;
  }
  return count;
}

function readEntry(bytes: Uint8Array, at: number, end: number, entry: Mutable<HintEntry>): boolean {
  if (end - at < HINT_ENTRY_FIXED_BYTES) return false;
  const flags = bytes[at]!;
  const hasExpiry = (flags & HINT_FLAG_EXPIRY) !== 0;
  if ((flags & ~(HINT_FLAG_TOMBSTONE | HINT_FLAG_EXPIRY)) !== HINT_FLAG_ALWAYS) return false;
  entry.tombstone = (flags & HINT_FLAG_TOMBSTONE) !== 0;
  entry.sequence = readU56(bytes, at + 1);
  entry.offset = readU32(bytes, at + 8);
  entry.valueBytes = readU32(bytes, at + 12);
  entry.keyStart = at + HINT_ENTRY_FIXED_BYTES + (hasExpiry ? EXPIRY_BYTES : 0);
  entry.keyEnd = entry.keyStart + readU16(bytes, at + 16);
  if (entry.keyEnd > end) return false;
  entry.expiresAtMs = hasExpiry ? readU64(bytes, at + HINT_ENTRY_FIXED_BYTES) : 0;
  return hasExpiry === (entry.expiresAtMs !== 0);
}
