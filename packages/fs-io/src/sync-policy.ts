import { FsError } from "./errors.ts";

/**
 * When what was written is made durable, and so what a power cut can take:
 *
 *     "always"         nothing that was acknowledged: the acknowledgement waits for the sync
 *     { intervalMs }   a suffix whose first write is at most that interval and one sync old
 *     "never"          a suffix of any length: whatever the operating system has not written back by itself
 *
 * A killed process loses nothing under any of them.
 */
export type SyncPolicy = "always" | "never" | { readonly intervalMs: number };

/** The longest interval, about 24.8 days: timers take no more. */
export const INTERVAL_MS_MAX: number = 2 ** 31 - 1;

/**
 * Checks a sync policy that came from outside. `intervalMs` is a whole number of milliseconds from 1 to 2^31 - 1.
 * @throws FsError `FS_INVALID_ARGUMENT`
 */
export function parseSyncPolicy(value: unknown): SyncPolicy {
  if (value === "always" || value === "never") return value;
  if (typeof value !== "object" || value === null) throw refused('"always", "never" or { intervalMs }');
  const unknown = Object.keys(value).find((key) => key !== "intervalMs");
  if (unknown !== undefined) throw refused(`nothing but intervalMs, and there is ${JSON.stringify(unknown)}`);
  const { intervalMs } = value as { intervalMs?: unknown };
  if (!isInterval(intervalMs)) throw refused(`an intervalMs that is a whole number from 1 to ${INTERVAL_MS_MAX}`);
  return { intervalMs };
}

function isInterval(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= INTERVAL_MS_MAX;
}

function refused(expected: string): FsError {
  const details = { operation: "parseSyncPolicy", path: "" };
  return new FsError("FS_INVALID_ARGUMENT", `a sync policy must be ${expected}`, details);
}
