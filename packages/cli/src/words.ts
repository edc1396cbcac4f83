/** Numbers as people read them. */
import prettyBytes from "pretty-bytes";

/** `1,234`, of an integer. */
export function number(value: number): string {
  // `toLocaleString` would take as long for its first number as all the rest of a command.
  return String(value).replace(/\B(?=(?:\d{3})+(?!\d))/g, ",");
}

/** `1 entry`, `1,234 entries`. */
export function entriesWord(value: number): string {
  return value === 1 ? "1 entry" : `${number(value)} entries`;
}

/** `1 key`, `1,234 keys`. */
export function plural(value: number, noun: string): string {
  return `${number(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** `1.2 MiB`. */
export function size(bytes: number): string {
  return prettyBytes(bytes, { binary: true });
}

/** `12 %`; of nothing a dash. */
export function share(part: number, whole: number): string {
  return whole === 0 ? "-" : `${Math.round((100 * part) / whole)} %`;
}

/** `1.2 s`, or `35 ms`. */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
