import { Presets, SingleBar } from "cli-progress";
import prettyBytes from "pretty-bytes";
import type { Clock } from "@hashlog/fs-io";
import type { Host } from "./host.ts";
import { number } from "./words.ts";

/** How far something is that may take long: a bar on a terminal, and elsewhere a line every few seconds. */
export interface Progress {
  /** Any number of calls; `total` may change. */
  update(done: number, total: number): void;
  /** It is over, for whatever reason. */
  end(): void;
}

/** What is counted. */
export type ProgressUnit = "bytes" | "keys" | "entries";

/** How often a line is printed where there is no bar. */
const LINE_MS = 5000;
/** What takes less than that shows nothing. */
const PATIENCE_MS = 500;

/** Nothing is shown. */
export const noProgress: Progress = { update: () => undefined, end: () => undefined };

/** Shows on standard error, so that it does not get into what is printed. */
export function showProgress(host: Host, doing: string, unit: ProgressUnit): Progress {
  const { stderr, clock } = host;
  const show = stderr.isTTY === true ? new Bar(host, doing, unit) : new Lines(stderr, clock, doing, unit);
  const began = clock.elapsedMs();
  return {
    update: (done, total) => {
      if (clock.elapsedMs() - began >= PATIENCE_MS) show.update(done, total);
    },
    end: () => show.end(),
  };
}

class Bar implements Progress {
  readonly #stderr: Host["stderr"];
  readonly #doing: string;
  readonly #unit: ProgressUnit;
  #bar: SingleBar | undefined;

  constructor({ stderr }: Host, doing: string, unit: ProgressUnit) {
    this.#stderr = stderr;
    this.#doing = doing;
    this.#unit = unit;
  }

  update(done: number, total: number): void {
    const payload = { amount: amount(done, total, this.#unit) };
    if (this.#bar === undefined) {
      this.#bar = this.#newBar(total > 0);
      this.#bar.start(Math.max(total, 1), done, payload);
      return;
    }
    this.#bar.setTotal(Math.max(total, 1));
    this.#bar.update(done, payload);
  }

  end(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  /** Where nobody knows how much there is, only how much was done. */
  #newBar(isBounded: boolean): SingleBar {
    const format = isBounded
      ? `${this.#doing} {bar} {percentage} % | {amount} | {eta_formatted} left`
      : `${this.#doing}: {amount}`;
    const options = { format, stream: this.#stderr as NodeJS.WritableStream, hideCursor: true, clearOnComplete: true };
    return new SingleBar({ ...options, etaBuffer: 100, fps: 8 }, Presets.shades_classic);
  }
}

class Lines implements Progress {
  readonly #stream: Host["stderr"];
  readonly #clock: Clock;
  readonly #doing: string;
  readonly #unit: ProgressUnit;
  #lastMs: number;

  constructor(stream: Host["stderr"], clock: Clock, doing: string, unit: ProgressUnit) {
    this.#stream = stream;
    this.#clock = clock;
    this.#doing = doing;
    this.#unit = unit;
    this.#lastMs = clock.elapsedMs();
  }

  update(done: number, total: number): void {
    const now = this.#clock.elapsedMs();
    if (now - this.#lastMs < LINE_MS) return;
    this.#lastMs = now;
    const share = total > 0 ? `${Math.floor((100 * done) / total)} %, ` : "";
    this.#stream.write(`${this.#doing}: ${share}${amount(done, total, this.#unit)}\n`);
  }

  end(): void {}
}

/** So much of so much; without a total where there is none. */
function amount(done: number, total: number, unit: ProgressUnit): string {
  const shown = (value: number): string =>
    unit === "bytes" ? prettyBytes(value, { binary: true }) : `${number(value)} ${unit}`;
  return total > 0 ? `${shown(done)} of ${shown(total)}` : shown(done);
}
