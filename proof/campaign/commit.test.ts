import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { git } from "../world/git.ts";
import { commitOf } from "./commit.ts";

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "hashlog-commit-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

// Whoever runs this may have hooks, a name and a key of their own.
const PLAIN = ["user.name=a", "user.email=a@b.c", "commit.gpgsign=false", "core.hooksPath=/dev/null"];

test("the commit is named as long as the files are as it has them", () => {
  const folder = temporaryFolder();
  git(folder, "init", "--quiet");
  expect(commitOf(folder)).toBeUndefined();
  writeFileSync(join(folder, "a"), "1");
  git(folder, "add", "a");
  git(folder, ...PLAIN.flatMap((setting) => ["-c", setting]), "commit", "--quiet", "--message", "first");
  const commit = commitOf(folder)!;
  expect(commit).toMatch(/^[0-9a-f]{7,}$/u);
  expect(git(folder, "rev-parse", "HEAD")).toContain(commit);
  writeFileSync(join(folder, "a"), "2");
  expect(commitOf(folder)).toBeUndefined();
});

test("what git tells a hook of is not the repository that is asked about", () => {
  const [folder, other] = [temporaryFolder(), temporaryFolder()];
  git(other, "init", "--quiet");
  vi.stubEnv("GIT_DIR", join(other, ".git"));
  vi.stubEnv("GIT_INDEX_FILE", join(other, "index"));
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(commitOf(folder)).toBeUndefined();
  git(folder, "init", "--quiet");
  expect(git(folder, "rev-parse", "--absolute-git-dir")).toBe(join(realpathSync(folder), ".git"));
});

test("where there is no repository nothing is said", () => {
  expect(commitOf(temporaryFolder())).toBeUndefined();
});
