import type { ByteSource } from "./byte-source.ts";
import { checkInteger } from "./errors.ts";
import { type FrameHeader, hasFrameMagic, readFrameHeader } from "./frame.ts";
import { FRAME_MAGIC_0 } from "./magic.ts";
import { FRAME_HEADER_BYTES } from "./limits.ts";
import type { Place } from "./place.ts";
import { SourceWindow } from "./source-window.ts";

/**
 * Searches for testimony beyond an unreadable place, where lengths are not to be trusted: every valid frame header at any
 * byte offset, whether or not its payload is whole. Such frames testify and are never replayed.
 *
 * Header bytes inside of a user's value cannot testify: a header's checksum is bound to its place, and who writes a
 * value knows neither the segment's identity nor where the value will lie.
 */
export interface SearchOptions {
  readonly place: Place;
  /** The first offset at which a header may begin. */
  readonly from: number;
  /** Where the search ends; by default the end of the source. A header that does not end by there is not found. */
  readonly to?: number;
  /** Called for every valid header, in ascending order of `offset`, its place in the file. `false` ends the search. */
  readonly onTestimony: (header: FrameHeader, offset: number) => boolean | void;
  /** How much is read at once, at least a header's length; 512 KiB by default. Up to four times as much is held in memory. */
  readonly chunkBytes?: number;
}

const CHUNK_BYTES = 1 << 19;

/**
 * Finds all testimony. Memory is four chunks at most, whatever the bytes are. A source that ends early ends the search.
 * Rejects only with what the source or `onTestimony` throws, or FormatError `FORMAT_INVALID_ARGUMENT` for an option.
 */
export async function findTestimony(source: ByteSource, options: SearchOptions): Promise<void> {
  const { place, from, to = source.bytes, onTestimony, chunkBytes = CHUNK_BYTES } = options;
  checkInteger("from", from, 0, Number.MAX_SAFE_INTEGER);
  checkInteger("to", to, 0, Number.MAX_SAFE_INTEGER);
  checkInteger("chunkBytes", chunkBytes, FRAME_HEADER_BYTES, 2 ** 31);
  const window = new SourceWindow(source, from, to, chunkBytes);
  try {
    while (window.left >= FRAME_HEADER_BYTES && (await window.fill(FRAME_HEADER_BYTES))) {
      const { bytes, start, end, position } = window;
      const last = end - FRAME_HEADER_BYTES;
      for (let at = nextMagic(bytes, start, last); at <= last; at = nextMagic(bytes, at + 1, last)) {
        const offset = position + (at - start);
        const header = readFrameHeader(bytes, at, end, place, offset);
        if (header !== undefined && onTestimony(header, offset) === false) return;
      }
      window.advance(last + 1 - start);
    }
  } finally {
    await window.settle();
  }
}

/** How many bytes are looked at one by one before the built-in search is called again. */
const PROBE_BYTES = 16;

/**
 * Where the next frame magic begins at or behind `at`; more than `last` if none begins by there.
 *
 * The built-in search for the first byte does most of the way. It costs some 30 ns to call, so after a stop in vain the
 * next few bytes are looked at here: bytes that are full of that one byte, on purpose or not, take no longer than others.
 */
function nextMagic(bytes: Uint8Array, at: number, last: number): number {
  while (at <= last) {
    const probeEnd = Math.min(at + PROBE_BYTES, last + 1);
    for (; at < probeEnd; at++) if (hasFrameMagic(bytes, at)) return at;
    const found = bytes.indexOf(FRAME_MAGIC_0, at);
    at = found < 0 ? last + 1 : found;
  }
  return at;
}
