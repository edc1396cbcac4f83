import * as fc from "fast-check";
import { expect, test } from "vitest";
import { GroupSync } from "../src/group-sync.ts";

/**
 * A device on which each write gets the next number, and whose sync covers the writes that were there when it began.
 * When a write is promised to be durable, it has to be covered by a sync that has ended.
 */
class Device {
  written = 0;
  durable = 0;
  syncs = 0;
  failsAt = Infinity;
  runningNow = 0;
  runningMax = 0;
  readonly #pass: () => Promise<unknown>;

  constructor(pass: () => Promise<unknown>) {
    this.#pass = pass;
  }

  readonly sync = async (): Promise<void> => {
    this.syncs += 1;
    const fails = this.syncs >= this.failsAt;
    this.runningNow += 1;
    this.runningMax = Math.max(this.runningMax, this.runningNow);
    const covered = this.written;
    await this.#pass();
    this.runningNow -= 1;
    if (fails) throw new Error("the device failed");
    this.durable = Math.max(this.durable, covered);
  };
}

interface Outcome {
  readonly write: number;
  readonly acknowledged: boolean;
  readonly durableThen: number;
}

/** Each writer writes and asks for durability so many times, whenever the scheduler lets it. */
async function play(
  scheduler: fc.Scheduler,
  writers: readonly number[],
  device: Device,
  gathers: boolean,
): Promise<Outcome[]> {
  const gather = (): Promise<void> => scheduler.schedule(Promise.resolve(), "others are waited for");
  const group = new GroupSync(device.sync, gathers ? gather : undefined);
  const outcomes: Outcome[] = [];
  const writing = writers.map(async (times, writer) => {
    for (let time = 0; time < times; time += 1) {
      await scheduler.schedule(Promise.resolve(), `writer ${writer} writes`);
      const write = (device.written += 1);
      const acknowledged = await group.request().then(
        () => true,
        () => false,
      );
      outcomes.push({ write, acknowledged, durableThen: device.durable });
    }
  });
  await scheduler.waitFor(Promise.all(writing));
  return outcomes;
}

const writers = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 6 });

test("never two syncs at once, and every write is covered by a sync that began after it", async () => {
  const property = fc.asyncProperty(fc.scheduler(), writers, fc.boolean(), async (scheduler, times, gathers) => {
    const device = new Device(() => scheduler.schedule(Promise.resolve(), "the sync ends"));
    const outcomes = await play(scheduler, times, device, gathers);
    expect(device.runningMax).toBe(1);
    for (const { write, acknowledged, durableThen } of outcomes) {
      expect(acknowledged).toBe(true);
      expect(durableThen).toBeGreaterThanOrEqual(write);
    }
    expect(device.syncs).toBeLessThanOrEqual(outcomes.length);
  });
  await fc.assert(property, { numRuns: 500 });
});

test("after a failed sync there is no other, and only what was covered before is acknowledged", async () => {
  const failsAt = fc.integer({ min: 1, max: 8 });
  const property = fc.asyncProperty(
    fc.scheduler(),
    writers,
    failsAt,
    fc.boolean(),
    async (scheduler, times, at, gathers) => {
      const device = new Device(() => scheduler.schedule(Promise.resolve(), "the sync ends"));
      device.failsAt = at;
      const outcomes = await play(scheduler, times, device, gathers);
      expect(device.runningMax).toBe(1);
      expect(device.syncs).toBeLessThanOrEqual(at);
      for (const { write, acknowledged, durableThen } of outcomes) {
        const asPromised = acknowledged ? durableThen >= write : device.syncs === at;
        expect(asPromised).toBe(true);
      }
    },
  );
  await fc.assert(property, { numRuns: 500 });
});
