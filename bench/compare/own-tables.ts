/** What was found of Hashlog alone, in tables. */
import type { Merged } from "../own/merging.ts";
import { ROADS, type Opened } from "../own/opening.ts";
import { mib, table } from "../words.ts";
import { median } from "../median.ts";
import { type Comparison } from "./result.ts";
import { rate, seconds } from "./words.ts";

/** All of it is not synced, and there is nothing to compare with. */
export function ownSections({ openings, mergings }: Pick<Comparison, "openings" | "mergings">): string[] {
  return [
    ...(openings.length > 0 ? [openingSection(openings)] : []),
    ...(mergings.length > 0 ? [mergingSection(mergings)] : []),
  ];
}

function openingSection(openings: Comparison["openings"]): string {
  const filled = openings.map(
    ({ keys, filled: { keydirBytesPerKey, heldMs, seconds: took, closeSeconds, fileBytes } }) => [
      keyCount(keys),
      `${rate(keys / took)} keys/s`,
      mib(fileBytes),
      keydirBytesPerKey.toFixed(1),
      `${heldMs.p99.toFixed(1)} ms`,
      `${heldMs.most.toFixed(1)} ms`,
      seconds(closeSeconds),
    ],
  );
  const opened = openings.flatMap(({ keys, opened: byRoad }) =>
    ROADS.map((road) => {
      const of = (figure: (one: Opened) => number): number => median(byRoad[road].map(figure));
      return [
        `${keyCount(keys)}, ${road}`,
        seconds(of((one) => one.seconds)),
        `${rate(of((one) => keys / one.seconds))} keys/s`,
        mib(of((one) => one.bytesRead)),
        of((one) => one.bareSeconds / one.seconds).toFixed(2),
        of((one) => one.residentBytesPerKey).toFixed(1),
      ];
    }),
  );
  return [
    "## Opening and memory, of Hashlog alone, not synced",
    `Values of ${openings[0]!.valueBytes} bytes, segments of 16 MiB. "Of a bare loop": the rate beside that of a loop that reads the same files into
fresh memory and checksums them, in the same process just after; 1 is as quick as that. Bytes a key are those besides the key's own
16: of the keydir, and what the process has grown by.`,
    table(
      ["filled by batches of 1,000", "rate", "on disk", "bytes a key", "a batch held the loop, p99", "most", "closing"],
      filled,
    ),
    table(["opened by", "time", "rate", "read", "of a bare loop", "resident bytes a key"], opened),
  ].join("\n\n");
}

function mergingSection(mergings: Comparison["mergings"]): string {
  const rows = mergings.map(({ liveBytes, valueBytes, inWorker, merged }) => {
    const of = (figure: (one: Merged) => number): number => median(merged.map(figure));
    return [
      `values of ${valueBytes} bytes, ${mib(liveBytes)}, ${inWorker ? "in a worker" : "in the store's thread"}`,
      `${of((one) => one.bytesPerSecond / 1e6).toFixed(0)} MB/s`,
      `${of((one) => one.loopLateMs).toFixed(1)} ms`,
      of((one) => one.spaceAfter).toFixed(4),
    ];
  });
  return [
    "## Merging, of Hashlog alone, not synced",
    `Live records a second, how late the event loop was (p99), and the segments' bytes for each byte of live records. What merges cost
those who read and write meanwhile, and what the space comes to in the long run, is in [soak.md](soak.md).`,
    table(["merged", "rate", "loop", "space"], rows),
  ].join("\n\n");
}

function keyCount(keys: number): string {
  return `${keys.toLocaleString("en-US")} keys`;
}
