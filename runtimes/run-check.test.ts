import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ROOT } from "../scripts/setup.mjs";
import type { Outcome } from "./results.ts";
import { runCheck } from "./run-check.ts";

/** What comes of a file of checks with these tests in it, on the Node at hand. */
async function outcomeWith(...tests: readonly string[]): Promise<Outcome> {
  const project = await mkdtemp(join(tmpdir(), "hashlog-"));
  onTestFinished(() => rm(project, { recursive: true, force: true }));
  await mkdir(join(project, "checks"));
  await copyFile(join(ROOT, "runtimes", "checks", "harness.mjs"), join(project, "checks", "harness.mjs"));
  const lines = ['import { describe, test } from "./harness.mjs";', ...tests];
  await writeFile(join(project, "checks", "some.check.mjs"), lines.join("\n"));
  return runCheck("some", "node", process.execPath, { project, name: "here" });
}

const GOOD = 'describe("a group", () => { describe("within", () => { test("passes", async () => {}); }); });';

test("a check whose tests all pass has passed", async () => {
  expect(await outcomeWith(GOOD)).toEqual({ passed: 1, failed: 0, findings: [] });
});

test("a test that throws has failed, whatever the others do, and is called by all its names", async () => {
  const bad = 'describe("a group", () => { test("throws", () => { throw new Error("as it wants"); }); });';
  const findings = ["a group > throws: Error: as it wants"];
  expect(await outcomeWith(bad, GOOD)).toEqual({ passed: 1, failed: 1, findings });
});

test("a test that ends the process has failed, as has every one that was to come", async () => {
  const bad = 'test("ends it all", () => process.exit(0)); test("comes too late", () => {});';
  const why = "it was not run, or not to its end";
  const findings = [`ends it all: ${why}`, `comes too late: ${why}`];
  expect(await outcomeWith(bad)).toEqual({ passed: 0, failed: 2, findings });
});

test("a check that does not load has failed", async () => {
  expect(await outcomeWith('import "@hashlog/nothing";')).toMatchObject({ passed: 0, failed: 1 });
});
