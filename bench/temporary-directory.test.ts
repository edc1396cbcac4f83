import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { inTemporaryDirectory } from "./temporary-directory.ts";

async function fill(directory: string): Promise<void> {
  await mkdir(join(directory, "store"));
  await writeFile(join(directory, "store", "segment"), "records");
}

test("what the work leaves is removed, and its result given", async () => {
  const place = await inTemporaryDirectory("bench-test", async (directory) => {
    await fill(directory);
    return directory;
  });
  expect(existsSync(place)).toBe(false);
});

test("what the work leaves is removed where it fails", async () => {
  let place = "";
  const failing = inTemporaryDirectory("bench-test", async (directory) => {
    place = directory;
    await fill(directory);
    throw new Error("the disk is full");
  });
  await expect(failing).rejects.toThrow("the disk is full");
  expect(existsSync(place)).toBe(false);
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("what the work leaves is removed by %s, which then ends the program by %i", async (signal, code) => {
  const before = process.listeners(signal);
  const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
  onTestFinished(() => exit.mockRestore());
  await inTemporaryDirectory("bench-test", async (directory) => {
    await fill(directory);
    const end = process.listeners(signal).find((listener) => !before.includes(listener))!;
    end(signal);
    expect(existsSync(directory)).toBe(false);
    expect(exit).toHaveBeenCalledWith(code);
  });
  expect(process.listeners(signal)).toEqual(before);
});
