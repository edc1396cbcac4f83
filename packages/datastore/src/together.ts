/**
 * Does some work for each item of a stream, for up to 256 of them at once, so that those which wait for the disk wait
 * together; gives the results in the order of the items, each as soon as it is there. The source is not asked for more than
 * it gives by itself: one that waits for a result before it goes on gets it.
 *
 * Fails with the first failure, in that order. Whoever leaves early leaves what was begun to finish.
 */
export async function* together<Item, Result>(
  source: Iterable<Item> | AsyncIterable<Item>,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  const items = iterate(source);
  const begun: Promise<Result>[] = [];
  let asked: Promise<IteratorResult<Item>> | undefined;
  let isAtEnd = false;
  try {
    while (!isAtEnd || begun.length > 0) {
      if (!isAtEnd && begun.length < AT_ONCE) asked ??= Promise.resolve(items.next());
      const [first] = begun;
      // Whichever comes first: another item, or the result that is next.
      const next = await Promise.race([asked, first?.then(() => undefined)].filter((one) => one !== undefined));
      if (next === undefined) {
        void begun.shift();
        yield await first!;
      } else {
        asked = undefined;
        if (next.done === true) isAtEnd = true;
        else begun.push(quietly(work(next.value)));
      }
    }
  } finally {
    await Promise.allSettled(begun);
    // One that was asked and has not answered may never do so.
    if (!isAtEnd) void Promise.resolve(items.return?.()).catch(() => undefined);
  }
}

const AT_ONCE = 256;

function iterate<Item>(source: Iterable<Item> | AsyncIterable<Item>): AsyncIterator<Item> | Iterator<Item> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

/** Its failure is told when it is its turn. */
function quietly<Result>(result: Promise<Result>): Promise<Result> {
  result.catch(() => undefined);
  return result;
}
