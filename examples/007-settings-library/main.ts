/**
 * A library of one's own with a store inside: settings with types and defaults. Its users see its own interface and its own errors;
 * its tests run in memory, in some milliseconds, and the same tests on the disk.
 *
 *     npm run examples -- 007
 */
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryFileSystem, nodeFileSystem } from "@hashlog/fs-io";
import { checkSettings } from "./check-settings.ts";
import { openSettings } from "./settings.ts";

const folder = await mkdtemp(join(tmpdir(), "hashlog-settings-"));
try {
  const started = performance.now();
  await checkSettings(memoryFileSystem(), "/settings");
  const took = (performance.now() - started).toFixed(0);
  assert.deepEqual(await readdir(folder), []);
  console.log(`The tests of the library in memory: well, in ${took} ms, and nothing on the disk.`);
  await checkSettings(nodeFileSystem(), join(folder, "tested"));
  console.log("The same tests on the disk: well.");

  // And this is what its users write. They need not know that there is a store.
  const defaults = { theme: "light", fontSize: 14, recent: [] as string[] };
  const editor = await openSettings(join(folder, "editor"), defaults);
  editor.onChange((name) => console.log(`  ${name} is ${JSON.stringify(editor.get(name))} now`));
  await editor.set({ theme: "dark", fontSize: editor.get("fontSize") + 2 });
  for (const file of ["letter.txt", "poem.txt"])
    await editor.set({ recent: [file, ...editor.get("recent")].slice(0, 5) });
  await editor.close();

  const tomorrow = await openSettings(join(folder, "editor"), defaults);
  assert.deepEqual([tomorrow.get("theme"), tomorrow.get("fontSize")], ["dark", 16]);
  assert.deepEqual(tomorrow.get("recent"), ["poem.txt", "letter.txt"]);
  console.log(
    `The next day: ${tomorrow.get("theme")}, ${tomorrow.get("fontSize")} points, ${tomorrow.get("recent").join(", ")}.`,
  );
  await tomorrow.close();
} finally {
  await rm(folder, { recursive: true, force: true });
}
