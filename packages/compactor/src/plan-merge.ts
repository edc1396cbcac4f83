import { invalidArgument } from "./errors.ts";
import {
  garbageBytesOf,
  isMergeable,
  lowestOutside,
  liveBytesOf,
  packedBytes,
  pinnedBytesOf,
  segmentBytesFor,
  sum,
  totalsOf,
} from "./measures.ts";
import { isInWindow } from "./merge-window.ts";
import type { MergeDecision, MergePlan, NoMerge, PlannedSegment } from "./plan.ts";
import type { MergePolicy } from "./policy.ts";
import type { SegmentStatistics, StoreStatistics } from "./statistics.ts";
import type { ChosenSegment, MergeChoice } from "./strategy.ts";

/** What a merge may write in any case, so that small stores are not merged in crumbs. */
const TRANSIENT_BYTES_LEAST = 4 * 1024 * 1024;

/** A strategy has no more choices than this to offer in a row: one that names itself would go on for ever. */
const CHOICES_MOST = 100;

/** A merge is worth doing that frees this share of what it reads, or leaves this share of the files at most. */
const FREED_SHARE_LEAST = 0.01;
const FILES_SHARE_MOST = 0.75;

/**
 * Whether to merge now, which segments, and why. Pure: it reads no clock and no file.
 *
 * The policy's strategy chooses. Then its segments are taken, in its order, as long as they fit: into `mergeBytesMax`
 * (bytes of the inputs), into `transientShareMax` (bytes written, while the inputs are still there), and into the free
 * space. One that does not fit is passed over, as a later one may. A plan that would gain nothing, neither bytes nor fewer
 * files, is none.
 *
 * That the bytes written at once are kept to a share of the store, and the segments small in proportion to it, is what makes
 * merging all the time cost less space than merging rarely (cost-benefit cleaning in small steps: Rosenblum and
 * Ousterhout, The Design and Implementation of a Log-Structured File System, 1991).
 *
 * @throws MergeError `MERGE_INVALID_ARGUMENT` if the strategy breaks its contract: it chose a segment that is unknown, empty,
 *   neither sealed nor active, or chosen already
 */
export function planMerge(statistics: StoreStatistics, policy: MergePolicy): MergeDecision {
  const first = policy.strategy.choose(statistics);
  if (first === undefined) return none("nothing-to-gain");
  if (!isInWindow(policy.window, statistics.nowMs)) return none("outside-the-window");
  let reason: NoMerge["reason"] = "nothing-to-gain";
  let choice: MergeChoice | undefined = first;
  for (let tries = 0; choice !== undefined && tries < CHOICES_MOST; choice = choice.instead, tries += 1) {
    const { taken, noRoom } = takeWhatFits(choice, statistics, policy);
    const plan = planOf(statistics, choice.trigger, taken, policy.outputBytesMax);
    if (isWorthIt(plan)) return plan;
    if (noRoom) reason = "no-room";
  }
  return none(reason);
}

/**
 * A merge of the segments that are named, or of all that can be merged: by hand, or from a list (Bitcask's `merge.txt`). No
 * window, no `mergeBytesMax` and no share of the store limit it; the trigger is `"listed"`. If not all fit into the free
 * space, those that need the least of it are taken, as many as fit; what they free makes room for the others.
 *
 * @param limits a policy, or its `outputBytesMax` alone
 * @throws MergeError `MERGE_INVALID_ARGUMENT` for an id that is not known, named twice, or that of a segment which is neither
 *   sealed nor active
 */
export function planListed(
  statistics: StoreStatistics,
  limits: Pick<MergePolicy, "outputBytesMax">,
  segmentIds: readonly number[] | "all",
): MergeDecision {
  const ids =
    segmentIds === "all" ? statistics.segments.filter(isMergeable).map((segment) => segment.segmentId) : segmentIds;
  const named = find(statistics, ids, "the list").filter(isMergeable);
  const whole = planOf(statistics, "listed", named.map(listed), limits.outputBytesMax);
  // What is named is merged; of a whole store that has nothing to gain, nothing is.
  const gains = whole.bytesFreed > 0 || filesWritten(whole) < whole.segments.length;
  if (named.length === 0 || (segmentIds === "all" && !gains)) return none("nothing-to-gain");
  if (whole.bytesWritten <= statistics.freeBytes) return whole;
  let left = statistics.freeBytes;
  const fitting = named
    .map((segment) => ({ segment, bytes: writtenAtMost(segment) }))
    .toSorted((a, b) => a.bytes - b.bytes || a.segment.segmentId - b.segment.segmentId)
    .filter(({ bytes }) => (left -= bytes) >= 0);
  if (fitting.length === 0) return none("no-room");
  return planOf(
    statistics,
    "listed",
    fitting.map(({ segment }) => listed(segment)),
    limits.outputBytesMax,
  );
}

interface Taken {
  readonly segment: SegmentStatistics;
  readonly reason: string;
}

function takeWhatFits(
  choice: MergeChoice,
  statistics: StoreStatistics,
  policy: MergePolicy,
): { taken: Taken[]; noRoom: boolean } {
  const chosen = chosenSegments(choice, statistics, policy);
  return choice.whole === true ? takeAllOrNone(chosen, statistics, policy) : takeInOrder(chosen, statistics, policy);
}

