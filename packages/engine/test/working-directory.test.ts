import { open } from "@hashlog/engine";
import { mkdir, mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { filler, text } from "./support/values.ts";

// A worker thread, in which tests run, may not change the working directory: it is told another one.
let parent = "";

beforeEach(async () => {
  parent = await realpath(await mkdtemp(join(tmpdir(), "hashlog-")));
  await mkdir(join(parent, "one"));
  await mkdir(join(parent, "two"));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(parent, { recursive: true });
});

function goTo(name: string): void {
  vi.spyOn(process, "cwd").mockReturnValue(join(parent, name));
}

test("a store that was opened by a relative path stays where it is when the process goes to another directory", async () => {
  goTo("one");
  const one = await open("data", { segmentBytesMax: 512 });
  goTo("two");
  const two = await open("data", { segmentBytesMax: 512 });
  for (let index = 0; index < 10; index += 1) {
    await one.put(`key ${index % 3}`, filler(300));
    await two.put(`key ${index % 3}`, "two");
  }
  await one.compact();
  const twoSegments = two.stats().segments.length;
  await one.close();
  await two.close();
  // Nothing of the one was made in the other, where the same names lead to another store.
  const files = (await readdir(join(parent, "two", "data"))).filter((name) => /segment$|lock/.test(name));
  expect(files.length).toBe(twoSegments);
  const again = await open(join(parent, "one", "data"));
  expect(again.stats()).toMatchObject({ keys: 3, open: { clean: true } });
  expect(text(again.getSync("key 1"))).toBe(text(filler(300)));
  await again.close();
});

test("where the working directory is gone, absolute paths are as good as ever", async () => {
  vi.spyOn(process, "cwd").mockImplementation(() => {
    throw new Error("ENOENT: no such file or directory, uv_cwd");
  });
  const db = await open(join(parent, "data"));
  await db.put("key", "value");
  expect(text(db.getSync("key"))).toBe("value");
  await db.close();
});
