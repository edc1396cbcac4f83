import { expect, test } from "vitest";
import { BackgroundFiles } from "../src/background-files.ts";
import { LIMITS } from "../src/limits.ts";
import { Maintenance } from "../src/maintenance.ts";
import type { Segment } from "../src/segment.ts";
import type { StoreParts } from "../src/store-parts.ts";
import { turns } from "./support/event-loop.ts";
import { FakeClock } from "./support/fake-clock.ts";

/** A checkpoint is due after so many bytes. */
const ENOUGH = 100;

/** What writes checkpoints in the background, alone; `grow` seals so many bytes and tells how many were written by then. */
function backgroundFiles(): {
  background: BackgroundFiles;
  maintenance: Maintenance;
  grow: (bytes: number) => Promise<number>;
} {
  let written = 0;
  const checkpointer = {
    write: async () => {
      written += 1;
    },
  };
  const parts = {
    limits: { ...LIMITS, checkpointBytesLeast: ENOUGH },
    keydir: { memoryBytes: ENOUGH / 4 },
    clock: new FakeClock(),
    writePace: { appendedBytes: 0 },
    // Nothing gets a hint here.
    table: { byId: () => undefined },
    failures: { note: () => undefined },
  } as unknown as StoreParts;
  const maintenance = new Maintenance();
  const background = new BackgroundFiles(parts, maintenance);
  background.begin(checkpointer, []);
  const grow = async (bytes: number): Promise<number> => {
    for (let grown = 0; grown < bytes; grown += ENOUGH) background.sealed({ bytes: ENOUGH } as unknown as Segment);
    await turns();
    return written;
  };
  return { background, maintenance, grow };
}

test("a checkpoint that no merge drops for all of its time resets how long the next one waits", async () => {
  const { background, grow } = backgroundFiles();
  // Merges that drop three of them at once: the next waits for 2, 4 and 8 times as long.
  expect(await grow(ENOUGH)).toBe(1);
  for (const [index, times] of [2, 4, 8].entries()) {
    background.merged(1);
    expect(await grow(times * ENOUGH)).toBe(index + 2);
  }
  // From here on nothing is merged: this one lives until another takes its place.
  expect(await grow(8 * ENOUGH)).toBe(5);
  // Decision 015: "one that lives resets that".
  expect(await grow(ENOUGH)).toBe(6);
});

test("a checkpoint that is written only after a merge was not dropped by it", async () => {
  const { background, maintenance, grow } = backgroundFiles();
  let endMerge = (): void => undefined;
  const merge = maintenance.runInBackground(async () => {
    await new Promise<void>((resolve) => {
      endMerge = resolve;
    });
    // As `BackgroundMerging` does, within the merge's turn.
    background.merged(1);
  });
  // It is due while the merge runs, and waits for its end.
  expect(await grow(ENOUGH)).toBe(0);
  endMerge();
  await merge;
  // Now it is there, and nothing has dropped one: the next is due as usual.
  expect(await grow(0)).toBe(1);
  expect(await grow(ENOUGH)).toBe(2);
});
