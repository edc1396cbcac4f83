/** What a comparison found, drawn as SVG. */
import { init, type EChartsOption } from "echarts";
import { COLOURS } from "../colours.ts";
import { type Compared, type Comparison, median, rates, type StoreWhole } from "./result.ts";
import { titleOf } from "./plan.ts";
import { workload, type WorkloadName } from "./workloads.ts";

/** A drawing. */
export interface Figure {
  readonly title: string;
  readonly file: string;
  readonly svg: string;
}

const SHOWN: readonly WorkloadName[] = ["load", "overwrite", "put", "getSync", "getSync-zipf", "get", "miss"];
const TIMED: readonly WorkloadName[] = ["getSync", "get", "put"];

/** All that there is enough for. */
export function figuresOf({ stores }: Comparison): Figure[] {
  const [first] = stores;
  if (first === undefined) return [];
  const synced = stores.find(({ durability }) => durability === "synced");
  const figures = [
    throughput("bench-throughput.svg", first, SHOWN),
    throughput("bench-ycsb.svg", first, ["ycsb-a", "ycsb-b", "ycsb-c", "ycsb-d", "ycsb-f"]),
    ...(synced === undefined ? [] : [throughput("bench-durable.svg", synced, ["durable-put", "durable-put-256"])]),
    latency(first),
  ];
  const bySize = stores
    .filter(({ valueBytes, durability }) => valueBytes === first.valueBytes && durability === "not synced")
    .toSorted((one, other) => one.keys - other.keys);
  if (bySize.length > 1) {
    figures.push(
      growth("bench-memory.svg", "memory when loaded", "MiB", bySize, (whole) => whole.loadedRssBytes, 2 ** 20),
      growth("bench-open.svg", "time to open", "s", bySize, (whole) => whole.openSeconds, 1),
    );
  }
  return figures;
}

function throughput(file: string, compared: Compared, wanted: readonly WorkloadName[]): Figure {
  const names = wanted.filter((name) => compared.workloads.some((one) => one.workload === name));
  const title = `Operations a second: ${titleOf(compared)}`;
  return draw(file, title, {
    xAxis: {
      type: "category",
      data: names.map((name) => plain(workload(name).title)),
      axisLabel: { interval: 0, width: 110, overflow: "break" },
    },
    yAxis: { type: "log", name: "operations a second", nameTextStyle: { align: "left" } },
    series: entrantsOf(compared).map((entrant) => ({
      name: entrant,
      type: "bar",
      data: names.map((name) => {
        const found = compared.workloads.find((one) => one.workload === name && one.entrant === entrant);
        return found === undefined ? null : Math.round(median(rates(found)));
      }),
    })),
  });
}

function latency(compared: Compared): Figure {
  const points = ["p50", "p99", "p999"] as const;
  const names = TIMED.filter((name) => compared.workloads.some((one) => one.workload === name));
  return draw("bench-latency.svg", `Latency: ${titleOf(compared)}`, {
    xAxis: {
      type: "category",
      data: names.flatMap((name) =>
        points.map((point) => `${plain(workload(name).title)}, ${point === "p999" ? "p99.9" : point}`),
      ),
      axisLabel: { interval: 0, width: 90, overflow: "break" },
    },
    yAxis: { type: "log", name: "µs", nameTextStyle: { align: "left" } },
    series: entrantsOf(compared).map((entrant) => ({
      name: entrant,
      type: "bar",
      data: names.flatMap((name) => {
        const found = compared.workloads.find((one) => one.workload === name && one.entrant === entrant);
        return points.map((point) =>
          found === undefined ? null : median(found.measured.map(({ latencyNs }) => latencyNs[point])) / 1000,
        );
      }),
    })),
  });
}

function growth(
  file: string,
  what: string,
  unit: string,
  stores: readonly Compared[],
  figure: (whole: StoreWhole) => readonly number[],
  each: number,
): Figure {
  return draw(file, `${what}, values of ${stores[0]!.valueBytes} bytes, not synced`, {
    xAxis: { type: "log", name: "keys", nameLocation: "middle", nameGap: 28 },
    yAxis: { type: "log", name: unit, nameTextStyle: { align: "left" } },
    series: entrantsOf(stores[0]!).flatMap((entrant) => {
      const data = stores.flatMap(({ keys, wholes }) => {
        const whole = wholes.find((one) => one.entrant === entrant);
        const values = whole === undefined ? [] : figure(whole);
        return values.length === 0 ? [] : [[keys, median(values) / each]];
      });
      return data.length === 0 ? [] : [{ name: entrant, type: "line" as const, data }];
    }),
  });
}

function entrantsOf({ workloads }: Compared): string[] {
  return [...new Set(workloads.map(({ entrant }) => entrant))];
}

function plain(title: string): string {
  return title.replaceAll("`", "");
}

function draw(file: string, title: string, option: EChartsOption): Figure {
  const chart = init(null, null, { renderer: "svg", ssr: true, width: 1000, height: 460 });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    color: [...COLOURS],
    title: { text: title, left: "center", textStyle: { fontSize: 15 } },
    legend: { bottom: 0, itemGap: 24 },
    grid: { left: 90, right: 30, top: 60, bottom: 100 },
    ...option,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return { title, file, svg: `${svg}\n` };
}
