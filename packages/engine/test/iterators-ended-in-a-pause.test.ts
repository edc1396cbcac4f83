import { HashlogError } from "@hashlog/engine";
import { expect, test } from "vitest";
import { FakeClock } from "./support/fake-clock.ts";
import { memoryWorld } from "./support/worlds.ts";

/** Calls something in the pause in which the event loop is given away. */
class PausingClock extends FakeClock {
  inPause: (() => void) | undefined;

  override yield(): Promise<void> {
    const { inPause } = this;
    this.inPause = undefined;
    inPause?.();
    return super.yield();
  }
}

const PUTS = Array.from({ length: 5000 }, (_, index) => ({ type: "put", key: `key ${index}`, value: "" }) as const);

/** All that the iterator gives until it ends, or what it fails with. */
async function outcomeOf(keys: AsyncIterator<string>): Promise<unknown> {
  try {
    for (;;) if ((await keys.next()).done === true) return "ended";
  } catch (error) {
    return error;
  }
}

test.each([{}, { gte: "" }])(
  "an iterator %o of a snapshot closed in a pause ends with HASHLOG_CLOSED",
  async (range) => {
    const world = await memoryWorld();
    world.leaveUnchecked();
    const clock = new PausingClock();
    const db = await world.open({ clock, ordered: true });
    await db.batch(PUTS);
    const snapshot = db.snapshot();
    clock.inPause = () => snapshot.close();
    const outcome = await outcomeOf(snapshot.keys(range));
    expect(outcome).toBeInstanceOf(HashlogError);
    expect(outcome).toMatchObject({ code: "HASHLOG_CLOSED" });
  },
);

test("an iterator that is left in a pause gives nothing more but what was asked for", async () => {
  const world = await memoryWorld();
  world.leaveUnchecked();
  const clock = new PausingClock();
  const db = await world.open({ clock });
  await db.batch(PUTS);
  const keys = db.keys();
  let isLeft = false;
  clock.inPause = () => {
    isLeft = true;
    void keys.return();
  };
  while (!isLeft) await keys.next();
  expect(await keys.next()).toEqual({ done: true, value: undefined });
});
