import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hashOfSources } from "./source-hash.ts";

let root: string;

function write(path: string, text = ""): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "hashlog-sources-"));
  for (const name of ["cli", "engine"]) write(`packages/${name}/src/index.ts`);
  write("proof/cases/case.ts");
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

test.each([
  "packages/engine/src/verify/new.ts",
  "packages/cli/src/new.ts",
  "proof/corpus/new.json",
  "proof/cases/new.ts",
])("%s changes it, by its text and by its path", (path) => {
  const before = hashOfSources(root);
  write(path);
  const empty = hashOfSources(root);
  write(path, "text");
  const text = hashOfSources(root);
  write(path.replace("new", "other"));
  expect(new Set([before, empty, text, hashOfSources(root)]).size).toBe(4);
  expect(before).toMatch(/^[0-9a-f]{16}$/);
});

test.each([
  "packages/engine/README.md",
  "packages/engine/test/new.test.ts",
  "proof/cases/case.test.ts",
  "proof/mutants/new.ts",
  "proof/mutation/triage.json",
  "proof/node_modules/some/new.ts",
])("%s does not", (path) => {
  const before = hashOfSources(root);
  write(path, "text");
  expect(hashOfSources(root)).toBe(before);
});
