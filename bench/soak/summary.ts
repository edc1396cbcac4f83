/** soak.md: what was found, in tables. */
import { GETTERS, GET_SYNCS_PER_TURN, WRITERS } from "./load.ts";
import { PHASES, type Percentiles } from "./phases.ts";
import {
  spaceAmplification,
  spaceAmplificationOfAll,
  TIMED,
  type Sample,
  type SoakResult,
  type StoreResult,
  type Timed,
} from "./result.ts";
import { writeAmplification } from "./series.ts";
import { WARM_AFTER } from "./soak-store.ts";
import { secondHalf, verdictsOn } from "./verdicts.ts";
import { mib, ms, rate, table, times } from "../words.ts";
import { SHARE_OF_DELETES, SHARE_WITH_TTL, ZIPF_EXPONENT } from "./workload.ts";

/** A figure that the summary shows. */
export interface FigureLink {
  readonly store: string;
  readonly title: string;
  readonly file: string;
}

/** What the times are called. */
const TIMED_WORDS: Readonly<Record<Timed, string>> = {
  getSync: "getSync",
  get: "get",
  put: "put, acknowledged",
  eventLoop: "event loop delay",
};

/** The whole file. */
export function summaryOf(result: SoakResult, figures: readonly FigureLink[]): string {
  const { machine } = result;
  const sections = result.stores.map((store) => storeSection(result, store, figures));
  return `# Soak: ${result.minutes} minutes, durability \`sync: "${result.sync}"\`

\`${result.command}\`, ${machine.date}, commit ${machine.commit}.
${machine.cpu}, ${machine.cores} cores, ${mib(machine.memoryBytes)} of memory; ${machine.system}; Node ${machine.node}.

At full speed: ${WRITERS} writers at once, and between them ${GETTERS} \`get\` at once and ${GET_SYNCS_PER_TURN} \`getSync\` in each turn of the event
loop, on keys by Zipf's law (${ZIPF_EXPONENT}). Of the writes ${share(SHARE_OF_DELETES)} are deletes and ${share(SHARE_WITH_TTL)} puts that expire within a minute; keys
of 16 bytes, values of 100 to 4096, 1024 on average. A store is judged from when it was written over ${WARM_AFTER} times.
"Merging" and "idle" are the same load, with a merge running and with none.

${sections.join("\n\n")}
`;
}

/** The verdicts, for the file and for the terminal. */
export function verdictTable(store: StoreResult): string {
  const rows = verdictsOn(store).map(({ what, wanted, found, verdict }) => [what, wanted, found, verdict]);
  return table([`${store.name} store`, "wanted", "found", "verdict"], rows);
}

function storeSection(result: SoakResult, store: StoreResult, figures: readonly FigureLink[]): string {
  const shown = figures.filter((figure) => figure.store === store.name);
  return [
    `## The ${store.name} store, \`sync: "${result.sync}"\``,
    overview(store),
    verdictTable(store),
    timesTable(store, result.sync),
    amountsTable(store),
    ...shown.map(({ title, file }) => `![${title}](${file})`),
  ].join("\n\n");
}

function overview(store: StoreResult): string {
  const last = store.samples.at(-1);
  if (last === undefined) return "There are no samples.";
  const { merges, userBytes, liveBytes, seconds } = last;
  const moved = merges.bytesRead + merges.bytesWritten;
  const speed = merges.durationMs === 0 ? "none" : `${mib((1000 * moved) / merges.durationMs)}/s read and written`;
  return `${mib(liveBytes)} of live records at the end, ${last.keys} keys; each written ${times(userBytes / liveBytes)} times over
(${mib(userBytes)} of records in ${Math.round(seconds)} s, ${rate(last.writes / seconds)} writes and ${rate(last.reads / seconds)} reads a second).
${merges.count} merges (${merges.failures} failed) took ${Math.round(merges.durationMs / 1000)} s: ${speed}, ${mib(merges.bytesFreed)} freed.
Filling took ${store.fillSeconds.toFixed(1)} s, closing ${store.closeSeconds.toFixed(1)} s.`;
}

function timesTable(store: StoreResult, sync: string): string {
  const rows = TIMED.flatMap((timed) =>
    PHASES.map((phase) => [`${TIMED_WORDS[timed]}, ${phase}`, ...percentileCells(store.times[timed][phase])]),
  );
  return table([`when warm, \`sync: "${sync}"\``, "count", "p50", "p99", "p99.9", "most"], rows);
}

function percentileCells({ count, p50Ms, p99Ms, p999Ms, maxMs }: Percentiles): string[] {
  if (count === 0) return ["0", "", "", "", ""];
  return [count.toLocaleString("en-US"), ms(p50Ms), ms(p99Ms), ms(p999Ms), ms(maxMs)];
}

function amountsTable(store: StoreResult): string {
  const warm = store.samples.filter(({ isWarm }) => isWarm);
  const last = warm.at(-1);
  if (last === undefined) return `It was not written over ${WARM_AFTER} times: nothing is steady.`;
  const before = store.samples.findLast(({ isWarm }) => !isWarm);
  const amplification = writeAmplification(before, last);
  const row = (what: string, of: (sample: Sample) => number, say: (value: number) => string): string[] => {
    const values = warm.map(of);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return [what, say(Math.min(...values)), say(mean), say(Math.max(...values)), say(of(last))];
  };
  const whole = (value: number): string => String(Math.round(value));
  const rows = [
    row("segment bytes for each live byte", spaceAmplification, times),
    row("the same, looked at every second: the most", ({ peak }) => spaceAmplification(peak), times),
    row("all files' bytes for each live byte", spaceAmplificationOfAll, times),
    row("segment files' bytes", ({ segmentBytes }) => segmentBytes, mib),
    row("live, expired left out", ({ liveBytes }) => liveBytes, mib),
    row("files", ({ files }) => files, whole),
    row("segments", ({ segments }) => segments, whole),
    row("open files of the store", ({ storeHandles }) => storeHandles, whole),
    row("handles of the process", ({ processHandles }) => processHandles ?? Number.NaN, whole),
    row("RSS", ({ rssBytes }) => rssBytes, mib),
    row("JavaScript heap", ({ heapBytes }) => heapBytes, mib),
    row("keydir", ({ keydirBytes }) => keydirBytes, mib),
  ];
  const judged = secondHalf(store.samples).length;
  return `${table([`${warm.length} samples when warm`, "least", "mean", "most", "last"], rows)}

Write amplification when warm: ${amplification === undefined ? "nothing was written" : times(amplification)} bytes into files for each byte of a record. Trends are of the last ${judged} samples.`;
}

function share(of: number): string {
  return `${Math.round(of * 100)} %`;
}
