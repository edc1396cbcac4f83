/** Bars in panels beside each other, drawn as SVG. */
import { init } from "echarts";
import { colourOf } from "./store-colours.ts";

/** One of them, with a scale of its own: from 0, so that twice as long is twice as much. */
export interface Panel {
  readonly title: string;
  /** Of each row; `undefined` where there is none. */
  readonly values: readonly (number | undefined)[];
}

/** All of them. */
export interface Panels {
  readonly title: string;
  /** The stores, which are the same in every panel. */
  readonly rows: readonly string[];
  readonly panels: readonly Panel[];
  /** A value as it is written at its bar. */
  readonly say: (value: number) => string;
}

const COLUMNS_MOST = 3;
const WIDTH = 1000;
const NAMES_WIDTH = 130;
const GAP = 20;
const TOP = 70;
const TITLE_HEIGHT = 40;
const ROW_HEIGHT = 20;
const LETTER_WIDTH = 7;
/** Beside the longest bar there has to be room for its value. */
const SCALE_BEYOND_LONGEST = 1.3;

/** The SVG. */
export function drawPanels({ title, rows, panels, say }: Panels): string {
  const columns = Math.min(COLUMNS_MOST, panels.length);
  const width = (WIDTH - NAMES_WIDTH - columns * GAP) / columns;
  const barsHeight = rows.length * ROW_HEIGHT;
  const height = TITLE_HEIGHT + barsHeight + GAP;
  const places = panels.map((panel, index) => ({
    panel,
    column: index % columns,
    left: NAMES_WIDTH + (index % columns) * (width + GAP),
    top: TOP + Math.floor(index / columns) * height,
  }));
  const size = { width: WIDTH, height: TOP + Math.ceil(panels.length / columns) * height };
  const chart = init(null, null, { renderer: "svg", ssr: true, ...size });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    title: [
      {
        text: title,
        subtext: "each panel has a scale of its own, which begins at 0",
        left: "center",
        textStyle: { fontSize: 15 },
      },
      ...places.map(({ panel, left, top }) => ({
        text: inLines(panel.title, Math.floor(width / LETTER_WIDTH)),
        ...{ left, top: top + TITLE_HEIGHT - 4, padding: 0, textVerticalAlign: "bottom" as const },
        textStyle: { fontSize: 12, fontWeight: "normal" as const, lineHeight: 16 },
      })),
    ],
    grid: places.map(({ left, top }) => ({ left, top: top + TITLE_HEIGHT, width, height: barsHeight })),
    xAxis: places.map(({ panel }, gridIndex) => ({
      type: "value",
      ...{ gridIndex, show: false, min: 0, max: SCALE_BEYOND_LONGEST * longest(panel) },
    })),
    yAxis: places.map(({ column }, gridIndex) => ({
      type: "category",
      ...{ gridIndex, data: [...rows], inverse: true },
      axisTick: { show: false },
      axisLabel: { show: column === 0, color: "#333333" },
    })),
    series: places.map(({ panel }, index) => ({
      type: "bar",
      ...{ xAxisIndex: index, yAxisIndex: index, barWidth: ROW_HEIGHT - 6 },
      data: panel.values.map((value, row) =>
        value === undefined
          ? null
          : {
              value,
              itemStyle: { color: colourOf(rows[row]!) },
              label: { show: true, position: "right" as const, color: "#333333", formatter: () => say(value) },
            },
      ),
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}

function longest({ values }: Panel): number {
  return Math.max(...values.map((value) => value ?? 0));
}

/** Broken between words, and not between a number and what it counts. */
export function inLines(text: string, lettersMost: number): string {
  const lines = [""];
  for (const word of text.replaceAll(/(\d) /g, "$1\u00A0").split(" ")) {
    const longer = lines.at(-1) === "" ? word : `${lines.at(-1)} ${word}`;
    if (lines.at(-1) === "" || longer.length <= lettersMost) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.join("\n");
}
