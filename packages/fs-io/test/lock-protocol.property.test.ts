import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LockWorld } from "./lock-world.ts";

const PROCESSES = 4;

/** Runs of turns for one process while all others are stopped, and now and then the end of one. */
const script = fc.array(
  fc.record({
    process: fc.nat(PROCESSES - 1),
    turns: fc.integer({ min: 1, max: 10 }),
    kills: fc.boolean(),
  }),
  { maxLength: 28 },
);

type Script = ReadonlyArray<{ process: number; turns: number; kills: boolean }>;

async function play(world: LockWorld, steps: Script, mayKill: boolean, releases: boolean): Promise<void> {
  for (const process of world.processes) void process.live(releases ? 3 : 1, releases);
  for (const { process, turns, kills } of steps) {
    for (let turn = 0; turn < turns; turn += 1) await world.step(process);
    if (mayKill && kills && turns === 1) world.processes[process].kill();
  }
  await world.finish();
}

test("however processes are stopped, killed and woken, two never hold the lock at once", async () => {
  const property = fc.asyncProperty(script, async (steps) => {
    const world = new LockWorld(PROCESSES);
    await play(world, steps, true, true);
    expect(world.holdersMax).toBeLessThanOrEqual(1);
  });
  await fc.assert(property, { numRuns: 3000 });
});

test("if nobody is killed, somebody gets the lock", async () => {
  const property = fc.asyncProperty(script, async (steps) => {
    const world = new LockWorld(PROCESSES);
    await play(world, steps, false, false);
    expect(world.holders).toBe(1);
  });
  await fc.assert(property, { numRuns: 500 });
});

test("when all have released it, nothing is left in the directory", async () => {
  const property = fc.asyncProperty(script, async (steps) => {
    const world = new LockWorld(PROCESSES);
    await play(world, steps, false, true);
    expect(world.sockets.size).toBe(0);
    expect(world.processes.reduce((sum, process) => sum + process.timesHeld, 0)).toBeGreaterThan(0);
  });
  await fc.assert(property, { numRuns: 500 });
});

test("what dead processes left behind keeps nobody out", async () => {
  const property = fc.asyncProperty(script, async (steps) => {
    const world = new LockWorld(PROCESSES);
    await play(world, steps, true, true);
    for (const process of world.processes) process.kill();
    const next = new LockWorld(1);
    for (const [number, socket] of world.sockets) next.sockets.set(number, socket);
    void next.processes[0].live(1, false);
    await next.finish();
    expect(next.holders).toBe(1);
    expect(next.sockets.size).toBe(1);
  });
  await fc.assert(property, { numRuns: 300 });
});

test("if a number were given twice, one that was stopped before it listened would take the lock from its holder", async () => {
  const world = new LockWorld(3, true);
  const [stopped, second, third] = [0, 1, 2];
  const until = async (process: number, done: () => boolean): Promise<void> => {
    while (!done()) await world.step(process);
  };
  void world.processes[stopped].live(1, true);
  await until(stopped, () => world.sockets.size === 1);
  // The second takes the stopped one's socket for dead, holds, removes it, and is gone again.
  void world.processes[second].live(1, true);
  await until(second, () => world.processes[second].waiting === undefined);
  expect(world.sockets.size).toBe(0);
  // The third makes a socket of the same number, and holds.
  void world.processes[third].live(1, false);
  await until(third, () => world.holders === 1);
  await until(stopped, () => world.processes[stopped].waiting === undefined);
  expect(world.holdersMax).toBe(2);
});
