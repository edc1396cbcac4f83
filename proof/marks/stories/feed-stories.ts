import type { Change, ChangeFeed } from "@hashlog/engine";
import { segmentFileName } from "@hashlog/format";
import { quiet, settled } from "../../world/quiet.ts";
import { long, Script } from "../../world/script.ts";
import { DIRECTORY } from "../../world/text-store.ts";
import { openReader } from "./reader-stories.ts";
import { changed, flipped, must, mustFail, on, threeSegments, type Story } from "./story.ts";

type Feed = ChangeFeed<string, string>;

/** The keys of the next so many changes. */
async function keysOf(feed: Feed, count: number): Promise<string> {
  const keys: string[] = [];
  while (keys.length < count) {
    const next: IteratorResult<Change<string, string>> = await settled(feed.next(), "a change");
    if (next.done === true) break;
    keys.push(next.value.key);
  }
  return keys.join("");
}

/** Feeds of changes that merges, damage and their callers come between. */
export const feedStories: readonly Story[] = [
  {
    title: "a feed keeps what a merge takes out, as long as it has not read it, and another one comes too late",
    marks: ["feed/segment-kept", "feed/kept-segment-let-go", "feed/compacted"],
    tell: async () => {
      const { store } = await threeSegments();
      const feed = store.changes({ since: 1 });
      await store.compact();
      must(store.stats().feeds.bytesKept > 0, "something is kept");
      await mustFail(store.changes({ since: 1 }).next(), "HASHLOG_COMPACTED");
      must((await keysOf(feed, 2)) === "bc", "it is given everything");
      must(store.stats().feeds.bytesKept === 0, "nothing is kept any more");
    },
  },
  {
    title: "a feed that would begin behind everything is refused",
    marks: ["feed/since-beyond-everything"],
    tell: async () => {
      const { store } = await threeSegments();
      const opening = Promise.resolve().then(() => store.changes({ since: 4 }));
      await mustFail(opening, "HASHLOG_INVALID_ARGUMENT");
    },
  },
  {
    title: "a reader's feed ends where the writer has merged what the reader never saw",
    marks: ["feed/merged-before-it-was-seen"],
    tell: async () => {
      const script = await threeSegments();
      const reader = await openReader(script);
      const feed = reader.changes({ since: 2 });
      await script.store.put("d", "4");
      await script.store.compact();
      await settled(reader.refresh(), "a refresh");
      must((await keysOf(feed, 1)) === "c", "it is given what the reader has seen");
      await mustFail(feed.next(), "HASHLOG_COMPACTED");
      await settled(reader.close(), "closing the reader");
    },
  },
  {
    title: "a feed that meets damage has given everything before it",
    marks: ["feed/damage", "feed/failed-behind-what-was-read"],
    tell: async () => {
      const sound = await Script.begin({ segments: 1 });
      await sound.store.put("z", "0");
      for (const key of ["a", "b", "c"]) await sound.store.put(key, long(key, 200));
      await sound.close();
      // In the value of "b", the last one of a segment that is sealed.
      const path = `${DIRECTORY}/${segmentFileName(sound.manifest.segments[0]!.segmentId)}`;
      const script = on(changed(sound.disk.image(), path, flipped(500)));
      const store = await script.open();
      const feed = store.changes({ since: 1 });
      must((await keysOf(feed, 1)) === "a", "it is given what is sound");
      await mustFail(feed.next(), "HASHLOG_CORRUPT");
      await quiet();
    },
  },
];
