import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runTrial } from "./run-mutant.ts";
import type { Verdict } from "./verdict.ts";

const FILE = "packages/engine/src/log-writer.ts";
const TESTS = ["packages/engine/test/batches.test.ts"];

/** What becomes of a patch that puts this line into the class, which is called so. */
async function trialOf(name: string, added: string, tests: readonly string[]): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), "hashlog-patch-"));
  try {
    const patch = join(folder, "planted.patch");
    const hunk = `@@ -8,2 +8,3 @@\n export class ${name} {\n+${added}\n   readonly #log: CommitLog;\n`;
    writeFileSync(patch, `diff --git a/${FILE} b/${FILE}\n--- a/${FILE}\n+++ b/${FILE}\n${hunk}`);
    return await runTrial({ patch, tests, seconds: 60 });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const LOADED = "  // Nothing changes.";
const STALE = "  queued = () => this.#queue;";

test.each([
  ["does not apply", "NoSuchWriter", LOADED, [], "patch does not apply"],
  ["does not load, by the campaign", "LogWriter", STALE, [], "Private field '#queue' must be declared"],
  ["does not load, by tests", "LogWriter", STALE, TESTS, "batches.test.ts did not run"],
  ["has tests that are not there", "LogWriter", LOADED, ["packages/engine/test/gone.test.ts"], "no such tests"],
])("a patch that %s is told of, and is no end of everything", async (_title, name, added, tests, failure) => {
  const verdict = await trialOf(name, added, tests);
  expect(verdict).toMatchObject({ caught: false, cases: 0, failure: expect.stringContaining(failure) as string });
});

test("what loads is judged", async () => {
  const seen = await trialOf("LogWriter", LOADED, TESTS);
  expect(seen).toEqual({ caught: false, cases: expect.any(Number) as number, seconds: expect.any(Number) as number });
  expect(seen.cases).toBeGreaterThan(5);
  const writesNothing = "  readonly put = (): Promise<true> => Promise.resolve(true);";
  expect(await trialOf("LogWriter", writesNothing, TESTS)).toMatchObject({ caught: true, part: TESTS[0] });
});
