/** What a comparison found, drawn as SVG. */
import { init } from "echarts";
import { median } from "../median.ts";
import { drawPanels } from "./panels.ts";
import { titleOf } from "./plan.ts";
import { type Compared, type Comparison, rates, type StoreWhole, type WorkloadResult } from "./result.ts";
import { colourOf } from "./store-colours.ts";
import { rate, time } from "./words.ts";
import { workload, type WorkloadName } from "./workloads.ts";

/** A drawing. */
export interface Figure {
  readonly title: string;
  readonly file: string;
  readonly svg: string;
}

const SHOWN: readonly WorkloadName[] = ["load", "overwrite", "put", "getSync", "getSync-zipf", "get", "miss"];
const YCSB: readonly WorkloadName[] = ["ycsb-a", "ycsb-b", "ycsb-c", "ycsb-d", "ycsb-f"];
const DURABLE: readonly WorkloadName[] = ["durable-put", "durable-put-256"];
const TIMED: readonly WorkloadName[] = ["getSync", "get", "put"];
const POINTS = [
  ["p50", "p50"],
  ["p99", "p99"],
  ["p999", "p99.9"],
] as const;

/** All that there is enough for. */
export function figuresOf({ stores }: Comparison): Figure[] {
  const first = stores.find(({ durability }) => durability === "not synced");
  const synced = stores.find(({ durability }) => durability === "synced");
  return [
    ...(first === undefined ? [] : throughput("bench-throughput.svg", "Operations a second", first, SHOWN)),
    ...(first === undefined ? [] : throughput("bench-ycsb.svg", "Operations a second of YCSB", first, YCSB)),
    ...(synced === undefined ? [] : throughput("bench-durable.svg", "Durable puts a second", synced, DURABLE)),
    ...(first === undefined ? [] : latency(first)),
    ...(first === undefined ? [] : bySize(stores, first.valueBytes)),
  ];
}

function throughput(file: string, what: string, compared: Compared, wanted: readonly WorkloadName[]): Figure[] {
  const { names, rows, of } = among(compared, wanted);
  if (names.length === 0) return [];
  const title = `${what}, more is better: ${titleOf(compared)}`;
  const panels = names.map((name) => ({
    title: plain(workload(name).title),
    values: rows.map((entrant) => {
      const found = of(entrant, name);
      return found && median(rates(found));
    }),
  }));
  return [{ title, file, svg: drawPanels({ ...{ title, rows, panels }, say: rate }) }];
}

function latency(compared: Compared): Figure[] {
  const { names, rows, of } = among(compared, TIMED);
  if (names.length === 0) return [];
  const title = `Latency, less is better: ${titleOf(compared)}`;
  const panels = names.flatMap((name) =>
    POINTS.map(([point, told]) => ({
      title: `${plain(workload(name).title)}: ${told}`,
      values: rows.map((entrant) => {
        const found = of(entrant, name);
        return found && median(found.measured.map(({ latencyNs }) => latencyNs[point]));
      }),
    })),
  );
  return [{ title, file: "bench-latency.svg", svg: drawPanels({ ...{ title, rows, panels }, say: time }) }];
}

/** Those of the workloads that were measured, by those that took part in them. */
function among(
  { workloads, wholes }: Compared,
  wanted: readonly WorkloadName[],
): {
  readonly names: readonly WorkloadName[];
  readonly rows: readonly string[];
  readonly of: (entrant: string, name: WorkloadName) => WorkloadResult | undefined;
} {
  const measured = workloads.filter((one) => wanted.includes(one.workload));
  return {
    names: wanted.filter((name) => measured.some((one) => one.workload === name)),
    // In the order of the tables, which the first workload need not have.
    rows: wholes.map(({ entrant }) => entrant).filter((name) => measured.some(({ entrant }) => entrant === name)),
    of: (entrant, name) => measured.find((one) => one.entrant === entrant && one.workload === name),
  };
}

/** How memory and opening grow with the number of keys, where there is more than one. */
function bySize(stores: readonly Compared[], valueBytes: number): Figure[] {
  const sizes = stores
    .filter((one) => one.valueBytes === valueBytes && one.durability === "not synced")
    .toSorted((one, other) => one.keys - other.keys);
  if (sizes.length < 2) return [];
  return [
    growth("bench-memory.svg", "Memory when loaded", "MiB", sizes, ({ loadedRssBytes }) =>
      loadedRssBytes.map((bytes) => bytes / 2 ** 20),
    ),
    growth("bench-open.svg", "Time to open", "s", sizes, ({ openSeconds }) => openSeconds),
  ];
}

function growth(
  file: string,
  what: string,
  unit: string,
  stores: readonly Compared[],
  figure: (whole: StoreWhole) => readonly number[],
): Figure {
  const title = `${what}, less is better: values of ${stores[0]!.valueBytes} bytes, not synced`;
  const entrants = [...new Set(stores.flatMap(({ wholes }) => wholes.map(({ entrant }) => entrant)))];
  const chart = init(null, null, { renderer: "svg", ssr: true, width: 1000, height: 460 });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    title: { text: title, left: "center", textStyle: { fontSize: 15 } },
    legend: { bottom: 0, itemGap: 20 },
    grid: { left: 90, right: 50, top: 80, bottom: 100 },
    xAxis: { type: "log", name: "keys, logarithmic", nameLocation: "middle", nameGap: 28 },
    yAxis: { type: "log", name: `${unit}, logarithmic`, nameTextStyle: { align: "left" } },
    series: entrants.flatMap((entrant) => {
      const data = stores.flatMap(({ keys, wholes }) => {
        const values = wholes.filter((one) => one.entrant === entrant).flatMap(figure);
        return values.length === 0 ? [] : [[keys, median(values)]];
      });
      // Both that are no stores are grey.
      const isBareFile = entrant === "bare file";
      const line = { name: entrant, color: colourOf(entrant), lineStyle: { type: isBareFile ? "dashed" : "solid" } };
      return data.length === 0 ? [] : [{ ...line, type: "line" as const, data }];
    }),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return { title, file, svg: `${svg}\n` };
}

function plain(title: string): string {
  return title.replaceAll("`", "");
}
