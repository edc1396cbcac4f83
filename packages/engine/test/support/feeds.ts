import type { Change, ChangeFeed } from "@hashlog/engine";

/** The next so many changes. Fails where the feed ends before. */
export async function take<K, V>(feed: ChangeFeed<K, V>, count: number): Promise<Change<K, V>[]> {
  const changes: Change<K, V>[] = [];
  while (changes.length < count) {
    const { done, value } = await feed.next();
    if (done === true) throw new Error(`the feed ends after ${changes.length} changes instead of ${count}`);
    changes.push(value);
  }
  return changes;
}

/** A change in short: `"a=1 @7"` for a put, `"-a @7"` for a delete. */
export function short(change: Change<string, string>): string {
  const what = change.type === "put" ? `${change.key}=${change.value}` : `-${change.key}`;
  return `${what} @${change.version}`;
}

/** As `take`, in short. */
export async function takeShort(feed: ChangeFeed<string, string>, count: number): Promise<string[]> {
  return (await take(feed, count)).map(short);
}
