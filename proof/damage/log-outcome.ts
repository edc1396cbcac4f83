import {
  decodeSegmentHeader,
  findTestimony,
  placeOf,
  scanFrames,
  segmentFileName,
  SEGMENT_HEADER_BYTES,
  type ByteSource,
  type UnsealedSegment,
} from "@hashlog/format";
import type { DiskImage } from "@hashlog/fs-io/testing";
import { DIRECTORY } from "../world/text-store.ts";
import { manifestOf } from "./reading.ts";

/** What an opening has to make of the unsealed segments of a disk. */
export type LogOutcome =
  | { readonly kind: "corrupt" }
  | { readonly kind: "readable"; readonly lastSequence: number; readonly testified: number };

/**
 * Works out from the rules alone what has to become of the log on a damaged disk. Consecutive frames are read up to the
 * first place that is none; what comes after is gone. That is allowed if nothing testifies that it was durable: neither
 * the manifest nor any valid frame header, wherever in the unsealed segments it lies. Otherwise it is damage.
 */
export async function logOutcome(image: DiskImage): Promise<LogOutcome> {
  const { segments, floor } = manifestOf(image);
  const unsealed = segments.filter((listed) => listed.state === "unsealed");
  let testified = floor;
  let lastSequence = (unsealed[0]?.firstSequence ?? Infinity) - 1;
  let goesOn = true;
  for (const listed of unsealed) {
    const bytes = image.bytes(`${DIRECTORY}/${segmentFileName(listed.segmentId)}`);
    if (bytes === undefined || !isHeaderOf(bytes, listed)) return { kind: "corrupt" };
    const source = sourceOf(bytes);
    const place = placeOf(listed.identity);
    await findTestimony(source, {
      place,
      from: SEGMENT_HEADER_BYTES,
      onTestimony: (header) => {
        testified = Math.max(testified, header.floor);
      },
    });
    if (!goesOn || listed.firstSequence !== lastSequence + 1) {
      goesOn = false;
      continue;
    }
    const end = await scanFrames(source, {
      place,
      from: SEGMENT_HEADER_BYTES,
      expectedSequence: lastSequence + 1,
      onFrame: ({ header }) => {
        lastSequence += header.recordCount;
      },
    });
    goesOn = end.kind === "end";
  }
  return testified > lastSequence ? { kind: "corrupt" } : { kind: "readable", lastSequence, testified };
}

function isHeaderOf(bytes: Uint8Array, { segmentId, identity }: UnsealedSegment): boolean {
  const header = decodeSegmentHeader(bytes.subarray(0, SEGMENT_HEADER_BYTES));
  return header.kind === "ok" && header.value.segmentId === segmentId && header.value.identity === identity;
}

function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    bytes: bytes.length,
    read: (target, at, count, position) => {
      const part = bytes.subarray(position, position + count);
      target.set(part, at);
      return Promise.resolve(part.length);
    },
  };
}
