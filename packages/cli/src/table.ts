import Table from "cli-table3";

/** How a column is set. */
export type Alignment = "left" | "right";

/** Rows under headings, without lines around them. */
export function table(
  headings: readonly string[],
  alignments: readonly Alignment[],
  rows: readonly (readonly string[])[],
): string {
  const shown = new Table({
    head: [...headings],
    colAligns: [...alignments],
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
    chars: NO_LINES,
  });
  shown.push(...rows.map((row) => [...row]));
  return withoutTrailingBlanks(shown.toString());
}

/** Names and what they stand for. */
export function pairs(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

const NO_LINES = {
  ...{ top: "", "top-mid": "", "top-left": "", "top-right": "" },
  ...{ bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "" },
  ...{ left: "", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "", middle: "" },
};

function withoutTrailingBlanks(text: string): string {
  return text.replaceAll(/ +$/gm, "");
}