function takeAllOrNone(
  chosen: Taken[],
  statistics: StoreStatistics,
  policy: MergePolicy,
): ReturnType<typeof takeWhatFits> {
  const { bytesRead, bytesWritten } = planOf(statistics, "", chosen, policy.outputBytesMax);
  if (bytesWritten > statistics.freeBytes) return { taken: [], noRoom: true };
  return { taken: bytesRead <= policy.mergeBytesMax ? chosen : [], noRoom: false };
}

function takeInOrder(
  chosen: Taken[],
  statistics: StoreStatistics,
  policy: MergePolicy,
): ReturnType<typeof takeWhatFits> {
  const transientMax = Math.max(TRANSIENT_BYTES_LEAST, totalsOf(statistics).liveBytes * policy.transientShareMax);
  const taken: Taken[] = [];
  let noRoom = false;
  let read = 0;
  let written = 0;
  for (const candidate of chosen) {
    const bytes = writtenAtMost(candidate.segment);
    const fits = read + candidate.segment.fileBytes <= policy.mergeBytesMax && written + bytes <= transientMax;
    if (taken.length > 0 && !fits) continue;
    if (written + bytes > statistics.freeBytes) {
      noRoom = true;
      continue;
    }
    taken.push(candidate);
    read += candidate.segment.fileBytes;
    written += bytes;
  }
  return { taken, noRoom };
}

function chosenSegments(choice: MergeChoice, statistics: StoreStatistics, { strategy }: MergePolicy): Taken[] {
  const ids = choice.segments.map(({ segmentId }) => segmentId);
  const segments = find(statistics, ids, `the strategy ${strategy.name}`);
  const empty = segments.find((segment) => !isMergeable(segment));
  if (empty !== undefined)
    throw invalidArgument(`the strategy ${strategy.name} chose segment ${empty.segmentId}, which is empty`);
  return segments.map((segment, index) => ({ segment, reason: (choice.segments[index] as ChosenSegment).reason }));
}

/** The segments with these ids, each of which can be merged if it is not empty. */
function find(statistics: StoreStatistics, ids: readonly number[], who: string): SegmentStatistics[] {
  const byId = new Map(statistics.segments.map((segment) => [segment.segmentId, segment]));
  if (new Set(ids).size !== ids.length) throw invalidArgument(`${who} names a segment twice`);
  return ids.map((id) => {
    const segment = byId.get(id);
    if (segment === undefined) throw invalidArgument(`${who} names segment ${id}, which is not there`);
    if (segment.state === "unsealed") throw invalidArgument(`${who} names segment ${id}, which is not sealed`);
    return segment;
  });
}

function listed(segment: SegmentStatistics): Taken {
  return { segment, reason: "listed" };
}

/** Whatever else takes part, no more of it has to be written. */
function writtenAtMost(segment: SegmentStatistics): number {
  return packedBytes(liveBytesOf(segment) + segment.tombstoneBytes);
}

function planOf(
  statistics: StoreStatistics,
  trigger: string,
  taken: readonly Taken[],
  outputBytesMax: number | undefined,
): { kind: "merge" } & MergePlan {
  const inside = new Set(taken.map(({ segment }) => segment.segmentId));
  const outside = statistics.segments.filter(({ segmentId }) => !inside.has(segmentId));
  const lowest = lowestOutside(statistics, inside);
  const bytesRead = sum(taken, ({ segment }) => segment.fileBytes);
  const bytesMax = outputBytesMax ?? segmentBytesFor(statistics);
  const kept = sum(taken, ({ segment }) => liveBytesOf(segment) + pinnedBytesOf(segment, lowest));
  const bytesWritten = packedBytes(kept, bytesMax);
  return {
    kind: "merge",
    trigger,
    segments: byAge(taken).map(({ segment, reason }) => planned(segment, reason, outside)),
    outputBytesMax: bytesMax,
    bytesRead,
    bytesWritten,
    bytesFreed: Math.max(0, bytesRead - bytesWritten),
  };
}

/** What is old, and so has been left alone for long, comes to lie together, apart from what changes all the time. */
function byAge(taken: readonly Taken[]): Taken[] {
  return taken.toSorted(
    (a, b) => a.segment.highestSequence - b.segment.highestSequence || a.segment.segmentId - b.segment.segmentId,
  );
}

function planned(segment: SegmentStatistics, reason: string, outside: readonly SegmentStatistics[]): PlannedSegment {
  const { segmentId, tombstones, highestSequence } = segment;
  const pinning = tombstones === 0 ? [] : outside.filter(({ lowestSequence }) => lowestSequence < highestSequence);
  const pinnedBy = pinning.map((other) => other.segmentId);
  return { segmentId, reason, garbageBytes: garbageBytesOf(segment), tombstones, pinnedBy };
}

function isWorthIt(plan: MergePlan): boolean {
  if (plan.segments.length === 0) return false;
  if (plan.bytesFreed > 0 && plan.bytesFreed >= plan.bytesRead * FREED_SHARE_LEAST) return true;
  return filesWritten(plan) <= plan.segments.length * FILES_SHARE_MOST;
}

/** At most: any two outputs in a row are together larger than one may be, or the second's first record had gone into the first. */
function filesWritten({ bytesWritten, outputBytesMax }: MergePlan): number {
  return bytesWritten === 0 ? 0 : Math.floor((2 * bytesWritten) / outputBytesMax) + 1;
}

function none(reason: NoMerge["reason"]): NoMerge {
  return { kind: "none", reason };
}
