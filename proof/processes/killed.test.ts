import { open, utf8 } from "@hashlog/engine";
import { SEGMENT_HEADER_BYTES } from "@hashlog/format";
import { readdirSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runs, TEST_TIMEOUT_MS } from "../world/runs.ts";
import { drawLife, timeOf, type Birth } from "./draw-life.ts";
import { judgeLife, mustBeInherited, NOTHING, type Estate } from "./judge-life.ts";
import type { Life, Report, Step } from "./life.ts";
import { ProcessWorld } from "./process-world.ts";
import { runLife } from "./run-life.ts";
import { SEED } from "./seed.ts";
import { describeLife, Tally } from "./tally.ts";

const STORES: readonly Birth["sync"][] = ["always", "never", "interval", "changing"];
const ROUNDS = runs(50);

/**
 * Real processes, really killed. Each of four stores has one process after another; each opens it, tells what it finds,
 * writes, merges, and is killed: by its parent at any moment, or by itself at a chosen call that changes something on
 * disk. What the kernel has taken survives them, so every acknowledged write has to be there, whatever the sync policy.
 */
test(
  "what a process acknowledged before it was killed is there, and nothing but a prefix of what it had asked for",
  async () => {
    const world = new ProcessWorld();
    console.log(`seed ${SEED} (HASHLOG_SEED replays it)`);
    const tally = new Tally();
    await Promise.all(STORES.map((sync, store) => raiseAndKill(world, sync, store, tally)));
    console.log(String(tally));
    expect(tally.kills).toBe(STORES.length * ROUNDS);
    // What the plan makes certain, and a little less: by which call a process dies first is not in its hands alone.
    const atLeast = (part: number): number => Math.floor(tally.kills * part);
    expect(tally.byThemselves).toBeGreaterThanOrEqual(atLeast(0.5));
    expect(tally.during.merging).toBeGreaterThanOrEqual(atLeast(0.15));
    expect(tally.during.checkpointing).toBeGreaterThanOrEqual(atLeast(0.06));
    expect(tally.inRecovery).toBeGreaterThanOrEqual(atLeast(0.1));
    expect(tally.inRecoveryAgain).toBeGreaterThanOrEqual(atLeast(0.05));
    expect(tally.withWritesInFlight).toBeGreaterThanOrEqual(atLeast(0.2));
    expect(tally.tornTails).toBeGreaterThanOrEqual(atLeast(0.01));
  },
  TEST_TIMEOUT_MS,
);

test("a log that has lost its end meanwhile is noticed", async () => {
  const world = new ProcessWorld();
  const life = await plainLife(world);
  const estate = judgeLife(NOTHING, life, await runLife(world, life));
  expect(estate.owed).toBe(WRITES);
  const segment = readdirSync(life.directory).findLast((name) => name.endsWith(".segment"))!;
  truncateSync(join(life.directory, segment), SEGMENT_HEADER_BYTES);
  const reports = await runLife(world, life);
  expect(() => judgeLife(estate, life, reports)).toThrow(/^P1 Durable prefix: the store holds nothing/);
});

test("a process ends when its parent is gone", async () => {
  const world = new ProcessWorld();
  const child = world.start("mortal.ts");
  child.send(await plainLife(world));
  child.process.disconnect();
  expect(await child.end).toBe(0);
});

const WRITES = 10;

/** Some writes, and then death with no time to close. */
async function plainLife(world: ProcessWorld): Promise<Life> {
  const writes = Array.from({ length: WRITES }, (_, index): Step => [
    "write",
    [{ key: `key ${index}`, value: `${index}.`, expiresAtMs: 0 }],
  ]);
  const directory = join(await world.newDirectory(), "store");
  const death = { by: "itself", stage: "writing", call: Infinity, moment: "before" } as const;
  return {
    directory,
    sync: "never",
    segmentBytesMax: 6000,
    nowMs: 0,
    steps: [...writes, ["settle"]],
    isPatient: true,
    death,
  };
}

/** The history of one store: as many processes as there are rounds, and what they leave. */
async function raiseAndKill(world: ProcessWorld, sync: Birth["sync"], store: number, tally: Tally): Promise<void> {
  const directory = join(await world.newDirectory(), "store");
  let estate: Estate = NOTHING;
  let before: readonly Report[] = [];
  let storyBefore = "none";
  for (let round = 0; round < ROUNDS; round += 1) {
    const life = drawLife({ seed: SEED, store, round, directory, sync });
    const reports = await runLife(world, life);
    tally.add(reports, before);
    const story = `process ${round} (${describeLife(life, reports)})`;
    try {
      estate = judgeLife(estate, life, reports);
    } catch (error) {
      const message = `seed ${SEED}, store ${store}, ${story} after ${storyBefore}: ${(error as Error).message}`;
      throw new Error(message, { cause: error });
    }
    storyBefore = story;
    before = reports;
  }
  await mustBeSound(directory, estate);
}

/** After all of it: opened, closed and opened again, it is an ordinary store. */
async function mustBeSound(directory: string, estate: Estate): Promise<void> {
  const nowMs = timeOf(ROUNDS);
  const clock = {
    now: () => nowMs,
    elapsedMs: () => 0,
    setTimer: () => ({ cancel: () => {} }),
    yield: () => Promise.resolve(),
  };
  let left = estate;
  for (const isClean of [false, true]) {
    const db = await open(directory, { values: utf8, clock });
    const entries: [string, string][] = [];
    for await (const entry of db.entries()) entries.push(entry);
    left = mustBeInherited(left, entries, nowMs);
    if (isClean) expect(db.stats().open).toMatchObject({ clean: true, tornTail: undefined, filesRemoved: [] });
    await db.close();
  }
}
