import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { resultsFolder } from "./results-folder.ts";

async function someFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "hashlog-bench-results-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("a folder for results is made with those above it, and may be there already", async () => {
  const folder = join(await someFolder(), "some", "results");
  expect(await resultsFolder(folder)).toBe(folder);
  expect(existsSync(folder)).toBe(true);
  expect(await resultsFolder(folder)).toBe(folder);
});

test("a file is refused as the folder for results, and as one above it", async () => {
  const file = join(await someFolder(), "file");
  await writeFile(file, "");
  await expect(resultsFolder(file)).rejects.toThrow(`results cannot be written to ${file}: it is no folder`);
  await expect(resultsFolder(join(file, "below"))).rejects.toThrow("results cannot be written to");
});

test("a folder that cannot be made is refused, instead of being tried for ever", async () => {
  await expect(resultsFolder("/proc/nope/results")).rejects.toThrow("results cannot be written to /proc/nope/results");
});
