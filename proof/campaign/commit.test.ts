import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { commitOf } from "./commit.ts";

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "hashlog-commit-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("the commit is named as long as the files are as it has them", () => {
  const folder = temporaryFolder();
  const git = (...args: readonly string[]): string =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.c", ...args], { cwd: folder, encoding: "utf8" });
  git("init", "--quiet");
  expect(commitOf(folder)).toBeUndefined();
  writeFileSync(join(folder, "a"), "1");
  git("add", "a");
  git("commit", "--quiet", "--message", "first");
  const commit = commitOf(folder)!;
  expect(commit).toMatch(/^[0-9a-f]{7,}$/u);
  expect(git("rev-parse", "HEAD")).toContain(commit);
  writeFileSync(join(folder, "a"), "2");
  expect(commitOf(folder)).toBeUndefined();
});

test("where there is no repository nothing is said", () => {
  expect(commitOf(temporaryFolder())).toBeUndefined();
});
