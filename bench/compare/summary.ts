/** bench.md: what was found, in tables. */
import type { Merged } from "../own/merging.ts";
import { ROADS, type Opened } from "../own/opening.ts";
import { mib, rate, table } from "../soak/words.ts";
import { goalsOf } from "./goals.ts";
import {
  type Compared,
  type Comparison,
  median,
  rates,
  ratio,
  type StoreWhole,
  type WorkloadResult,
} from "./result.ts";
import { titleOf } from "./plan.ts";
import { workload, type WorkloadName } from "./workloads.ts";

/** A figure that the summary shows. */
export interface FigureLink {
  readonly title: string;
  readonly file: string;
}

/** The whole file. */
export function summaryOf(comparison: Comparison, figures: readonly FigureLink[]): string {
  const { machine, command, isQuick, entrants, stores } = comparison;
  const opened = entrants.map(({ name, durabilities }) => [
    name,
    durabilities["not synced"] ?? "takes no part",
    durabilities.synced ?? "takes no part",
  ]);
  return `# Hashlog beside other stores

\`${command}\`, ${machine.date}, commit ${machine.commit}.
${machine.cpu}, ${machine.cores} cores, ${mib(machine.memoryBytes)} of memory; ${machine.system}; Node ${machine.node}.
${isQuick ? "\nA quick run: one round, small stores, little time. It says little.\n" : ""}
Every store is in a process of its own; each workload is done by one after the other before the next one is begun, in several
rounds with fresh stores. Rates are medians of the rounds, with the least and the most. In brackets: how many times as much
Hashlog did in the same round (median); above 1, Hashlog is quicker. Keys are 16 digits, half of each value can be compressed. All
files are in the system's cache: what is compared are stores, not disks.

${table(["store", "not synced", "synced"], opened)}

## The goals

${goalTable(comparison)}

${figures.map(({ title, file }) => `![${title}](${file})`).join("\n\n")}

${[...stores.map(storeSection), ...aloneSection(comparison)].join("\n\n")}
`;
}

/** The goals, for the file and for the terminal. */
export function goalTable(comparison: Comparison): string {
  const rows = goalsOf(comparison, (name) => workload(name).title).map(({ what, wanted, found, isReached }) => [
    what,
    wanted,
    found,
    isReached === undefined ? "not measured" : isReached ? "reached" : "not reached",
  ]);
  return table(["workload", "wanted", "found", ""], rows);
}

/** Hashlog alone, not synced: there is nothing to compare with. */
function aloneSection({ openings, mergings }: Comparison): string[] {
  const section: string[] = [];
  if (openings.length > 0) {
    const rows = openings.flatMap(({ keys, opened }) =>
      ROADS.map((road) => {
        const of = (figure: (one: Opened) => number): number => median(opened[road].map(figure));
        return [
          `${keys.toLocaleString("en-US")} keys, ${road}`,
          seconds(of((one) => one.seconds)),
          `${rate(of((one) => keys / one.seconds))} keys/s`,
          mib(of((one) => one.bytesRead)),
          of((one) => one.bareSeconds / one.seconds).toFixed(2),
          of((one) => one.residentBytesPerKey).toFixed(1),
        ];
      }),
    );
    const filled = openings.map(
      ({ keys, filled: { keydirBytesPerKey, heldMs, seconds: took, closeSeconds, fileBytes } }) => [
        `${keys.toLocaleString("en-US")} keys`,
        `${rate(keys / took)} keys/s`,
        mib(fileBytes),
        keydirBytesPerKey.toFixed(1),
        `${heldMs.p99.toFixed(1)} ms`,
        `${heldMs.most.toFixed(1)} ms`,
        seconds(closeSeconds),
      ],
    );
    section.push(
      "## Opening and memory, of Hashlog alone, not synced",
      `Values of ${openings[0]!.valueBytes} bytes, segments of 16 MiB. "Of a bare loop": one that reads the same files into fresh memory and checksums
them, in the same process just after; 1 is as quick as that. Bytes a key are those besides the key's own 16: of the keydir, and
what the process has grown by.`,
      table(
        ["filled by batches of 1,000", "", "on disk", "bytes a key", "a batch held the loop, p99", "most", "closing"],
        filled,
      ),
      table(["opened by", "", "", "read", "of a bare loop", "resident bytes a key"], rows),
    );
  }
  if (mergings.length > 0) {
    const rows = mergings.map(({ liveBytes, valueBytes, inWorker, merged }) => {
      const of = (figure: (one: Merged) => number): number => median(merged.map(figure));
      return [
        `values of ${valueBytes} bytes, ${mib(liveBytes)}, ${inWorker ? "in a worker" : "in the store's thread"}`,
        `${of((one) => one.bytesPerSecond / 1e6).toFixed(0)} MB/s`,
        `${of((one) => one.loopLateMs).toFixed(1)} ms`,
        of((one) => one.spaceAfter).toFixed(4),
      ];
    });
    section.push(
      "## Merging, of Hashlog alone, not synced",
      `Live records a second, how late the event loop was (p99), and the segments' bytes for each byte of live records. What merges cost
those who read and write meanwhile, and what the space comes to in the long run, is in [soak.md](soak.md).`,
      table(["merged", "", "loop", "space"], rows),
    );
  }
  return section;
}

