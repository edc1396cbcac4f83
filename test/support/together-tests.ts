import { describe, expect, test } from "vitest";
import { rejection } from "./rejection.ts";

/** What `together` is: a function that two packages have a copy of. */
type Together = <Item, Result>(
  source: Iterable<Item> | AsyncIterable<Item>,
  work: (item: Item) => Promise<Result>,
) => AsyncGenerator<Result, void, undefined>;

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of source) found.push(item);
  return found;
}

const turns = (count: number): Promise<void> =>
  count === 0 ? Promise.resolve() : Promise.resolve().then(() => turns(count - 1));

/** The tests of the function, for each copy of it. */
export function testTogether(together: Together): void {
  describe("work that is done together", () => {
    test("gives results in the order of the items, whichever is done first", async () => {
      const done: number[] = [];
      const results = together([3, 1, 2], async (item) => {
        await turns(item * 10);
        done.push(item);
        return item;
      });
      expect(await all(results)).toEqual([3, 1, 2]);
      expect(done).toEqual([1, 2, 3]);
    });

    test("is begun for 256 items at once, and no more", async () => {
      let running = 0;
      let most = 0;
      const results = together(Array.from({ length: 1_000 }).keys(), async (item) => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
        running -= 1;
        return item;
      });
      expect((await all(results)).length).toBe(1_000);
      expect(most).toBe(256);
    });

    test("goes on with a source that waits for each result before it gives the next item", async () => {
      let given: () => void = () => undefined;
      async function* source(): AsyncGenerator<number> {
        for (let item = 0; item < 3; item += 1) {
          const taken = new Promise<void>((resolve) => {
            given = resolve;
          });
          yield item;
          await taken;
        }
      }
      const found: number[] = [];
      for await (const result of together(source(), async (item) => item)) {
        found.push(result);
        given();
      }
      expect(found).toEqual([0, 1, 2]);
    });

    test("fails with the first failure in the order of the items, once what was begun is done, and leaves its source", async () => {
      const done: number[] = [];
      let isLeft = false;
      async function* source(): AsyncGenerator<number> {
        try {
          for (let item = 0; ; item += 1) yield item;
        } finally {
          isLeft = true;
        }
      }
      const results = together(source(), async (item) => {
        await turns(1 + item);
        done.push(item);
        if (item >= 2) throw new Error(`item ${item}`);
        return item;
      });
      const found: number[] = [];
      const failing = (async () => {
        for await (const result of results) found.push(result);
      })();
      expect((await rejection(failing)).message).toBe("item 2");
      expect(found).toEqual([0, 1]);
      expect(done.length).toBeGreaterThanOrEqual(3);
      await turns(5);
      expect(isLeft).toBe(true);
    });

    test("fails as its source does", async () => {
      async function* source(): AsyncGenerator<number> {
        yield 1;
        throw new Error("the source");
      }
      expect((await rejection(all(together(source(), async (item) => item)))).message).toBe("the source");
    });

    test("that is left early finishes what was begun, and takes what the source says to that", async () => {
      const done: number[] = [];
      const items = Array.from({ length: 1_000 }).keys();
      const source = {
        [Symbol.iterator]: () => ({
          next: () => items.next(),
          return: () => Promise.reject(new Error("not now")) as never,
        }),
      };
      for await (const result of together<number, number>(source, async (item) => {
        await turns(item % 7);
        done.push(item);
        return item;
      })) {
        expect(result).toBe(0);
        break;
      }
      expect(done).toContain(200);
    });
  });
}
