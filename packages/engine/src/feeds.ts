import { HashlogError, invalidArgument } from "./errors.ts";
import type { FeedLog } from "./feed-log.ts";
import { FeedHold } from "./feed-hold.ts";
import type { SegmentTable } from "./segment-table.ts";
import type { Segment } from "./segment.ts";

/**
 * The feeds that are open, and what is kept for them: segments of the log that a merge has taken out of the store, and
 * that some feed has not read to their end.
 *
 *     in the store     7 merged    5 log 41..50    8 log 51..
 *     kept             3 log 21..30    4 log 31..40           a feed that has come to 25 needs both
 *
 * A segment is pinned for them when it leaves the store, and not before: until then nothing takes it away. So feeds cost
 * merges nothing, and one that is begun while a feed is open needs nobody's notice.
 *
 * Where a sequence lies is asked again for each piece that is read, as it may lie elsewhere by then: what a full volume or a
 * crash has left uncertain is appended again under its old sequences, to other segments.
 */
export class Feeds {
  readonly #directory: string;
  readonly #log: FeedLog;
  readonly #open = new Set<FeedHold>();
  readonly #kept = new Set<LogRange>();
  // A feed that nobody holds any more must not keep files for ever.
  readonly #abandoned = new FinalizationRegistry<FeedHold>((hold) => hold.close());

  constructor(directory: string, log: FeedLog) {
    this.#directory = directory;
    this.#log = log;
  }

