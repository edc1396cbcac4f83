/** What the samples say between one and the next, for the lines that are printed and the figures that are drawn. */
import { sumOfWritten } from "./counting-file-system.ts";
import type { Sample } from "./result.ts";

/** Rates and ratios of the time since the sample before. */
export interface Window {
  readonly writesPerSecond: number;
  readonly readsPerSecond: number;
  /** Bytes that went into files for each byte of a record that was written; `undefined` where none was. */
  readonly writeAmplification: number | undefined;
}

/** Between two samples; `before` is `undefined` for the first. */
export function windowOf(before: Sample | undefined, sample: Sample): Window {
  const seconds = sample.seconds - (before?.seconds ?? 0);
  return {
    writesPerSecond: (sample.writes - (before?.writes ?? 0)) / seconds,
    readsPerSecond: (sample.reads - (before?.reads ?? 0)) / seconds,
    writeAmplification: writeAmplification(before, sample),
  };
}

/** Of all that was written since a sample, or since the load began. */
export function writeAmplification(since: Sample | undefined, sample: Sample): number | undefined {
  const user = sample.userBytes - (since?.userBytes ?? 0);
  const written = sumOfWritten(sample.written) - (since === undefined ? 0 : sumOfWritten(since.written));
  return user === 0 ? undefined : written / user;
}
