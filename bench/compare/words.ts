/** Numbers as the comparison prints them. */

/** So many a second, in three digits. */
export function rate(perSecond: number): string {
  if (perSecond < 999.5) return threeDigits(perSecond);
  return perSecond < 999_500 ? `${threeDigits(perSecond / 1000)}k` : `${threeDigits(perSecond / 1e6)}M`;
}

/** What a reader of `rate` has to know. */
export const RATE_UNITS = "k is a thousand, M a million";

export function time(ns: number): string {
  if (ns < 1000) return `${Math.round(ns)} ns`;
  if (ns < 1e6) return `${(ns / 1000).toFixed(1)} µs`;
  return `${(ns / 1e6).toFixed(1)} ms`;
}

export function seconds(value: number): string {
  return value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(1)} s`;
}

export function rounds(count: number): string {
  return count === 1 ? "1 round" : `${count} rounds`;
}

function threeDigits(value: number): string {
  if (value === 0) return "0";
  return value < 999.5 ? value.toPrecision(3) : String(Math.round(value));
}
