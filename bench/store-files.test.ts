import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { bytesOnDisk, readThrough } from "./store-files.ts";

async function emptyDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "hashlog-bench-usage-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

test("files that were only just written take their place, in folders below as well", async () => {
  const directory = await emptyDirectory();
  await writeFile(join(directory, "one"), Buffer.alloc(100_000, 1));
  await mkdir(join(directory, "below"));
  await writeFile(join(directory, "below", "other"), Buffer.alloc(50_000, 1));
  const bytes = await bytesOnDisk(directory);
  expect(bytes).toBeGreaterThanOrEqual(150_000);
  expect(bytes).toBeLessThan(300_000);
});

test("all of every file is read through, in folders below as well", async () => {
  const directory = await emptyDirectory();
  await writeFile(join(directory, "one"), Buffer.alloc(2_500_000, 1));
  await writeFile(join(directory, "empty"), "");
  await mkdir(join(directory, "below"));
  await writeFile(join(directory, "below", "other"), Buffer.alloc(50_000, 1));
  expect(await readThrough(directory)).toBe(2_550_000);
});

test("what is no file is passed over", async () => {
  const directory = await emptyDirectory();
  await symlink(join(directory, "gone"), join(directory, "link"));
  expect(await readThrough(directory)).toBe(0);
  expect(await bytesOnDisk(directory)).toBe(0);
});

test("an empty directory takes nothing, and a hole next to nothing", async () => {
  const directory = await emptyDirectory();
  expect(await bytesOnDisk(directory)).toBe(0);
  await writeFile(join(directory, "hole"), "");
  await truncate(join(directory, "hole"), 2 ** 30);
  expect(await bytesOnDisk(directory)).toBeLessThan(2 ** 20);
});
