import { open, type OpenProgress } from "@hashlog/engine";
import { hashKeydir, type Keydir } from "@hashlog/index";
import { describe, expect, test } from "vitest";
import { FakeClock } from "./support/fake-clock.ts";
import { fill, numbered } from "./support/ranges.ts";
import { all, filler, isSame, isSettled, rejection, text } from "./support/values.ts";
import { memoryWorld, readingAsynchronously } from "./support/worlds.ts";

describe("the order", () => {
  test("is that of a moment, whatever is written and merged before it is read", async () => {
    const world = await memoryWorld();
    const db = await world.open({ segmentBytesMax: 4096 });
    const sorted = (await fill(db, numbered(600))).toSorted();
    const entries = db.entries({ gt: "key 00099" });
    const first = [(await entries.next()).value![0]];
    for (const key of numbered(300)) await db.delete(key);
    await fill(
      db,
      numbered(900).map((key) => `${key} more`),
    );
    await db.put("key 00200", "changed");
    await db.compact();
    const rest = await all(entries);
    expect([...first, ...rest.map(([key]) => key)]).toEqual(sorted.slice(100));
    expect(rest.every(([key, value]) => text(value) === `value of ${key}`)).toBe(true);
  });

  test("is that of all iterators of a store that was opened so, and of those with a range else", async () => {
    const world = await memoryWorld();
    let db = await world.open({ ordered: true });
    const sorted = (await fill(db, numbered(400))).toSorted();
    expect(await all(db.keys())).toEqual(sorted);
    await db.close();
    db = await world.open();
    expect((await all(db.keys())).toSorted()).toEqual(sorted);
    expect(await all(db.keys({ reverse: false }))).toEqual(sorted);
  });

  test("takes its time when it is first asked for, lets others have their turn, and can be waited for by many", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    const sorted = (await fill(db, numbered(20_000))).toSorted();
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 0);
    const counts = [db.count({ gte: "" }), db.count({ prefix: "key 0" }), all(db.keys({ gte: "key 19990" }))];
    expect(await Promise.all(counts)).toEqual([20_000, 10_000, sorted.slice(19_990)]);
    clearInterval(counting);
    expect(turns).toBeGreaterThan(2);
  });

  test("is given up where nobody waits for it any more, and can be asked for again", async () => {
    const world = await memoryWorld();
    let keydir: Keydir | undefined;
    const db = await world.open({ index: (options) => (keydir = hashKeydir(options)) });
    await fill(db, numbered(20_000));
    const stop = new AbortController();
    const counted = db.count({ gte: "", signal: stop.signal });
    await new Promise((resolve) => setImmediate(resolve));
    const memory = keydir!.memoryBytes;
    stop.abort(new RangeError("enough"));
    expect(await rejection(counted)).toMatchObject({ code: "HASHLOG_ABORTED", cause: stop.signal.reason as unknown });
    expect([keydir!.isOrdered, keydir!.memoryBytes < memory, db.stats().iterators]).toEqual([false, true, 0]);
    expect(await db.count({ gte: "key 00100" })).toBe(19_900);
  });

  test("is not waited for by closing: who waits is told that the store is closed", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await fill(db, numbered(20_000));
    const counted = rejection(db.count({ gte: "" }));
    await new Promise((resolve) => setImmediate(resolve));
    const closed = db.close();
    expect(await counted).toMatchObject({ code: "HASHLOG_CLOSED" });
    expect(await isSettled(closed)).toBe(true);
  });

  test("is not waited for by whoever has left the iterator, or closed the snapshot", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await fill(db, numbered(20_000));
    const keys = db.keys({ gte: "" });
    const next = keys.next();
    await new Promise((resolve) => setImmediate(resolve));
    await keys.return();
    expect(await next).toEqual({ done: true, value: undefined });
    const snapshot = db.snapshot();
    const counted = rejection(snapshot.count({ gte: "" }));
    await new Promise((resolve) => setImmediate(resolve));
    snapshot.close();
    expect(await counted).toMatchObject({ code: "HASHLOG_CLOSED", message: "the snapshot is closed" });
    expect(db.stats()).toMatchObject({ iterators: 0, snapshots: 0 });
  });

  test("of many keys in memory gives others their turn, and minds what they do", async () => {
    const world = await memoryWorld();
    const db = await world.open({ ordered: true });
    await fill(db, numbered(20_000));
    const left = db.keys();
    let given = 0;
    const reading = (async () => {
      for await (const key of left) given += key.length > 0 ? 1 : 0;
    })();
    const snapshot = db.snapshot();
    const counted = rejection(snapshot.count());
    await new Promise((resolve) => setImmediate(resolve));
    await left.return();
    snapshot.close();
    await reading;
    expect(given).toBeGreaterThan(0);
    expect(given).toBeLessThan(20_000);
    expect(await counted).toMatchObject({ code: "HASHLOG_CLOSED", message: "the snapshot is closed" });
  });

  test("is part of an opening that asks for it: told of as it goes, and cancelled with it", async () => {
    const world = await memoryWorld();
    const db = await world.open({ sync: "never" });
    await fill(db, numbered(70_000));
    await db.close();
    const told: OpenProgress[] = [];
    const again = await world.open({ ordered: true, onProgress: (progress) => void told.push(progress) });
    const ordering = told.filter(({ phase }) => phase === "order");
    expect(ordering.length).toBeGreaterThan(1);
    expect(ordering.every(({ keysDone, keysTotal }) => keysDone <= 70_000 && keysTotal === 70_000)).toBe(true);
    expect(ordering.at(-1)!.keysDone).toBeGreaterThan(60_000);
    await again.close();
    const stop = new AbortController();
    const opening = open(world.directory, {
      fileSystem: world.fileSystem,
      ordered: true,
      signal: stop.signal,
      onProgress: ({ phase }) => phase === "order" && stop.abort(),
    });
    expect(await rejection(opening)).toMatchObject({ code: "HASHLOG_ABORTED" });
    // Nothing is held by what was given up.
    await (await world.open()).close();
  });

  test("costs a refusal where there is no memory for it, and nothing else", async () => {
    const world = await memoryWorld();
    const full = new RangeError("no memory");
    const db = await world.open({
      index: (options) =>
        new Proxy(hashKeydir(options), {
          get: (keydir, name) => {
            if (name === "beginOrdering") {
              return () => ({
                keysDone: 0,
                abandon: () => undefined,
                step: () => {
                  throw full;
                },
              });
            }
            const value = Reflect.get(keydir, name, keydir) as unknown;
            return typeof value === "function" ? (value.bind(keydir) as unknown) : value;
          },
        }),
    });
    await fill(db, ["b", "a"]);
    expect(await rejection(db.count({ gte: "" }))).toMatchObject({ code: "HASHLOG_NOT_SUPPORTED", cause: full });
    expect((await all(db.keys())).toSorted()).toEqual(["a", "b"]);
    expect(db.stats().iterators).toBe(0);
  });
});

