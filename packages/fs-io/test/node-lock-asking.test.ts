import * as fs from "node:fs";
import * as net from "node:net";
import { expect, test } from "vitest";
import { nodeFileSystem } from "../src/node-file-system.ts";
import type { NodeFs } from "../src/node-fs.ts";
import { temporaryDirectory } from "./directories.ts";

/** The line with which a socket answers. */
function lineOf(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let line = "";
    net
      .connect({ path })
      .on("data", (bytes) => (line += bytes.toString()))
      .on("close", () => resolve(line))
      .on("error", reject);
  });
}

test("whoever has not got the lock yet says so when it is asked, and the holder says that it is one", async () => {
  const directory = await temporaryDirectory();
  const lines: Promise<string>[] = [];
  // The second look is that of one whose socket listens already.
  const readdir: NodeFs["readdir"] = (path, done) => {
    fs.readdir(path, (error, names) => {
      const asked = names.map((name) => lineOf(`${directory}/${name}`));
      lines.push(...asked);
      void Promise.all(asked).then(() => done(error, names));
    });
  };
  const lock = await nodeFileSystem({ fs: { readdir } }).lock(directory, "store.lock");
  expect(await Promise.all(lines)).toEqual([expect.stringMatching(/^asking process \d+ on .+\n$/)]);
  const [socket] = fs.readdirSync(directory);
  expect(await lineOf(`${directory}/${socket}`)).toMatch(/^process \d+ on .+\n$/);
  await lock.release();
});
