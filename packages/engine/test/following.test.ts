import { describe, expect, test } from "vitest";
import { Follower } from "../src/follower.ts";
import { until } from "./support/event-loop.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { entriesOf, isSettled, text } from "./support/values.ts";
import { WatchedFileSystem } from "./support/watched-file-system.ts";
import { memoryWorld } from "./support/worlds.ts";

const SEGMENT = /\.segment$/;
const MANIFEST = /manifest$/;

/** Lets the timers of so many milliseconds fire, one by one, each with all that follows from it. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 5) {
    clock.advance(5);
    await until(() => clock.timers > 0);
  }
}

describe("a store that follows", () => {
  test("shows what is written a moment later, by itself, and merges change nothing", async () => {
    const world = await memoryWorld();
    const db = await world.open({ segmentBytesMax: 512 });
    const reader = await world.openReader({ follow: true });
    expect(world.clock.timers).toBe(1);
    for (let round = 0; round < 20; round += 1) {
      for (let index = 0; index < 5; index += 1) await db.put(`key ${index}`, `${round} ${"x".repeat(40)}`);
      if (round % 5 === 4) await db.compact();
      // At most as long as it waits when nothing has happened for a while.
      await pass(world.clock, 200);
      expect(await entriesOf(reader)).toEqual(await entriesOf(db));
    }
    expect(reader.stats().failures).toEqual({ count: 0, last: undefined });
  });

  test("costs a look at the manifest and at the end of the log while nothing happens, five times a second", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("key", "value");
    const watched = new WatchedFileSystem(world.fileSystem);
    const reader = await world.openReader({ follow: true, fileSystem: watched.fileSystem });
    await pass(world.clock, 1000);
    watched.calls.length = 0;
    const { refreshes } = reader.stats();
    await pass(world.clock, 2000);
    expect(reader.stats().refreshes - refreshes).toBe(10);
    expect(watched.count("openRead", MANIFEST)).toBe(10);
    expect(watched.calls.filter(({ path }) => SEGMENT.test(path))).toEqual([]);
    // Whether there is a writer is asked now and then only.
    expect(watched.count("isLocked")).toBeLessThanOrEqual(1);
    expect(watched.count("list")).toBe(0);
    await db.put("key", "new");
    await pass(world.clock, 200);
    expect(text(reader.getSync("key"))).toBe("new");
  });

  test("knows whether there is a writer, a while after it came or went", async () => {
    const world = await memoryWorld();
    let db = await world.open();
    await db.put("key", "1");
    const reader = await world.openReader({ follow: true });
    expect(reader.stats().writerAlive).toBe(true);
    await db.close();
    await pass(world.clock, 16 * 200);
    expect(reader.stats().writerAlive).toBe(false);
    db = await world.open();
    await db.put("key", "2");
    await pass(world.clock, 200);
    expect([text(reader.getSync("key")), reader.stats().writerAlive]).toEqual(["2", true]);
  });

  test("notes a failure and tries again", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    const watched = new WatchedFileSystem(world.fileSystem);
    const reader = await world.openReader({ follow: true, fileSystem: watched.fileSystem });
    const fault = watched.fail("openRead", MANIFEST);
    await pass(world.clock, 100);
    const { failures } = reader.stats();
    expect(failures.count).toBeGreaterThan(1);
    expect(failures.last).toMatchObject({ code: "HASHLOG_IO" });
    fault.end();
    await db.put("key", "value");
    await pass(world.clock, 2000);
    expect(reader.has("key")).toBe(true);
    expect(reader.stats().failures.count).toBe(failures.count);
  });

  test("sees that a writer is gone without being told", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("a", "1");
    const reader = await world.openReader({ follow: true });
    world.watched.fail("sync", SEGMENT, "FS_IO");
    world.leaveUnchecked();
    await expect(db.put("b", "refused")).rejects.toMatchObject({ code: "HASHLOG_WRITES_DISABLED" });
    await pass(world.clock, 400);
    expect(reader.has("b")).toBe(false);
    await db.close();
    await pass(world.clock, 400);
    expect(reader.has("b")).toBe(true);
    expect(reader.stats().writerAlive).toBe(false);
  });

  test("stops when it is closed, also in the middle of a look", async () => {
    const world = await memoryWorld();
    await world.open();
    const watched = new WatchedFileSystem(world.fileSystem);
    const reader = await world.openReader({ follow: true, fileSystem: watched.fileSystem });
    const reading = watched.hold("openRead", MANIFEST);
    world.clock.advance(10);
    await reading.reached;
    const closing = reader.close();
    expect(await isSettled(closing)).toBe(false);
    reading.release();
    await closing;
    expect(world.clock.timers).toBe(0);
    expect(reader.stats().failures.count).toBe(0);
  });

  test("may be asked to catch up as well", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    const reader = await world.openReader({ follow: true });
    await db.put("key", "value");
    expect(await reader.refresh()).toBe(true);
    expect(reader.has("key")).toBe(true);
  });
});

describe("how long a follower waits", () => {
  /** The times between the looks of a follower whose looks give these. */
  async function waits(looks: readonly (boolean | "fails")[]): Promise<number[]> {
    const clock = new FakeClock();
    const times: number[] = [];
    let last = clock.now();
    let look = 0;
    const follower = new Follower(
      clock,
      () => {
        times.push(clock.now() - last);
        last = clock.now();
        const found = looks[look++]!;
        return found === "fails" ? Promise.reject(new Error()) : Promise.resolve(found);
      },
      () => undefined,
    );
    follower.start();
    while (look < looks.length) {
      clock.advance(10);
      await until(() => clock.timers > 0);
    }
    follower.stop();
    expect(clock.timers).toBe(0);
    return times;
  }

  test("is 10 ms after something new, and twice as long each time that nothing is, up to 200 ms", async () => {
    const nothing = false;
    expect(await waits([true, nothing, nothing, nothing, nothing, nothing, nothing, true, nothing])).toEqual([
      10, 10, 20, 40, 80, 160, 200, 200, 10,
    ]);
  });

  test("is longer when it fails, up to two seconds", async () => {
    expect(await waits([true, ...Array.from({ length: 9 }, () => "fails" as const), false, true])).toEqual([
      10, 10, 20, 40, 80, 160, 320, 640, 1280, 2000, 2000, 200,
    ]);
  });
});