function storeSection(compared: Compared): string {
  const { durability, rounds, secondsEach } = compared;
  return [
    `## ${titleOf(compared)}`,
    `${rounds} rounds, ${secondsEach} s for each workload.`,
    rateTable(compared),
    `How long an operation took, ${durability}; of batches, a batch. "Loop" is how late the event loop was (p99).`,
    latencyTable(compared),
    ...(durability === "not synced" ? [wholeTable(compared)] : []),
  ].join("\n\n");
}

function rateTable({ workloads, durability }: Compared): string {
  const entrants = [...new Set(workloads.map(({ entrant }) => entrant))];
  const names = [...new Set(workloads.map((one) => one.workload))];
  const of = (entrant: string, name: WorkloadName): WorkloadResult | undefined =>
    workloads.find((one) => one.entrant === entrant && one.workload === name);
  const rows = names.map((name) => [
    workload(name).title,
    ...entrants.map((entrant) => {
      const result = of(entrant, name);
      const own = of("hashlog", name);
      if (result === undefined) return "";
      const all = rates(result);
      const spread = all.length === 1 ? "" : `, ${rate(Math.min(...all))} to ${rate(Math.max(...all))}`;
      const against = own === undefined || entrant === "hashlog" ? "" : ` (${ratio(own, result).toFixed(2)})`;
      return `**${rate(median(all))}**${spread}${against}`;
    }),
  ]);
  return table([`operations a second, ${durability}`, ...entrants], rows);
}

function latencyTable({ workloads }: Compared): string {
  const rows = workloads.map(({ workload: name, entrant, measured }) => {
    const of = (figure: (one: (typeof measured)[number]) => number): number => median(measured.map(figure));
    const late = measured.flatMap(({ loopLateMs }) => loopLateMs ?? []);
    return [
      workload(name).title,
      entrant,
      time(of(({ latencyNs }) => latencyNs.p50)),
      time(of(({ latencyNs }) => latencyNs.p99)),
      time(of(({ latencyNs }) => latencyNs.p999)),
      late.length === 0 ? "" : time(median(late) * 1e6),
    ];
  });
  return table(["workload", "store", "p50", "p99", "p99.9", "loop"], rows);
}

function wholeTable({ wholes, keys, valueBytes }: Compared): string {
  const figure = (values: readonly number[], say: (value: number) => string): string =>
    values.length === 0 ? "" : say(median(values));
  const rows = wholes.map((whole: StoreWhole) => [
    whole.entrant,
    figure(whole.loadedFileBytes, mib),
    figure(whole.writeAmplification, (value) => value.toFixed(2)),
    figure(whole.loadedRssBytes, mib),
    figure(whole.rssPeakBytes, mib),
    figure(whole.closeSeconds, seconds),
    figure(whole.openSeconds, seconds),
    figure(whole.openRssBytes, mib),
  ]);
  const head = ["on disk", "written for each byte", "RSS", "RSS at most", "closing", "opening", "RSS, opened"];
  return `Keys and values are ${mib(keys * (16 + valueBytes))}. "Written" is what the process had written to storage when it was loaded.

${table(["loaded, not synced", ...head], rows)}`;
}

function time(ns: number): string {
  if (ns < 1000) return `${Math.round(ns)} ns`;
  if (ns < 1e6) return `${(ns / 1000).toFixed(1)} µs`;
  return `${(ns / 1e6).toFixed(1)} ms`;
}

function seconds(value: number): string {
  return value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(1)} s`;
}
