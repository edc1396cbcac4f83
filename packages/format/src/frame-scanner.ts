import type { ByteSource } from "./byte-source.ts";
import { checkInteger } from "./errors.ts";
import { flawOfPayload, type FrameHeader, hasFrameMagic, readFrameHeader } from "./frame.ts";
import { FRAME_HEADER_BYTES, SEQUENCE_MAX } from "./limits.ts";
import type { Place } from "./place.ts";
import { SourceWindow } from "./source-window.ts";

/**
 * Reads frames one after the other, from a given offset to the first place that is no valid frame.
 *
 * The scanner tells where it stopped and why, never what that means: whether an unreadable place is the torn tail of an
 * unfinished write or the corruption of a finished one depends on testimony beyond it (frame-search.ts) and on the
 * manifest. FORMAT.md, "Torn or corrupt".
 */
export interface ScanOptions {
  readonly place: Place;
  /** Offset of the first frame: `SEGMENT_HEADER_BYTES` for a whole segment. */
  readonly from: number;
  /** Where to end, exactly at a frame's end; by default the end of the source. */
  readonly to?: number;
  /** When given, every frame must begin with exactly the next sequence expected, fences included, this one first. */
  readonly expectedSequence?: number;
  /** Called for every valid frame, in order; awaited where it returns a promise. */
  readonly onFrame: (frame: ScannedFrame) => void | Promise<void>;
  /**
   * How much is read at once; 512 KiB by default. One read is ahead of what is looked at, so a scan takes up to four times
   * as much memory. A larger frame is still read whole.
   */
  readonly chunkBytes?: number;
  /**
   * `false`: only the headers are checked. The records of each frame are the caller's to read, to verify and to count,
   * as one does who looks at every record anyway, and wants to pause within a large frame. `true` by default.
   */
  readonly verifyRecords?: boolean;
}

/** A valid frame: every record in it verifies (unless `verifyRecords` is `false`), so `readRecord` is enough to walk them. */
export interface ScannedFrame {
  readonly header: FrameHeader;
  /** Where the frame begins and ends in the file. */
  readonly offset: number;
  readonly end: number;
  /** The records are `bytes[payloadStart..payloadEnd)`: the scanner's buffer, valid only until `onFrame` is done. */
  readonly bytes: Uint8Array;
  readonly payloadStart: number;
  readonly payloadEnd: number;
}

/** Where a scan stopped: `offset` is the end of the last valid frame. `"end"`: there are no bytes behind it. */
export type ScanEnd =
  | { readonly kind: "end"; readonly offset: number }
  | { readonly kind: "unreadable"; readonly offset: number; readonly reason: string };

const CHUNK_BYTES = 1 << 19;

/**
 * Scans frames. Every length is bounded by what is left before anything is allocated, so arbitrary bytes cost no more
 * memory than they are long, and no more than four chunks unless a valid header announces a frame that fits. Whatever is
 * being read when the scan ends has come before it resolves or rejects: the source may be closed then.
 * Rejects only with what the source or `onFrame` throws, or FormatError `FORMAT_INVALID_ARGUMENT` for an option.
 */
export async function scanFrames(source: ByteSource, options: ScanOptions): Promise<ScanEnd> {
  const { onFrame, from, to = source.bytes, chunkBytes = CHUNK_BYTES } = options;
  checkInteger("from", from, 0, Number.MAX_SAFE_INTEGER);
  checkInteger("to", to, 0, Number.MAX_SAFE_INTEGER);
  checkInteger("chunkBytes", chunkBytes, 1, 2 ** 31);
  let expected = options.expectedSequence;
  if (expected !== undefined) checkInteger("expectedSequence", expected, 1, SEQUENCE_MAX + 1);

  const window = new SourceWindow(source, from, to, chunkBytes);
  try {
    while (window.left !== 0) {
      const reading = readFrame(window, options, expected);
      // Most frames lie in the window already: no turn of the event loop for those.
      const frame = reading instanceof Promise ? await reading : reading;
      if (typeof frame === "string") return { kind: "unreadable", offset: window.position, reason: frame };
      if (expected !== undefined) expected += frame.header.recordCount;
      const done = onFrame(frame);
      if (done !== undefined) await done;
      window.advance(FRAME_HEADER_BYTES + frame.header.payloadBytes);
    }
    return { kind: "end", offset: window.position };
  } finally {
    await window.settle();
  }
}

/** The frame at the window's position, or why there is none. */
function readFrame(
  window: SourceWindow,
  options: ScanOptions,
  expected: number | undefined,
): ScannedFrame | string | Promise<ScannedFrame | string> {
  const { place, verifyRecords = true } = options;
  if (window.left < FRAME_HEADER_BYTES) return window.left < 0 ? "the file is too short" : "short header";
  if (window.available < FRAME_HEADER_BYTES) return readMore(window, FRAME_HEADER_BYTES, options, expected);
  const header = readFrameHeader(window.bytes, window.start, window.end, place, window.position);
  if (header === undefined) return flawOfHeader(window);
  const frameBytes = FRAME_HEADER_BYTES + header.payloadBytes;
  if (frameBytes > window.left) return "the frame does not fit";
  if (expected !== undefined && (header.firstSequence !== expected || header.sparse))
    return "not the sequence expected";
  if (window.available < frameBytes) return readMore(window, frameBytes, options, expected);
  const flaw = verifyRecords ? flawOfPayload(window.bytes, window.start, header, place, window.position) : undefined;
  return flaw ?? frameOf(window, header);
}

async function readMore(
  window: SourceWindow,
  wanted: number,
  options: ScanOptions,
  expected: number | undefined,
): Promise<ScannedFrame | string> {
  return (await window.fill(wanted)) ? readFrame(window, options, expected) : "the file is too short";
}

function frameOf(window: SourceWindow, header: FrameHeader): ScannedFrame {
  const { bytes, start, position } = window;
  const payloadStart = start + FRAME_HEADER_BYTES;
  const payloadEnd = payloadStart + header.payloadBytes;
  return { header, offset: position, end: position + payloadEnd - start, bytes, payloadStart, payloadEnd };
}

function flawOfHeader({ bytes, start }: SourceWindow): string {
  if (hasFrameMagic(bytes, start)) return "the frame header's checksum does not match";
  for (let at = start; at < start + FRAME_HEADER_BYTES; at++) if (bytes[at] !== 0) return "no frame here";
  return "zero bytes";
}
