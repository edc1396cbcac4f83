import {
  bytesSource,
  decodeSegmentHeader,
  findTestimony,
  parseFileName,
  placeOf,
  scanFrames,
  segmentFileName,
  SEGMENT_HEADER_BYTES,
  type Place,
  type UnsealedSegment,
} from "@hashlog/format";
import type { DiskImage } from "@hashlog/fs-io/testing";
import type { LogOutcome } from "../properties/p10-corruption-honesty.ts";
import { DIRECTORY } from "../world/text-store.ts";
import { manifestOf } from "../world/manifest.ts";

/**
 * Works out from the rules alone what has to become of the log on a damaged disk. Consecutive frames are read up to the
 * first place that is none; what comes after is gone. That is allowed if nothing testifies that it was durable: neither
 * the manifest nor any valid frame header, wherever in the unsealed segments it lies, or in a segment that the manifest
 * does not know yet. Otherwise it is damage.
 */
export async function logOutcome(image: DiskImage): Promise<LogOutcome> {
  const { segments, floor, nextFileId, nextSequence } = manifestOf(image);
  const unsealed = segments.filter((listed) => listed.state === "unsealed");
  let testified = Math.max(floor, await testifiedFrom(image, nextFileId));
  let lastSequence = (unsealed[0]?.firstSequence ?? Infinity) - 1;
  let goesOn = true;
  for (const listed of unsealed) {
    const bytes = image.bytes(`${DIRECTORY}/${segmentFileName(listed.segmentId)}`);
    if (bytes === undefined || !isHeaderOf(bytes, listed)) return { kind: "corrupt" };
    const place = placeOf(listed.identity);
    testified = Math.max(testified, await highestFloor(bytes, place));
    if (!goesOn || listed.firstSequence !== lastSequence + 1) {
      goesOn = false;
      continue;
    }
    const read = await readRun(bytes, place, listed.firstSequence);
    lastSequence = read.lastSequence;
    goesOn = read.whole;
  }
  const highest = segments.map((listed) => (listed.state === "sealed" ? listed.highestSequence : 0));
  if (unsealed.length === 0) lastSequence = Math.max(floor, ...highest);
  // Every sequence ever given is below the one that the manifest reserves: one that knows less is older than its log.
  if (testified > lastSequence || lastSequence >= nextSequence) return { kind: "corrupt" };
  return { kind: "readable", lastSequence, testified };
}

/** The highest sequence that anything on the disk testifies to have been durable. */
export async function testifiedOn(image: DiskImage): Promise<number> {
  const { segments, floor } = manifestOf(image);
  let testified = floor;
  for (const { state, segmentId, identity } of segments) {
    const bytes = image.bytes(`${DIRECTORY}/${segmentFileName(segmentId)}`);
    if (state === "sealed" || bytes === undefined) continue;
    testified = Math.max(testified, await highestFloor(bytes, placeOf(identity)));
  }
  return testified;
}

/** The highest floor that a segment with that id, or a later one, testifies: one that no manifest has listed yet. */
async function testifiedFrom(image: DiskImage, firstId: number): Promise<number> {
  let testified = 0;
  for (const path of image.files.keys()) {
    const file = parseFileName(path.slice(DIRECTORY.length + 1));
    if (file?.kind !== "segment" || file.id < firstId) continue;
    const bytes = image.bytes(path)!;
    const header = decodeSegmentHeader(bytes.subarray(0, SEGMENT_HEADER_BYTES));
    if (header.kind !== "ok" || header.value.segmentId !== file.id) continue;
    testified = Math.max(testified, await highestFloor(bytes, placeOf(header.value.identity)));
  }
  return testified;
}

function isHeaderOf(bytes: Uint8Array, { segmentId, identity }: UnsealedSegment): boolean {
  const header = decodeSegmentHeader(bytes.subarray(0, SEGMENT_HEADER_BYTES));
  return header.kind === "ok" && header.value.segmentId === segmentId && header.value.identity === identity;
}

const highestFloor = remembered(async (bytes: Uint8Array, place: Place): Promise<number> => {
  let highest = 0;
  await findTestimony(bytesSource(bytes), {
    place,
    from: SEGMENT_HEADER_BYTES,
    onTestimony: ({ floor }) => {
      highest = Math.max(highest, floor);
    },
  });
  return highest;
});

const readRun = remembered(
  async (bytes: Uint8Array, place: Place, first: number): Promise<{ lastSequence: number; whole: boolean }> => {
    let lastSequence = first - 1;
    const end = await scanFrames(bytesSource(bytes), {
      place,
      from: SEGMENT_HEADER_BYTES,
      expectedSequence: first,
      onFrame: ({ header }) => {
        lastSequence += header.recordCount;
      },
    });
    return { lastSequence, whole: end.kind === "end" };
  },
);

/** The same files lie on tens of thousands of disks: each content is read once. */
function remembered<A extends readonly unknown[], R>(
  read: (bytes: Uint8Array, place: Place, ...rest: A) => Promise<R>,
): (bytes: Uint8Array, place: Place, ...rest: A) => Promise<R> {
  const memory = new WeakMap<Uint8Array, Map<string, Promise<R>>>();
  return (bytes, place, ...rest) => {
    const known = memory.get(bytes) ?? new Map<string, Promise<R>>();
    memory.set(bytes, known);
    const name = `${place.identity} ${rest.join()}`;
    const result = known.get(name) ?? read(bytes, place, ...rest);
    known.set(name, result);
    return result;
  };
}
