/** What was found of stores of one size, in tables. */
import { mib, table } from "../words.ts";
import { median } from "../median.ts";
import { titleOf } from "./plan.ts";
import { type Compared, type Comparison, rates, ratio, type WorkloadResult } from "./result.ts";
import { rate, RATE_UNITS, rounds, seconds, time } from "./words.ts";
import { workload } from "./workloads.ts";

const NOTHING = "-";

/** A section of its own. */
export function storeSection(compared: Compared, entrants: Comparison["entrants"]): string {
  const { durability, secondsEach } = compared;
  return [
    `## ${titleOf(compared)}`,
    `${rounds(compared.rounds)}, ${secondsEach} s for each workload. ${RATE_UNITS}; the best store of a row is bold, but for
Hashlog with other settings and what is no store. "${NOTHING}": a store that has no such call.`,
    rateTable(compared, entrants),
    `How long an operation took, ${durability}; of batches, a batch. With many in flight it is counted from the call to the answer, with
the turns of all others between them. "Loop" is how late the event loop was (p99); "${NOTHING}": the calls are synchronous, and hold it
themselves.`,
    latencyTable(compared),
    ...(durability === "not synced" ? [wholeTable(compared)] : []),
  ].join("\n\n");
}

function rateTable({ workloads, durability }: Compared, entrants: Comparison["entrants"]): string {
  const names = [...new Set(workloads.map(({ entrant }) => entrant))];
  const stores = new Set(entrants.filter(({ name, isPeer }) => isPeer || name === "hashlog").map(({ name }) => name));
  const rows = [...new Set(workloads.map((one) => one.workload))].map((name) => {
    const results = workloads.filter((one) => one.workload === name);
    const own = results.find(({ entrant }) => entrant === "hashlog");
    const best = Math.max(...results.filter(({ entrant }) => stores.has(entrant)).map((one) => median(rates(one))));
    return [
      workload(name).title,
      ...names.map((entrant) => {
        const result = results.find((one) => one.entrant === entrant);
        return result === undefined ? NOTHING : rateCell(result, own, stores.has(entrant) ? best : undefined);
      }),
    ];
  });
  return table([`operations a second, ${durability}`, ...names], rows);
}

/** The median, bold where it is the best one, what it lies between, and how many times as much Hashlog did. */
function rateCell(result: WorkloadResult, own: WorkloadResult | undefined, best: number | undefined): string {
  const all = rates(result);
  const middle = median(all);
  const told = middle === best ? `**${rate(middle)}**` : rate(middle);
  const spread = all.length === 1 ? "" : `, ${rate(Math.min(...all))} to ${rate(Math.max(...all))}`;
  const against = own === undefined || own === result ? "" : ` (${ratio(own, result).toFixed(2)})`;
  return `${told}${spread}${against}`;
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
      late.length === 0 ? NOTHING : time(median(late) * 1e6),
    ];
  });
  return table(["workload", "store", "p50", "p99", "p99.9", "loop"], rows);
}

function wholeTable({ wholes, keys, valueBytes }: Compared): string {
  const figure = (values: readonly number[], say: (value: number) => string): string =>
    values.length === 0 ? NOTHING : say(median(values));
  const rows = wholes.map((whole) => [
    whole.entrant,
    figure(whole.loadedFileBytes, (bytes) => (bytes === 0 ? "none" : mib(bytes))),
    figure(whole.writeAmplification, (value) => value.toFixed(2)),
    figure(whole.loadedRssBytes, mib),
    figure(whole.rssPeakBytes, mib),
    figure(whole.closeSeconds, seconds),
    figure(whole.openSeconds, seconds),
    figure(whole.openRssBytes, mib),
  ]);
  const head = ["on disk", "written for each byte", "RSS", "RSS at most", "closing", "opening", "RSS, opened"];
  return `Keys and values are ${mib(keys * (16 + valueBytes))}. "On disk" is once it had come to rest after loading, "written" what the process had
written to storage when it was loaded. RSS is the memory of the process: once loaded, at most over all workloads, and of a new
process that has only opened the store again. "${NOTHING}": what is no store is not opened again, or the system does not tell.

${table(["loaded, not synced", ...head], rows)}`;
}
