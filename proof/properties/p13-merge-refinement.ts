import type { StoreStats } from "@hashlog/engine";
import {
  checkpointFileName,
  decodeManifest,
  hintFileName,
  MANIFEST_NAME,
  parseFileName,
  segmentFileName,
} from "@hashlog/format";
import type { DiskImage } from "@hashlog/fs-io/testing";
import { DIRECTORY } from "../world/text-store.ts";
import { violated, type Property } from "./property.ts";

export const mergeRefinement: Property = {
  id: "P13",
  title: "A merge is invisible, and tidy",
  statement:
    "A merge changes no answer, at every interleaving with writes, reads and iterators, and at every crash of it; " +
    "afterwards what was dead is gone. The files of a closed store are those that its manifest lists, and no others.",
  why:
    "Compaction rewrites all of the user's data while the user is looking elsewhere. It is where this family of stores " +
    "has lost most: a live record dropped for a read error, a newer write overwritten by the copy of an older, inputs " +
    "removed before the outputs were on the disk. And a store that leaves files behind fills the disk in a year.",
};

/** After a clean close there are the files that the manifest lists, and none but those. */
export function mustBeTidy(image: DiskImage): void {
  const missing = mustHoldNoLitter(image);
  if (missing.length > 0) violated(mergeRefinement, `${missing.join(", ")} listed and missing`);
}

/**
 * There are no files but those that the manifest lists, and what a repair has set aside for its user, in a directory of
 * its own (a hint that a power cut had torn, say). Returns the names of those that it lists and that are not there.
 */
export function mustHoldNoLitter(image: DiskImage): readonly string[] {
  const bytes = image.bytes(`${DIRECTORY}/${MANIFEST_NAME}`);
  if (bytes === undefined) return violated(mergeRefinement, "a store that was open has no manifest");
  const manifest = decodeManifest(bytes);
  if (manifest.kind !== "ok")
    return violated(mergeRefinement, `the manifest does not parse: ${JSON.stringify(manifest)}`);
  const { segments, checkpoint } = manifest.value;
  const listed = new Set(segments.map(({ segmentId }) => segmentFileName(segmentId)));
  const hints = segments.filter(({ state }) => state === "sealed").map(({ segmentId }) => hintFileName(segmentId));
  if (checkpoint !== undefined) listed.add(checkpointFileName(checkpoint.id));
  for (const path of image.files.keys()) {
    const name = path.slice(DIRECTORY.length + 1);
    const kind = parseFileName(name)?.kind;
    if (kind === "manifest" || kind === "reserve" || kind === "lock" || SET_ASIDE.test(name)) continue;
    if (!listed.delete(name) && !hints.includes(name)) violated(mergeRefinement, `${name} is litter`);
  }
  return [...listed];
}

const SET_ASIDE = /^hashlog-repair-\d+\//u;

/** All was compacted while nothing else went on: no dead byte is left. */
export function mustBeCompact({ deadBytes, tombstones, segments }: StoreStats): void {
  if (deadBytes === 0 && tombstones === 0) return;
  violated(
    mergeRefinement,
    `after compacting: ${deadBytes} dead bytes and ${tombstones} tombstones in ${segments.length} segments`,
  );
}

/**
 * The statistics do not depend on the road by which the store was opened; but for the memory's slack, what the opening did,
 * when it was looked what has expired, and which of two copies counts as the live one, where a merge was cut off between its two edits.
 */
export function mustCountTheSame(found: StoreStats, expected: StoreStats, when: string): void {
  const [left, right] = [JSON.stringify(lasting(found)), JSON.stringify(lasting(expected))];
  if (left !== right) violated(mergeRefinement, `${when}, the statistics are ${left} instead of ${right}`);
}

const LEFT_OUT = ["keydirBytes", "open", "failures", "checkpoints", "compaction", "expiredBytes", "expiredAsOfMs"];

function lasting(stats: StoreStats): object {
  const rest = Object.fromEntries(Object.entries(stats).filter(([name]) => !LEFT_OUT.includes(name)));
  const segments = stats.segments.map(({ segmentId, state, fileBytes, records, tombstones, tombstoneBytes }) => {
    return { segmentId, state, fileBytes, records, tombstones, tombstoneBytes };
  });
  return { ...rest, segments };
}
