import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { fillStore, openBy, ROADS } from "./opening.ts";

test("a store that was filled is opened by each road, by hints with one for each sealed segment", async () => {
  const directory = await mkdtemp(join(tmpdir(), "hashlog-opening-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  // Segments of 16 MiB: three of them are sealed.
  const task = { directory, keys: 400_000, valueBytes: 100 };
  const { segments } = await fillStore(task);
  expect(segments).toBe(4);
  expect((await readdir(directory)).filter((name) => name.endsWith(".hint"))).toHaveLength(3);
  for (const road of ROADS) {
    const { bytesRead } = await openBy(task, road);
    expect(bytesRead).toBeGreaterThan(10 * task.keys);
  }
});
