import { Option } from "commander";
import { planMerge, resolvePolicy } from "@hashlog/compactor";
import type { MergeDecision } from "@hashlog/engine";
import type { AnyStore, ReadCommand } from "../command.ts";
import { segmentFigures, type SegmentFigures } from "../figures.ts";
import { parsePositive } from "../options.ts";
import { isWritable } from "../store-access.ts";
import { most, table } from "../table.ts";
import { number, plural, share, size } from "../words.ts";

interface InspectGiven {
  readonly sort: "id" | "size" | "dead";
  readonly limit?: number;
}

export const inspect: ReadCommand<InspectGiven> = {
  kind: "read",
  name: "inspect",
  summary: "show the segments, what of each is live and dead, and what a merge would do",
  details:
    "A bar is as long as the segment is large: full where it is live, light where it is dead, medium where it has expired. The merge is the one that a program " +
    "with the usual options would do next by itself, and why. inspect tells of the whole; dump shows a file record by record.",
  parameters: [],
  options: () => [
    new Option("--sort <by>", "which comes first").choices(["id", "size", "dead"]).default("id"),
    new Option("--limit <count>", "so many segments at most").argParser(parsePositive),
  ],
  examples: ["hashlog inspect ./store", "hashlog inspect ./store --sort dead --limit 10"],
  async run(store, { options: { sort, limit = Infinity } }, { output, json }) {
    const segments = await segmentFigures(store);
    const decision = await nextMerge(store);
    const shown = sorted(segments, sort).slice(0, limit);
    if (json) return output.json({ segments: shown, merge: decision });
    if (shown.length > 0) await output.line(segmentTable(shown, output.columns));
    if (shown.length < segments.length)
      await output.line(`and ${plural(segments.length - shown.length, "segment")} more`);
    for (const line of mergeLines(decision, segments.length, limit)) await output.line(line);
  },
};

async function nextMerge(store: AnyStore): Promise<MergeDecision> {
  if (isWritable(store)) return store.compaction.plan();
  return planMerge(await store.statistics(), resolvePolicy());
}

function sorted(segments: readonly SegmentFigures[], by: InspectGiven["sort"]): readonly SegmentFigures[] {
  if (by === "id") return segments;
  const field = by === "size" ? ("fileBytes" as const) : ("deadBytes" as const);
  return segments.toSorted((a, b) => b[field] - a[field] || a.segmentId - b.segmentId);
}

function segmentTable(segments: readonly SegmentFigures[], columns: number): string {
  const rows = segments.map((segment) => {
    const { segmentId, state, fileBytes, records, liveBytes, deadBytes, tombstones } = segment;
    const of = liveBytes + deadBytes;
    return [
      String(segmentId),
      state,
      size(fileBytes),
      number(records),
      share(liveBytes, of),
      share(deadBytes, of),
      number(tombstones),
    ];
  });
  const text = table(
    ["segment", "state", "size", "records", "live", "dead", "tombstones"],
    ["right", "left", "right", "right", "right", "right", "right"],
    rows,
  ).split("\n");
  const textWidth = most(text.map((line) => line.length));
  const width = Math.max(10, Math.min(60, columns - textWidth - 3));
  const largest = Math.max(most(segments.map(({ fileBytes }) => fileBytes)), 1);
  return text
    .map((line, index) =>
      index === 0 ? line : `${line.padEnd(textWidth)}  ${bar(segments[index - 1]!, largest, width)}`,
    )
    .join("\n");
}

/** Live, expired and dead bytes of a segment as a bar, as long in proportion as the segment is large. */
export function bar(
  { fileBytes, liveBytes, expiredBytes, deadBytes }: SegmentFigures,
  largest: number,
  width: number,
): string {
  const records = liveBytes + deadBytes;
  const length = Math.max(1, Math.round((width * fileBytes) / largest));
  if (records === 0) return "·".repeat(length);
  const live = Math.round((length * (liveBytes - expiredBytes)) / records);
  const expired = Math.min(length - live, Math.round((length * expiredBytes) / records));
  return "█".repeat(live) + "▒".repeat(expired) + "░".repeat(length - live - expired);
}

function* mergeLines(decision: MergeDecision, segments: number, limit: number): Iterable<string> {
  if (segments === 0) {
    yield "an empty store";
    return;
  }
  yield "";
  if (decision.kind === "none") {
    yield `next merge: none, ${NO_MERGE[decision.reason]}`;
    return;
  }
  const { trigger, bytesRead, bytesWritten, bytesFreed } = decision;
  yield `next merge: ${trigger}; reads ${size(bytesRead)}, writes ${size(bytesWritten)}, frees ${size(bytesFreed)}`;
  for (const { segmentId, reason, garbageBytes, tombstones, pinnedBy } of decision.segments.slice(0, limit)) {
    const kept =
      tombstones > 0 && pinnedBy.length > 0
        ? `; ${plural(tombstones, "tombstone")} may have to stay, as older data are outside`
        : "";
    yield `  segment ${segmentId}: ${reason}, ${size(garbageBytes)} dead or expired${kept}`;
  }
  const more = decision.segments.length - limit;
  if (more > 0) yield `  and ${plural(more, "segment")} more`;
}

const NO_MERGE = {
  "nothing-to-gain": "as there is nothing to gain",
  "outside-the-window": "outside the hours that were set",
  "no-room": "as the volume has no room for it",
} as const;
