import type { ReadSource } from "./reads.ts";
import type { StoreMachinery } from "./store-machinery.ts";

/** The store as it is at each call. */
export function liveSource(
  { parts, clock, views }: Pick<StoreMachinery<never, never, never>, "parts" | "clock" | "views">,
  checkOpen: () => void,
): ReadSource {
  return {
    find: (key, location) => parts.keydir.find(key, 0, key.length, location) && !clock.hasPassed(location.expiresAtMs),
    segmentAt: (slot) => parts.table.at(slot),
    checkOpen,
    // The time of the call, for the whole iteration.
    passed: () => {
      const now = clock.now();
      return (expiresAtMs) => expiresAtMs !== 0 && expiresAtMs <= now;
    },
    viewFor: () => {
      const view = views.open("iterator");
      return { view, onEnd: () => view.close(), heldBy: (iterator) => views.closeWith(iterator, view) };
    },
  };
}
