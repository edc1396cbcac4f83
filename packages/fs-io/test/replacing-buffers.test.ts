import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeFileSystem } from "@hashlog/fs-io";
import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { expect, onTestFinished, test } from "vitest";

// `slice` of a Buffer is a view: whoever means to copy has to copy by other means.

test("a Buffer is the caller's again when replace of the node file system has returned its promise", async () => {
  const directory = await mkdtemp(join(tmpdir(), "hashlog-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const content = Buffer.from("content");
  const replacing = nodeFileSystem().replace(join(directory, "file"), content);
  content.fill(0);
  await replacing;
  expect(await readFile(join(directory, "file"), "utf8")).toBe("content");
});

test("a Buffer is the caller's again when replace of the simulated file system has returned its promise", async () => {
  const fileSystem = new SimulatedDisk().boot();
  const content = Buffer.from("content");
  const replacing = fileSystem.replace("/file", content);
  content.fill(0);
  await replacing;
  const found = new Uint8Array(7);
  await (await fileSystem.openRead("/file")).read(found, 0, 7, 0);
  expect(new TextDecoder().decode(found)).toBe("content");
});
