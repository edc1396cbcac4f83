/** Whether something grows: the straight line that lies closest to what was measured (least squares). */

/** A value at a time. */
export interface Point {
  readonly seconds: number;
  readonly value: number;
}

/** The line, and how far the points lie from it. */
export interface Trend {
  readonly mean: number;
  /** Change of the line within the time that was measured. */
  readonly rise: number;
  /** Change of the line in an hour, in per cent of the mean. */
  readonly percentPerHour: number;
  /** Standard deviation of the points from the line. */
  readonly scatter: number;
}

/** `undefined` for fewer than three points, and for points that are all of the same moment. */
export function trendOf(points: readonly Point[]): Trend | undefined {
  if (points.length < 3) return undefined;
  const meanTime = mean(points.map(({ seconds }) => seconds));
  const meanValue = mean(points.map(({ value }) => value));
  const spread = sum(points.map(({ seconds }) => (seconds - meanTime) ** 2));
  if (spread === 0) return undefined;
  const slope = sum(points.map(({ seconds, value }) => (seconds - meanTime) * (value - meanValue))) / spread;
  const offLine = points.map(({ seconds, value }) => value - meanValue - slope * (seconds - meanTime));
  const times = points.map(({ seconds }) => seconds);
  return {
    mean: meanValue,
    rise: slope * (Math.max(...times) - Math.min(...times)),
    percentPerHour: meanValue === 0 ? 0 : (100 * slope * 3600) / meanValue,
    scatter: Math.sqrt(sum(offLine.map((distance) => distance ** 2)) / (points.length - 2)),
  };
}

function mean(numbers: readonly number[]): number {
  return sum(numbers) / numbers.length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
