import type { Keydir } from "@hashlog/index";
import type { ReadSource } from "./reads.ts";
import type { SegmentTable } from "./segment-table.ts";
import { passedAt, type StoreClock } from "./store-clock.ts";
import type { Views } from "./views.ts";

/** What a store is read in. */
export interface Shown {
  readonly keydir: Keydir;
  readonly table: SegmentTable;
  readonly views: Views;
}

/** The store as it is at each call: what `shown` gives then, which in a reader is another one now and then. */
export function liveSource(shown: () => Shown, clock: StoreClock, checkOpen: () => void): ReadSource {
  return {
    find: (key, location) =>
      shown().keydir.find(key, 0, key.length, location) && !clock.hasPassed(location.expiresAtMs),
    segmentAt: (slot) => shown().table.at(slot),
    checkOpen,
    // The time of the call, for the whole iteration.
    passed: () => passedAt(clock.now()),
    viewFor: () => {
      const { views } = shown();
      const view = views.open("iterator");
      return { view, onEnd: () => view.close(), heldBy: (iterator) => views.closeWith(iterator, view) };
    },
  };
}
