import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

const made: string[] = [];

afterAll(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** A path at which there is nothing yet; whatever is made there is removed when the file's tests are done. */
export function newLocation(): string {
  const directory = mkdtempSync(join(tmpdir(), "hashlog-adapter-"));
  made.push(directory);
  return join(directory, "store");
}
