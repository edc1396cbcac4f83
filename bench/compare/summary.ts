/** bench.md: what was found, in tables. */
import { mib, table } from "../words.ts";
import { IN_MEMORY } from "./file-system-name.ts";
import { GOAL_SIZE, GOALS_NEED, goalsOf } from "./goals.ts";
import { ownSections } from "./own-tables.ts";
import type { Comparison } from "./result.ts";
import { storeSection } from "./store-tables.ts";
import { workload } from "./workloads.ts";

/** A figure that the summary shows. */
export interface FigureLink {
  readonly title: string;
  readonly file: string;
}

/** The whole file. */
export function summaryOf(comparison: Comparison, figures: readonly FigureLink[]): string {
  const sections = [
    heading(comparison),
    howItIsMeasured(comparison),
    entrantTable(comparison),
    "## The goals",
    goalSection(comparison),
    ...figures.map(({ title, file }) => `![${title}](${file})`),
    ...comparison.stores.map((compared) => storeSection(compared, comparison.entrants)),
    ...ownSections(comparison),
  ];
  return `${sections.join("\n\n")}\n`;
}

/** The goals that were judged, for the file and for the terminal. */
export function goalSection(comparison: Comparison): string {
  const rows = goalsOf(comparison, (name) => workload(name).title).flatMap(({ what, wanted, found, isReached }) =>
    isReached === undefined ? [] : [[what, wanted, found, isReached ? "reached" : "not reached"]],
  );
  if (rows.length === 0) return `No goal was judged: ${GOALS_NEED}.`;
  const size = `${GOAL_SIZE.keys.toLocaleString("en-US")} keys, values of ${GOAL_SIZE.valueBytes} bytes, unless said`;
  return table([size, "wanted", "found", "judged"], rows);
}

function heading({ machine, fileSystem, command, isQuick }: Comparison): string {
  const { cpu, cores, memoryBytes, system, node, date, commit } = machine;
  const lines = [
    `# Hashlog beside other stores

\`${command}\`, ${date}, commit ${commit}.
${cpu}, ${cores} cores, ${mib(memoryBytes)} of memory; ${system}; Node ${node}. The stores lie on ${fileSystem}.`,
  ];
  if (fileSystem === IN_MEMORY)
    lines.push(`Warning: ${IN_MEMORY} keeps its files in memory. What is called synced here waits for nothing.`);
  if (isQuick) lines.push("A quick run: one round, small stores, little time. It says little.");
  return lines.join("\n\n");
}

function howItIsMeasured({ stores, entrants }: Comparison): string {
  const rates = stores.some(({ rounds }) => rounds > 1)
    ? "in several rounds with fresh stores. Rates are medians of the rounds, with the least and the most."
    : "in one round.";
  const ratios = `
In brackets: how many times as much Hashlog did in the same round (median); above 1, Hashlog is quicker.`;
  return `Every store is in a process of its own; each workload is done by one after the other before the next one is begun,
${rates}${entrants.some(({ name }) => name === "hashlog") ? ratios : ""}
Keys are 16 digits, half of each value can be compressed. All files are in the system's cache: where nothing is synced, what is
compared are stores, not disks. What is synced waits for the disk.`;
}

/** What each was opened with, for the durabilities that something was measured with. */
function entrantTable({ entrants, stores }: Comparison): string {
  const measured = (["not synced", "synced"] as const).filter((one) =>
    stores.some(({ durability }) => durability === one),
  );
  const rows = entrants.map(({ name, version, durabilities }) => [
    name,
    version ?? "-",
    ...measured.map((durability) => durabilities[durability] ?? "takes no part"),
  ]);
  return table(["store", "version", ...measured], rows);
}
