/** Hours of the day in which merges may begin, by the machine's local time. It may reach over midnight. */
export interface MergeWindow {
  /** The first hour that belongs to it, an integer from 0 to 23. */
  readonly fromHour: number;
  /** The first hour that does not, an integer from 0 to 23: from 22 to 6 ends at 5:59:59. Not the same as `fromHour`. */
  readonly toHour: number;
}

/** Whether the moment lies in the window; always, if there is none. */
export function isInWindow(window: MergeWindow | undefined, nowMs: number): boolean {
  if (window === undefined) return true;
  const { fromHour, toHour } = window;
  const hour = localHourOf(nowMs);
  return fromHour < toHour ? hour >= fromHour && hour < toHour : hour >= fromHour || hour < toHour;
}

/** Told by the internationalisation of the runtime, which knows the time zone and reads no clock. */
function localHourOf(nowMs: number): number {
  return Number(new Intl.DateTimeFormat("en", { hour: "numeric", hourCycle: "h23" }).format(nowMs));
}
