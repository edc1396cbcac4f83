import { mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { emptyOutput } from "../build/output.ts";

const temporary = (): Promise<string> => mkdtemp(join(tmpdir(), "hashlog-site-"));

test("a site that is there is removed, with pages that are no more", async () => {
  const directory = await temporary();
  await mkdir(join(directory, "out", "assets"), { recursive: true });
  await writeFile(join(directory, "out", "assets", "sections.js"), "");
  await writeFile(join(directory, "out", "old.html"), "");
  await emptyOutput(join(directory, "out"));
  expect(await readdir(directory)).toEqual([]);
});

test("a directory that is not there, or empty, is as good", async () => {
  const directory = await temporary();
  await emptyOutput(join(directory, "out"));
  await emptyOutput(directory);
  await expect(readdir(directory)).rejects.toThrow("ENOENT");
});

test("a directory with anything else in it is left alone", async () => {
  const directory = await temporary();
  await writeFile(join(directory, "thesis.txt"), "");
  await expect(emptyOutput(directory)).rejects.toThrow("holds something else than a site");
  expect(await readdir(directory)).toEqual(["thesis.txt"]);
});

test("what cannot be looked into is told", async () => {
  const directory = await temporary();
  await writeFile(join(directory, "file"), "");
  await expect(emptyOutput(join(directory, "file"))).rejects.toThrow("ENOTDIR");
});
