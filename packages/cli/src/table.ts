import Table from "cli-table3";

/** How a column is set. */
export type Alignment = "left" | "right";

/** Rows under headings, without lines around them. */
export function table(
  headings: readonly string[],
  alignments: readonly Alignment[],
  rows: readonly (readonly string[])[],
): string {
  const all = [headings, ...rows];
  const widths = headings.map((_, column) => most(all.map((row) => row[column]!.length)) + GAP);
  const parts: string[] = [];
  // What the library takes grows with the square of the rows.
  for (let from = 0; from < all.length; from += ROWS_AT_ONCE) {
    const shown = new Table({
      colWidths: widths,
      colAligns: [...alignments],
      style: { head: [], border: [], "padding-left": 0, "padding-right": GAP },
      chars: NO_LINES,
    });
    shown.push(...all.slice(from, from + ROWS_AT_ONCE).map((row) => [...row]));
    parts.push(shown.toString());
  }
  return withoutTrailingBlanks(parts.join("\n"));
}

/** Names and what they stand for. */
export function pairs(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

/** The largest of numbers, however many they are. */
export function most(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => Math.max(one, other), 0);
}

const GAP = 2;
const ROWS_AT_ONCE = 100;

const NO_LINES = {
  ...{ top: "", "top-mid": "", "top-left": "", "top-right": "" },
  ...{ bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "" },
  ...{ left: "", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "", middle: "" },
};

function withoutTrailingBlanks(text: string): string {
  return text.replaceAll(/ +$/gm, "");
}
