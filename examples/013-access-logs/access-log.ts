/** Lines of an access log, in the format that most web servers write: read from a file, taken apart, and made up. */
import { createReadStream } from "node:fs";

export interface Visit {
  readonly timeMs: number;
  readonly address: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly bytes: number;
}

const LINE = /^(\S+) \S+ \S+ \[(\d+)\/(\w+)\/(\d+):([^\]]+)\] "(\S+) (\S+) [^"]*" (\d{3}) (\d+|-)/;

/** What the line says; `undefined` if it is none. */
export function parseLine(line: string): Visit | undefined {
  const [, address, day, month, year, time, method, path, status, bytes] = LINE.exec(line) ?? [];
  const timeMs = Date.parse(`${day} ${month} ${year} ${time}`);
  if (address === undefined || Number.isNaN(timeMs)) return undefined;
  return { timeMs, address, method: method!, path: path!, status: Number(status), bytes: Number(bytes) || 0 };
}

/** The lines of the file from a byte on, each with where it begins and where the next one does. One without an end is left. */
export async function* linesOf(
  path: string,
  start: number,
): AsyncGenerator<{ line: string; start: number; end: number }> {
  let left = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { start })) {
    let bytes = Buffer.concat([left, chunk as Buffer]);
    for (let newline = bytes.indexOf(10); newline !== -1; newline = bytes.indexOf(10)) {
      const end = start + newline + 1;
      yield { line: bytes.toString("utf8", 0, newline), start, end };
      bytes = bytes.subarray(newline + 1);
      start = end;
    }
    left = bytes;
  }
}

const PAGES = [
  "/",
  "/blog/crash-safety",
  "/blog/one-append",
  "/blog/archive",
  "/docs/start",
  "/docs/ranges",
  "/about",
  "/wp-login.php",
];

/** A day's log of so many lines, the same every time: quiet at night, busy at noon, and at 15 o'clock something breaks. */
export function madeUpLog(day: string, lines: number): string[] {
  let state = 7;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const seconds = Array.from(
    { length: lines },
    () => 15 * 3600 + [0, 1, 2, 3].reduce((sum) => sum + random(10_800) - 5400, 0) - 7200,
  );
  return seconds
    .sort((a, b) => a - b)
    .map((second) => {
      const time = new Date(second * 1000).toISOString().slice(11, 19);
      const path = PAGES[Math.min(random(PAGES.length), random(PAGES.length))]!;
      const isBroken = time.startsWith("15:") && path.startsWith("/docs/");
      const status = path === "/wp-login.php" ? 404 : isBroken ? 500 : 200;
      const bytes = status === 200 ? 500 + random(20_000) : 120;
      return `203.0.113.${random(250)} - - [${day}:${time} +0000] "GET ${path} HTTP/1.1" ${status} ${bytes} "-" "a browser"`;
    });
}
