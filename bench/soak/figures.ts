/** What a soak found over time, drawn as SVG. */
import { init } from "echarts";
import { COLOURS } from "../colours.ts";
import type { StoreResult, Sample, SoakResult } from "./result.ts";
import { spaceAmplification, spaceAmplificationOfAll, type Timed } from "./result.ts";
import { windowOf } from "./series.ts";

/** A drawing. */
export interface Figure {
  readonly store: string;
  readonly title: string;
  readonly file: string;
  readonly svg: string;
}

/** A line: a value for each sample, `undefined` where there is none. */
interface Line {
  readonly name: string;
  /** Lines of one pair have one colour; the second is dashed. */
  readonly pair?: "first" | "second";
  readonly of: (sample: Sample, before: Sample | undefined) => number | undefined;
}

interface Plan {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /** Where some values are thousands of times others. */
  readonly logarithmic?: boolean;
  readonly lines: readonly Line[];
}

/** All figures of all stores. */
export function figuresOf(result: SoakResult): Figure[] {
  return result.stores.flatMap((store) =>
    PLANS.map((plan) => {
      const title = `${store.name} store, sync: ${result.sync}: ${plan.title}`;
      return { store: store.name, title, file: `soak-${store.name}-${plan.name}.svg`, svg: draw(plan, title, store) };
    }),
  );
}

const MIB = 2 ** 20;

const PLANS: readonly Plan[] = [
  {
    name: "space",
    title: "space amplification",
    unit: "bytes for each live byte",
    lines: [
      { name: "segments", of: spaceAmplification },
      { name: "all files", of: spaceAmplificationOfAll },
    ],
  },
  {
    name: "writes",
    title: "write amplification",
    unit: "bytes for each byte of a record",
    lines: [{ name: "written into files", of: (sample, before) => windowOf(before, sample).writeAmplification }],
  },
  {
    name: "times",
    title: "p99 of reads and writes",
    unit: "ms",
    logarithmic: true,
    lines: [...bothPhases("getSync"), ...bothPhases("get"), ...bothPhases("put")],
  },
  {
    name: "event-loop",
    title: "p99 of the event loop's delay",
    unit: "ms",
    logarithmic: true,
    lines: bothPhases("eventLoop"),
  },
  {
    name: "files",
    title: "files and handles",
    unit: "",
    lines: [
      { name: "files", of: ({ files }) => files },
      { name: "segments", of: ({ segments }) => segments },
      { name: "open files of the store", of: ({ storeHandles }) => storeHandles },
      { name: "handles of the process", of: ({ processHandles }) => processHandles ?? undefined },
    ],
  },
  {
    name: "memory",
    title: "memory",
    unit: "MiB",
    lines: [
      { name: "RSS", of: ({ rssBytes }) => rssBytes / MIB },
      { name: "JavaScript heap", of: ({ heapBytes }) => heapBytes / MIB },
      { name: "keydir", of: ({ keydirBytes }) => keydirBytes / MIB },
    ],
  },
];

function bothPhases(timed: Timed): Line[] {
  return (["idle", "merging"] as const).map((phase) => ({
    name: `${timed === "eventLoop" ? "event loop" : timed}, ${phase}`,
    pair: phase === "idle" ? "first" : "second",
    of: ({ times }) => (times[timed][phase].count === 0 ? undefined : times[timed][phase].p99Ms),
  }));
}

function draw(plan: Plan, title: string, { samples }: StoreResult): string {
  const lines = plan.lines
    .map((line, at) => ({
      ...line,
      colour: COLOURS[line.pair === undefined ? at : Math.floor(at / 2)]!,
      data: pointsOf(line, samples),
    }))
    .filter(({ data }) => data.length > 0);
  const chart = init(null, null, { renderer: "svg", ssr: true, width: 900, height: 380 });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    title: { text: title, left: "center", textStyle: { fontSize: 15 } },
    legend: { bottom: 0, itemGap: 28 },
    grid: { left: 70, right: 30, top: 60, bottom: 80 },
    xAxis: { type: "value", name: "minutes under load", nameLocation: "middle", nameGap: 28 },
    yAxis: {
      type: plan.logarithmic === true ? "log" : "value",
      name: plan.unit,
      nameTextStyle: { align: "left" },
      ...(plan.logarithmic === true ? {} : { min: 0 }),
    },
    series: lines.map(({ name, pair, colour, data }) => ({
      name,
      type: "line",
      showSymbol: false,
      color: colour,
      lineStyle: { width: 1.5, type: pair === "second" ? "dashed" : "solid" },
      data,
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}

function pointsOf({ of }: Line, samples: readonly Sample[]): [minutes: number, value: number][] {
  return samples.flatMap((sample, index): [number, number][] => {
    const value = of(sample, samples[index - 1]);
    return value === undefined ? [] : [[sample.seconds / 60, value]];
  });
}
