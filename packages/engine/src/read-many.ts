import { recordBytes } from "@hashlog/format";
import type { RecordLocation } from "@hashlog/index";
import type { ReadPace } from "./read-pace.ts";
import type { RecordReader } from "./record-reader.ts";
import type { Segment } from "./segment.ts";

/** A record that is to be read: where it was when its key was looked up. */
export interface Found {
  /** Those of the key. */
  readonly bytes: Uint8Array;
  readonly location: RecordLocation;
  /** Pinned until it was read. */
  readonly segment: Segment;
}

/** Records that lie one behind the other, with little between them: read at once. */
interface Neighbours {
  /** Indexes of `found`. */
  readonly of: number[];
  readonly from: number;
  to: number;
}

/** What reading many records needs. */
export interface ReadManyParts {
  readonly reader: RecordReader;
  readonly pace: ReadPace;
  /** See `Limits.sharedReadBytesMax`: no more than so many bytes are read together. */
  readonly bytesTogetherMax: number;
}

/**
 * Reads the values of many records in the order in which they lie on the disk, neighbours together. `take` is given each with
 * its index, in that order. When it is over, also by an error, nothing is being read any more.
 */
export async function readMany(
  found: readonly (Found | undefined)[],
  { reader, pace, bytesTogetherMax }: ReadManyParts,
  take: (index: number, value: Uint8Array) => void,
): Promise<void> {
  const aside: Promise<void>[] = [];
  try {
    for (const neighbours of neighboursOf(found, bytesTogetherMax)) {
      const bytes = neighbours.to - neighbours.from;
      const answers = neighbours.of.length;
      if (!pace.takes(bytes, answers)) await pace.turn(bytes, answers);
      if (pace.readsAtOnce(bytes)) {
        readNow(found, neighbours, { reader, pace }, take);
      } else {
        const read = readAside(found, neighbours, reader, take);
        // Told when all are awaited, which may be many turns away.
        read.catch(() => undefined);
        aside.push(read);
      }
      if (aside.length < READS_AT_ONCE) continue;
      await Promise.all(aside);
      aside.length = 0;
    }
    await Promise.all(aside);
  } finally {
    await Promise.allSettled(aside);
  }
}

// Only the reading is timed: whoever takes a value decodes it.
function readNow(
  found: readonly (Found | undefined)[],
  { of, from, to }: Neighbours,
  { reader, pace }: Pick<ReadManyParts, "reader" | "pace">,
  take: (index: number, value: Uint8Array) => void,
): void {
  const { segment, location, bytes } = found[of[0]!]!;
  const begun = pace.begin();
  if (of.length === 1) {
    const value = reader.readSync(segment, location, bytes);
    pace.end(begun);
    take(of[0]!, value);
    return;
  }
  const run = reader.readRunSync(segment, from, to);
  pace.end(begun);
  for (const index of of) take(index, reader.readFrom(run, found[index]!.location, found[index]!.bytes));
}

async function readAside(
  found: readonly (Found | undefined)[],
  { of, from, to }: Neighbours,
  reader: RecordReader,
  take: (index: number, value: Uint8Array) => void,
): Promise<void> {
  const { segment, location, bytes } = found[of[0]!]!;
  if (of.length === 1) {
    take(of[0]!, await reader.read(segment, location, bytes));
    return;
  }
  const run = await reader.readRun(segment, from, to);
  for (const index of of) take(index, reader.readFrom(run, found[index]!.location, found[index]!.bytes));
}

function neighboursOf(found: readonly (Found | undefined)[], bytesTogetherMax: number): Neighbours[] {
  const order: number[] = [];
  for (const [index, one] of found.entries()) if (one !== undefined) order.push(index);
  order.sort((left, right) => {
    const { location: a } = found[left]!;
    const { location: b } = found[right]!;
    return a.segmentSlot - b.segmentSlot || a.offset - b.offset;
  });
  const runs: Neighbours[] = [];
  let last: Neighbours | undefined;
  let lastSegment: Segment | undefined;
  for (const index of order) {
    const { segment, location, bytes } = found[index]!;
    const { offset } = location;
    const to = offset + recordBytes(bytes.length, location.valueBytes, location.expiresAtMs !== 0);
    const follows = last !== undefined && lastSegment === segment && offset - last.to <= GAP_BYTES_MAX;
    if (follows && to - last!.from <= bytesTogetherMax) {
      last!.of.push(index);
      last!.to = Math.max(last!.to, to);
      continue;
    }
    last = { of: [index], from: offset, to };
    lastSegment = segment;
    runs.push(last);
  }
  return runs;
}

/** Bytes between two records that are read along rather than passed by. */
export const GAP_BYTES_MAX = 512;
/** How many reads are handed to other threads at a time. */
const READS_AT_ONCE = 64;