  /**
   * Opens a feed of what comes after `since`; `undefined`: of what comes from now on. One that merges have overtaken is lost
   * from the beginning.
   * @throws HashlogError `HASHLOG_INVALID_ARGUMENT`
   */
  open(since: number | undefined): FeedHold {
    const { sequence, completeFrom, nextSequence } = this.#log;
    if (since !== undefined && since >= nextSequence && since > sequence) {
      // mark: feed/since-beyond-everything
      throw invalidArgument(
        `since: ${since} lies beyond every write of ${this.#directory}: is it of another store, or of a later state of this one?`,
        { path: this.#directory, expected: sequence, actual: since },
      );
    }
    const hold = new FeedHold(since ?? sequence, () => {
      this.#open.delete(hold);
      this.release();
    });
    if (hold.position + 1 < completeFrom) hold.lostAfter = hold.position;
    this.#open.add(hold);
    return hold;
  }

  /** Closes the feed when `holder` was garbage-collected without having closed it. */
  closeWith(holder: object, hold: FeedHold): void {
    this.#abandoned.register(holder, hold);
  }

  /** The last sequence that the feed may deliver now. */
  upTo({ lostAfter }: FeedHold): number {
    return Math.min(this.#log.sequence, lostAfter);
  }

  /** More may be delivered than before. */
  notify(): void {
    for (const hold of this.#open) hold.wake();
  }

  closeAll(): void {
    for (const hold of this.#open) hold.close();
  }

  /** Where the first write after that sequence lies; `undefined` if there is no segment with any. */
  find(after: number): LogRange | undefined {
    let found: LogRange | undefined;
    for (const range of [...this.#kept, ...rangesOf(this.#log.table)]) {
      if (range.last > after && (found === undefined || range.first < found.first)) found = range;
    }
    return found;
  }

  /** To be called for a segment that leaves the store. */
  onRemoved(segment: Segment): void {
    const { state } = segment;
    // What is not sealed holds nothing, or was appended again elsewhere; what a merge wrote is no log.
    if (state.kind === "sealed" && !state.merged) this.#keep(segment, state.lowestSequence, state.highestSequence);
  }

  /** To be called by a reader that has gone over to another list of segments, before it lets go of the old ones. */
  onReplaced(old: { readonly table: Pick<SegmentTable, "all">; readonly sequence: number }): void {
    const { table, completeFrom } = this.#log;
    for (const hold of this.#open) {
      const known = Math.max(hold.position, old.sequence);
      if (known + 1 >= completeFrom) continue;
      // mark: feed/merged-before-it-was-seen
      hold.lostAfter = Math.min(hold.lostAfter, known);
    }
    const listed = new Map(rangesOf(table).map((range) => [range.segment.segmentId, range]));
    for (const { segment, first, last } of rangesOf(old.table)) {
      // Not further than was shown; and from there on the new list has everything, and of unsealed segments what counts.
      const wanted = Math.min(last, old.sequence, completeFrom - 1);
      const there = listed.get(segment.segmentId);
      // It may end before: another writer has copied the rest out of it, and a merge has taken the copy.
      if (there?.segment.place.identity === segment.place.identity && there.last >= wanted) continue;
      this.#keep(segment, first, wanted);
    }
  }

  /** Lets go of what no feed needs any more. */
  release(): void {
    if (this.#kept.size === 0) return;
    const least = this.#leastNeeded;
    for (const range of this.#kept) {
      if (range.last > least) continue;
      // mark: feed/kept-segment-let-go
      this.#kept.delete(range);
      range.segment.unpin();
    }
  }

  /** That the feed cannot go on behind that sequence. */
  compacted(after: number): HashlogError {
    const oldest = this.#log.completeFrom - 1;
    // mark: feed/compacted
    return new HashlogError(
      "HASHLOG_COMPACTED",
      `what was written after ${after} is not whole in the log of ${this.#directory} any more: merges have taken out some up ` +
        `to ${oldest}. Begin again with since: 0, which gives the whole state first`,
      { path: this.#directory, expected: oldest, actual: after },
    );
  }

  stats(): FeedStats {
    const count = this.#open.size;
    return {
      count,
      oldestSequence: count === 0 ? undefined : least([...this.#open].map(({ delivered }) => delivered)),
      bytesKept: [...this.#kept].reduce((sum, { segment }) => sum + segment.bytes, 0),
    };
  }

  #keep(segment: Segment, first: number, last: number): void {
    if (last < first || last <= this.#leastNeeded) return;
    // mark: feed/segment-kept
    segment.pin();
    this.#kept.add({ segment, first, last });
  }

  /** Every open feed that goes on has read up to it. */
  get #leastNeeded(): number {
    return least([...this.#open].filter(({ isLost }) => !isLost).map(({ position }) => position));
  }
}

/** A segment of the log, and the sequences that are to be read in it. */
export interface LogRange {
  readonly segment: Segment;
  readonly first: number;
  readonly last: number;
}

/** What `stats()` says of the feeds. */
export interface FeedStats {
  /** How many are open. */
  readonly count: number;
  /** Up to which sequence the slowest of them has delivered; `undefined` where there is none. */
  readonly oldestSequence: number | undefined;
  /** Bytes of segments that merges have taken out of the store, and that feeds have not read yet. */
  readonly bytesKept: number;
}

function least(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => Math.min(one, other), Infinity);
}

/** The log among the segments. */
function rangesOf(table: Pick<SegmentTable, "all">): LogRange[] {
  const log = [...table.all()].filter((segment) => !isMerged(segment));
  return log.map((segment) => {
    const { state } = segment;
    const last = state.kind === "sealed" ? state.highestSequence : endOfUnsealed(segment, log);
    return { segment, first: firstOf(segment), last };
  });
}

function isMerged({ state }: Segment): boolean {
  return state.kind === "sealed" && state.merged;
}

function firstOf({ state }: Segment): number {
  return state.kind === "sealed" ? state.lowestSequence : state.firstSequence;
}

/** Sequences go on from one unsealed segment to the next. One that holds nothing begins where the next one does. */
function endOfUnsealed(segment: Segment, log: readonly Segment[]): number {
  const first = firstOf(segment);
  let end = Infinity;
  for (const other of log) {
    const begin = firstOf(other);
    if (begin > first || (begin === first && other.segmentId > segment.segmentId)) end = Math.min(end, begin - 1);
  }
  return end;
}
