/** Moments as people write them. Nothing here asks what time it is. */

/** A moment in UTC, to the second. */
export function moment(ms: number): string {
  const date = new Date(ms);
  // An expiry may lie beyond the calendar.
  return Number.isNaN(date.getTime()) ? `${ms} ms after 1970` : date.toISOString().replace(/\.\d+Z$/, "Z");
}

/** Milliseconds since 1970 of a date, or a date and a time; `undefined` for what is neither. */
export function msOf(text: string): number | undefined {
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isSafeInteger(ms) ? ms : undefined;
}
