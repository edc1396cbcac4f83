/** Moments as people write them. Nothing here asks what time it is. */

/** A moment in UTC, to the second. */
export function moment(ms: number): string {
  const date = new Date(ms);
  // An expiry may lie beyond the calendar.
  return Number.isNaN(date.getTime()) ? `${ms} ms after 1970` : date.toISOString().replace(/\.\d+Z$/, "Z");
}

/** Milliseconds since 1970 of a date, or a date and a time; `undefined` for what is neither. */
export function msOf(text: string): number | undefined {
  const [, date] = /^(\d{4}-\d\d-\d\d)(?:[T ]|$)/.exec(text) ?? [];
  if (date === undefined || !isInCalendar(date)) return undefined;
  const ms = Date.parse(text);
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** Whether there is such a day: of the 31st of a month that has 30 `Date` makes the next one's first. */
function isInCalendar(date: string): boolean {
  const day = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(date);
}
