/** One write or one batch: all or nothing. */
export interface Unit {
  readonly changes: readonly Change[];
  /** Whether it left a record in the log: a delete of what is not there, with no write on its way, does not. */
  readonly recorded: boolean;
  status: "waiting" | "acknowledged" | "refused";
  /** When it was acknowledged, by the virtual clock. */
  acknowledgedAtMs: number;
}

export interface Change {
  readonly key: string;
  /** `undefined`: a delete. */
  readonly value: string | undefined;
  /** 0: never. */
  readonly expiresAtMs: number;
}

/** What a store of some moment holds, those with a passed expiry included. */
export type Contents = Map<string, { readonly value: string; readonly expiresAtMs: number }>;

export type ReadonlyContents = ReadonlyMap<string, { readonly value: string; readonly expiresAtMs: number }>;

/** The time at which somebody reads, and the latest at which somebody may have read, or merged, before. */
export interface ReadingTime {
  readonly nowMs: number;
  readonly latestMs: number;
}

export function applyUnit(contents: Contents, { changes }: Unit): void {
  for (const change of changes) applyChange(contents, change);
}

export function applyChange(contents: Contents, { key, value, expiresAtMs }: Change): void {
  if (value === undefined) contents.delete(key);
  else contents.set(key, { value, expiresAtMs });
}

export function contentsAfter(units: readonly Unit[], count: number): Contents {
  const contents: Contents = new Map();
  for (const unit of units.slice(0, count)) applyUnit(contents, unit);
  return contents;
}

/**
 * Whether what is read may be what the contents hold at that time. A key that has expired is absent; one that had
 * expired at some later time on the clock than now, before the clock was set back, may be there or not (a merge may have
 * taken it), but never with another value.
 */
export function fits(read: ReadonlyMap<string, string>, contents: ReadonlyContents, time: ReadingTime): boolean {
  let found = 0;
  for (const [key, entry] of contents) {
    const value = read.get(key);
    if (value !== undefined) found += 1;
    if (value === undefined ? mustBeThere(entry.expiresAtMs, time) : value !== entry.value) return false;
    if (value !== undefined && hasPassed(entry.expiresAtMs, time)) return false;
  }
  return found === read.size;
}

/** Whether a reader of that time has to find an entry of that expiry. */
export function mustBeThere(expiresAtMs: number, { latestMs }: ReadingTime): boolean {
  return expiresAtMs === 0 || expiresAtMs > latestMs;
}

/** Whether a reader of that time must not find it. */
export function hasPassed(expiresAtMs: number, { nowMs }: ReadingTime): boolean {
  return expiresAtMs !== 0 && expiresAtMs <= nowMs;
}

/** Whether the answer of a delete may be what it was, given what the contents before it held. */
export function fitsDelete(existed: boolean, key: string, before: ReadonlyContents, time: ReadingTime): boolean {
  const entry = before.get(key);
  if (entry === undefined) return !existed;
  return existed ? !hasPassed(entry.expiresAtMs, time) : !mustBeThere(entry.expiresAtMs, time);
}

/** Contents in a line; values of more characters than that are cut. */
export function describeContents(
  contents: ReadonlyMap<string, string | { readonly value: string }>,
  charactersMax: number = 8,
): string {
  if (contents.size === 0) return "nothing";
  const shorten = (value: string): string =>
    value.length > charactersMax ? `${value.slice(0, value.indexOf("."))}.*${value.length}` : value;
  return [...contents]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, entry]) => `${key === "" ? '""' : key}=${shorten(typeof entry === "string" ? entry : entry.value)}`)
    .join(" ");
}
