/** Numbers and tables as they are printed. */

/** Bytes, in three digits or more. */
export function mib(bytes: number): string {
  const value = bytes / 2 ** 20;
  return `${value < 100 ? digits(value) : Math.round(value).toLocaleString("en-US")} MiB`;
}

/** Three digits: a time in milliseconds. */
export function ms(value: number): string {
  return `${digits(value)} ms`;
}

/** A ratio. */
export function times(value: number): string {
  return value.toFixed(value < 100 ? 2 : 0);
}

/** Of a number that is in per cent already. */
export function percent(value: number): string {
  return `${value.toFixed(1)} %`;
}

/** So many a second. */
export function rate(perSecond: number): string {
  return perSecond >= 1000 ? `${Math.round(perSecond / 1000)}k` : String(Math.round(perSecond));
}

/** A Markdown table; the columns after the first are numbers, or short. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map((_, column) => (column === 0 ? "---" : "---:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function digits(value: number): string {
  return value < 0.1 ? value.toFixed(4) : value < 10 ? value.toFixed(2) : value.toFixed(1);
}