describe("values are read", () => {
  test("at once where they come quickly, and without holding the event loop where they took long, or cannot be", async () => {
    const world = await memoryWorld();
    const clock = new SlowClock();
    const db = await world.open({ clock });
    const sorted = (await fill(db, numbered(200))).toSorted();
    const read = async (): Promise<{ sync: number; async: number }> => {
      const before = [world.watched.count("readSync"), world.watched.count("read")];
      expect((await all(db.values({ gte: "" }))).map(text)).toEqual(sorted.map((key) => `value of ${key}`));
      return { sync: world.watched.count("readSync") - before[0]!, async: world.watched.count("read") - before[1]! };
    };
    expect(await read()).toEqual({ sync: 200, async: 0 });
    // Every chunk takes five milliseconds now: the first one shows it, and the next ones do not wait for it.
    clock.isSlow = true;
    expect(await read()).toEqual({ sync: 64, async: 136 });
  });

  test("many at once where they lie side by side, whatever lies between them", async () => {
    const world = await memoryWorld();
    const db = await world.open({ segmentBytesMax: 16_384 });
    const keys = Array.from({ length: 600 }, (_, index) => `key ${String(index).padStart(5, "0")}`);
    for (let first = 0; first < keys.length; first += 10) {
      const some = keys.slice(first, first + 10);
      await db.batch(some.map((key, index) => ({ type: "put", key, value: filler(20 + index * 7, first + index) })));
    }
    // Some elsewhere, some gone, some that expire, and one that is longer than all that is read at once.
    for (let index = 3; index < 600; index += 50) await db.put(keys[index]!, filler(33, index));
    for (let index = 7; index < 600; index += 70) await db.delete(keys[index]!);
    for (let index = 9; index < 600; index += 90) await db.put(keys[index]!, filler(5, index), { ttlMs: 1000 });
    await db.put(keys[333]!, filler(70_000));
    const before = world.watched.count("readSync");
    const entries = await all(db.entries({ gte: "" }));
    const reads = world.watched.count("readSync") - before;
    expect(entries.map(([key]) => key)).toEqual(keys.filter((_, index) => index % 70 !== 7));
    for (const [key, value] of entries) expect(isSame(value, (await db.get(key))!)).toBe(true);
    expect(reads).toBeLessThan(100);
    expect((await all(db.values({ reverse: true }))).length).toBe(entries.length);
  });

  test("by another thread alone where the file system cannot read synchronously", async () => {
    const world = await memoryWorld();
    const db = await world.open({ fileSystem: readingAsynchronously(world.fileSystem) });
    await fill(db, numbered(100));
    expect((await all(db.entries({ limit: 90 }))).length).toBe(90);
    expect(world.watched.count("readSync")).toBe(0);
  });
});

/** Five milliseconds go by from one look at it to the next. */
class SlowClock extends FakeClock {
  isSlow = false;

  override elapsedMs(): number {
    if (this.isSlow) this.advanceWithoutTimers(5);
    return super.elapsedMs();
  }
}
