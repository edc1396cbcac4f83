import { describeContents, hasPassed, type ReadingTime } from "../oracle/model.ts";
import type { Obligation } from "../oracle/obligation.ts";
import { violated, type Property } from "./property.ts";

export const expiry: Property = {
  id: "P12",
  title: "Expiry",
  statement:
    "From its expiry on, a key is absent, before a crash and after it; that an expired record was dropped uncovers no " +
    "older value; one that has not expired by the latest time on the clock is there; and a clock that is set back may " +
    "show a record again that nothing has dropped yet, but never an older value.",
  why:
    "Sessions and locks are kept with an expiry, and a session that comes back is a break-in. The clock is not to be " +
    "trusted either: it jumps when a laptop wakes up and when a time server corrects it, in both directions.",
};

/**
 * What was read is not a right state at a wrong time: with entries that have expired, or without some that have not.
 * Asked where the state is none that may be, to say what kind of wrong it is.
 * @throws PropertyViolation
 */
export function mustHonourExpiry(read: ReadonlyMap<string, string>, obligation: Obligation, time: ReadingTime): void {
  for (const count of obligation.counts) {
    const contents = obligation.contentsAfter(count);
    const isPart = [...read].every(([key, value]) => contents.get(key)?.value === value);
    const missing = [...contents].filter(([key]) => !read.has(key));
    if (!isPart || missing.some(([, { expiresAtMs }]) => expiresAtMs === 0)) continue;
    const expired = [...contents].filter(([key, { expiresAtMs }]) => read.has(key) && hasPassed(expiresAtMs, time));
    const kind =
      expired.length > 0
        ? `with ${describeContents(new Map(expired))}, which has expired`
        : `without ${describeContents(new Map(missing))}, which has not expired`;
    violated(expiry, `at ${time.nowMs} the store holds ${describeContents(read)}, ${kind}`);
  }
}
