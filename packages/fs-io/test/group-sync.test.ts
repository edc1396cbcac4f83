import { describe, expect, test } from "vitest";
import { GroupSync } from "../src/group-sync.ts";

/** Syncs that end when the test says so. */
class ManualSyncs {
  readonly running: Array<{ resolve: () => void; reject: (reason: unknown) => void }> = [];
  started = 0;

  readonly run = (): Promise<void> => {
    this.started += 1;
    return new Promise((resolve, reject) => this.running.push({ resolve, reject }));
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a request when none runs starts a sync before it returns", async () => {
  const syncs = new ManualSyncs();
  const group = new GroupSync(syncs.run);
  expect(group.running).toBe(false);
  const request = group.request();
  expect(syncs.started).toBe(1);
  expect(group.running).toBe(true);
  syncs.running[0].resolve();
  await request;
  expect(group.running).toBe(false);
});

test("everyone who asks while a sync runs shares the next, which starts when the first has ended", async () => {
  const syncs = new ManualSyncs();
  const group = new GroupSync(syncs.run);
  const ended: string[] = [];
  const first = group.request().then(() => ended.push("first"));
  const others = Array.from({ length: 10 }, () => group.request().then(() => ended.push("other")));
  expect(syncs.started).toBe(1);
  syncs.running[0].resolve();
  await first;
  await turn();
  expect(syncs.started).toBe(2);
  expect(ended).toEqual(["first"]);
  syncs.running[1].resolve();
  await Promise.all(others);
  await turn();
  expect(syncs.started).toBe(2);
  expect(group.running).toBe(false);
});

test("who asks during the second sync waits for a third", async () => {
  const syncs = new ManualSyncs();
  const group = new GroupSync(syncs.run);
  void group.request();
  void group.request();
  syncs.running[0].resolve();
  await turn();
  const third = group.request();
  syncs.running[1].resolve();
  await turn();
  expect(syncs.started).toBe(3);
  syncs.running[2].resolve();
  await expect(third).resolves.toBeUndefined();
});

describe("with something to wait for between two syncs", () => {
  test("those who write again as soon as they are answered share one sync, not two in turns", async () => {
    for (const [gather, groups] of [
      [undefined, [1, 9, 1, 9]],
      [turn, [1, 10, 10, 10]],
    ] as const) {
      let asked = 0;
      const sizes: number[] = [];
      const run = async (): Promise<void> => {
        // Those who ask while the first is under way are counted with the next.
        sizes.push(asked);
        asked = 0;
        await turn();
      };
      const group = new GroupSync(run, gather);
      const writers = Array.from({ length: 10 }, async () => {
        for (let time = 0; time < 4; time += 1) {
          asked += 1;
          await group.request();
        }
      });
      await Promise.all(writers);
      expect(sizes.slice(0, 4)).toEqual(groups);
    }
  });

  test("who asks alone never waits for others", async () => {
    let gathered = 0;
    const group = new GroupSync(
      async () => {},
      async () => void (gathered += 1),
    );
    for (let time = 0; time < 5; time += 1) await group.request();
    expect(gathered).toBe(0);
  });

  test("when nobody comes meanwhile, none is started", async () => {
    const syncs = new ManualSyncs();
    const group = new GroupSync(syncs.run, turn);
    const requests = [group.request(), group.request(), group.request()];
    syncs.running[0].resolve();
    await requests[0];
    await turn();
    await turn();
    syncs.running[1].resolve();
    await Promise.all(requests);
    expect(group.running).toBe(true);
    await turn();
    await turn();
    expect([group.running, syncs.started]).toEqual([false, 2]);
  });
});

test("a failure rejects those who waited for it, those who wait for the next, and every later request", async () => {
  const syncs = new ManualSyncs();
  const group = new GroupSync(syncs.run);
  const failure = new Error("the disk is gone");
  const waiting = [group.request(), group.request(), group.request()];
  syncs.running[0].reject(failure);
  for (const each of await Promise.allSettled(waiting)) expect(each).toEqual({ status: "rejected", reason: failure });
  await expect(group.request()).rejects.toBe(failure);
  expect(syncs.started).toBe(1);
  expect(group.running).toBe(false);
});

test("a sync that fails before it returns a promise is a failure like any other", async () => {
  const failure = new Error("not even begun");
  const group = new GroupSync(() => {
    throw failure;
  });
  await expect(group.request()).rejects.toBe(failure);
  await expect(group.request()).rejects.toBe(failure);
});

test("a failure that is undefined is a failure all the same", async () => {
  let runs = 0;
  const group = new GroupSync(async () => {
    runs += 1;
    throw undefined;
  });
  await expect(group.request()).rejects.toBeUndefined();
  await expect(group.request()).rejects.toBeUndefined();
  expect(runs).toBe(1);
});
