import type { Snapshot } from "@hashlog/engine";
import { mustYieldItsMoment } from "../properties/p11-iterator-stability.ts";
import { mustAnswerAs } from "../properties/p21-sorted-map.ts";
import { settled } from "../world/quiet.ts";
import type { TextStore } from "../world/text-store.ts";
import { KEYS } from "./case.ts";

type State = ReadonlyMap<string, string>;

/**
 * Iterators and snapshots that a case has open: each is read later, whatever was done with the store meanwhile, and shows
 * what was visible when it was made (P11), in the order in which it was asked for (P21).
 */
export class Views {
  #reads: (() => Promise<void>)[] = [];

  /** Over everything, in whatever order. */
  iterate(store: TextStore, expected: State): void {
    const entries = store.entries();
    this.#reads.push(async () => mustYieldItsMoment(await all(entries), expected));
  }

  /** Over the keys from that one on, the last one first. */
  iterateBack(store: TextStore, from: string, expected: State): void {
    const entries = store.entries({ gte: from, reverse: true });
    const inOrder = inKeyOrder(expected).filter(([key]) => key >= from);
    this.#reads.push(async () => mustAnswerAs("entries of a range", await all(entries), inOrder.toReversed()));
  }

  snapshot(store: TextStore, expected: State): void {
    const snapshot = store.snapshot();
    this.#reads.push(async () => {
      await mustShowItsMoment(snapshot, expected);
      snapshot.close();
    });
  }

  /** All are read to their end. @throws PropertyViolation */
  async drain(): Promise<void> {
    const reads = this.#reads;
    this.#reads = [];
    for (const read of reads) await settled(read(), "reading what was open");
  }

  /** The store is closed, or its process gone. */
  drop(): void {
    this.#reads = [];
  }
}

/** In every way in which it can be asked. */
async function mustShowItsMoment(snapshot: Snapshot<string, string>, expected: State): Promise<void> {
  mustYieldItsMoment(await all(snapshot.entries()), expected);
  mustAnswerAs(
    "keys of a snapshot",
    await all(snapshot.keys({ gte: "" })),
    inKeyOrder(expected).map(([key]) => key),
  );
  mustAnswerAs("count of a snapshot", await snapshot.count(), expected.size);
  mustAnswerAs(
    "getMany of a snapshot",
    await snapshot.getMany(KEYS),
    KEYS.map((key) => expected.get(key)),
  );
  for (const key of KEYS) {
    const answers = [snapshot.has(key), snapshot.getSync(key), await snapshot.get(key)];
    mustAnswerAs(`of ${JSON.stringify(key)} a snapshot`, answers, [
      expected.has(key),
      expected.get(key),
      expected.get(key),
    ]);
  }
}

/** Keys are of one byte at most: their order is that of their characters. */
function inKeyOrder(state: State): readonly (readonly [string, string])[] {
  return [...state].toSorted(([left], [right]) => (left < right ? -1 : 1));
}

async function all<T>(iterator: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of iterator) items.push(item);
  return items;
}
