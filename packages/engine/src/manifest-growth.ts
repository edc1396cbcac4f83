import type { Manifest, ManifestSegment } from "@hashlog/format";

/**
 * What the same writer has added to a store since: its log has grown, segments were sealed, others begun. Those, in log
 * order; `undefined` if anything else has happened, and the index has to be loaded again: segments are gone, a merge has
 * written others, or another writer has opened the store, who may have brought the end of the log to rest elsewhere.
 *
 *     before    1 sealed, 2 unsealed
 *     after     1 sealed, 2 sealed, 3 sealed, 4 unsealed        grown by 3 and 4
 *     after     5 merged, 3 unsealed                            not grown
 *     after     1 sealed, 2 sealed, 4 unsealed                  not grown: 3 was begun, sealed and merged in between, and
 *                                                               what of it 4 has written over is nowhere any more
 */
export function growthOf(before: Manifest, after: Manifest): readonly ManifestSegment[] | undefined {
  if (after.storeId !== before.storeId || after.epoch !== before.epoch) {
    // mark: reader/manifest-of-another-writer
    return undefined;
  }
  const known = new Map(before.segments.map((segment) => [segment.segmentId, segment]));
  const kept = after.segments.filter(({ segmentId }) => known.has(segmentId));
  const isWhole =
    kept.length === known.size && kept.every((segment) => continues(known.get(segment.segmentId)!, segment));
  const added = after.segments.slice(kept.length);
  const isBehind = added.every((segment) => !known.has(segment.segmentId) && !isMerged(segment));
  const isLogWhole = after.logCompleteFrom === before.logCompleteFrom;
  if (isWhole && isBehind && isLogWhole) return added;
  // mark: reader/segments-replaced
  return undefined;
}

function continues(before: ManifestSegment, after: ManifestSegment): boolean {
  if (before.identity !== after.identity) return false;
  if (before.state === "unsealed") return !isMerged(after);
  return after.state === "sealed" && after.sealedBytes === before.sealedBytes;
}

function isMerged(segment: ManifestSegment): boolean {
  return segment.state === "sealed" && segment.merged;
}
