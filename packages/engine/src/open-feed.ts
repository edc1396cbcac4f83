import { LogFeed, putChange, type FeedParts } from "./change-feed.ts";
import { CHANGES_CHECKS, type Change, type ChangeFeed, type ChangesOptions } from "./changes.ts";
import { checkOptions } from "./check-options.ts";
import { decodeKey, decodeValueOf } from "./decoding.ts";
import type { Feeds } from "./feeds.ts";
import type { ChunkIterator, EntryMaker } from "./iterate.ts";

/**
 * Opens a feed, which is closed when whoever asked for it lets go of it. `entries` goes through all entries as of the call.
 * @throws HashlogError `HASHLOG_INVALID_ARGUMENT`
 */
export function openFeed<K, V>(
  parts: Pick<FeedParts<K, V>, "keys" | "values" | "inFlight" | "limits" | "clock" | "pace">,
  feeds: Feeds,
  options: ChangesOptions,
  entries: (make: EntryMaker<Change<K, V>>) => ChunkIterator<Change<K, V>, K>,
): ChangeFeed<K, V> {
  checkOptions(options, CHANGES_CHECKS, "changes");
  const { since, wait = true, signal } = options;
  const { keys, values, inFlight, limits, clock, pace } = parts;
  const fromState = since === 0;
  // Of the very moment from which on the log is read.
  const state = fromState
    ? entries((bytes, value, sequence, expiresAtMs) => {
        const key = decodeKey(keys, bytes);
        return putChange(key, decodeValueOf(values, value, key), sequence, expiresAtMs, 0);
      })
    : undefined;
  const hold = feeds.open(fromState ? undefined : since);
  hold.alsoOnClose = () => void state?.return();
  const feed = new LogFeed<K, V>({
    ...{ feeds, hold, state, waits: wait, signal, keys, values, inFlight, limits, clock, pace },
  });
  feeds.closeWith(feed, hold);
  return feed;
}
