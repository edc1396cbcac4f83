import type { SegmentStatistics, StoreStatistics } from "../statistics.ts";
import type { SeededRandom } from "./contract-random.ts";

/** What the suite is made of: the words of a test runner, assertions, and statistics. */

/** The two functions of a test runner that the suite needs. Vitest's and `node:test`'s are of this form. */
export interface TestFunctions {
  describe(name: string, body: () => void): unknown;
  test(name: string, body: () => void): unknown;
}

const SEGMENT_BYTES = 256 * 1024 * 1024;
const RECORD_BYTES = 1024;
const FILE_HEADER_BYTES = 64;

export function ensure(condition: boolean, what: string): void {
  if (!condition) throw new Error(`the contract is broken: ${what}`);
}

/** What `segmentOf` makes a segment of. */
export interface SegmentOptions {
  readonly segmentId: number;
  readonly state?: SegmentStatistics["state"];
  readonly records?: number;
  readonly liveShare?: number;
  readonly expiredShare?: number;
  readonly tombstones?: number;
}

/** A segment; where nothing else is said a sealed one of 256 MiB, all of it live, younger than those of lower ids. */
export function segmentOf(options: SegmentOptions): SegmentStatistics {
  const { segmentId, state = "sealed", liveShare = 1, expiredShare = 0, tombstones = 0 } = options;
  const records = options.records ?? SEGMENT_BYTES / RECORD_BYTES;
  const liveRecords = Math.floor((records - tombstones) * liveShare);
  const expiredRecords = Math.floor(liveRecords * expiredShare);
  const lowestSequence = segmentId * SEGMENT_BYTES;
  return {
    segmentId,
    state,
    fileBytes: records * RECORD_BYTES + FILE_HEADER_BYTES,
    records,
    recordBytes: records * RECORD_BYTES,
    liveRecords,
    liveBytes: liveRecords * RECORD_BYTES,
    expiredRecords,
    expiredBytes: expiredRecords * RECORD_BYTES,
    tombstones,
    tombstoneBytes: tombstones * RECORD_BYTES,
    lowestSequence,
    highestSequence: lowestSequence + Math.max(0, records - 1),
    merged: false,
  };
}

/** A segment of which every number is as large as it may be, but for what is live. */
export function extremeSegment(segmentId: number, bytes: number, liveBytes: number): SegmentStatistics {
  return {
    ...segmentOf({ segmentId }),
    fileBytes: bytes,
    recordBytes: bytes,
    liveBytes,
    expiredBytes: bytes,
    tombstones: bytes,
    tombstoneBytes: bytes,
    lowestSequence: 1,
    highestSequence: Math.max(1, bytes),
  };
}

/** An idle store of these segments, with all the room there is. */
export function storeOf(segments: readonly SegmentStatistics[]): StoreStatistics {
  const idleMs = Number.MAX_SAFE_INTEGER;
  return { segments, nowMs: 1_700_000_000_000, idleMs, freeBytes: Infinity, segmentBytesMax: SEGMENT_BYTES };
}

/** Segments of all kinds, of which the last one or two are not sealed, and the last of all may be empty. */
export function someStatistics(random: SeededRandom): StoreStatistics {
  const count = 1 + random.below(30);
  const segments = Array.from({ length: count }, (_, index) => {
    const records = random.below(3) === 0 ? 1 + random.below(100) : 1 + random.below(SEGMENT_BYTES / RECORD_BYTES);
    const empty = index === count - 1 && random.below(2) === 0;
    return segmentOf({
      segmentId: index + 1,
      state: index === count - 1 ? "active" : index === count - 2 ? "unsealed" : "sealed",
      records: empty ? 0 : records,
      liveShare: random.next(),
      expiredShare: random.below(2) * random.next(),
      tombstones: empty ? 0 : random.below(2) * random.below(records),
    });
  });
  return storeOf(shuffled(segments, random));
}

/** The same elements in another order. */
export function shuffled<Element>(elements: readonly Element[], random: SeededRandom): Element[] {
  return elements
    .map((element) => ({ element, place: random.next() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ element }) => element);
}

/** The statistics, such that whoever writes to them gets an error. */
export function frozen(statistics: StoreStatistics): StoreStatistics {
  for (const segment of statistics.segments) Object.freeze(segment);
  Object.freeze(statistics.segments);
  return Object.freeze(statistics);
}
