import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apart, placesOf, readPatch } from "./hunks.ts";
import { readMutants } from "./mutant.ts";
import { checkPatch } from "./scratch-copy.ts";
import { TypeCheck } from "./type-check.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const mutants = readMutants().map((mutant) => {
  const patches = readPatch(readFileSync(mutant.path, "utf8"));
  return { ...mutant, patches, files: patches.map(({ file }) => file) };
});

describe("the planted bugs", () => {
  test.each(mutants)("$name can be planted in the present sources", ({ path }) => {
    expect(() => checkPatch(path)).not.toThrow();
  });

  test.each(mutants)("$name is planted where it belongs: there is one such place", ({ patches }) => {
    for (const { file, hunks } of patches) {
      const source = readFileSync(join(ROOT, file), "utf8");
      expect(hunks.map((hunk) => placesOf(hunk, source))).toEqual(hunks.map(() => 1));
    }
  });

  describe("make sources that compile:", () => {
    let check: TypeCheck;
    beforeAll(() => {
      check = new TypeCheck(mutants.flatMap(({ files }) => files));
    });
    afterAll(() => check.remove());

    const groups = apart(mutants).map((group) => ({ group, title: titleOf(group.map(({ name }) => name)) }));
    test.each(groups)("$title", ({ group }) => {
      expect(check.complaints(group)).toEqual([]);
    });

    test("and what uses a name that is not there any more is found, and is gone afterwards", () => {
      const folder = mkdtempSync(join(tmpdir(), "hashlog-patch-"));
      try {
        const path = join(folder, "stale.patch");
        writeFileSync(path, STALE);
        const [complaint, ...more] = check.complaints([{ name: "stale", path, files: [STALE_FILE] }]);
        expect([complaint, more]).toEqual([expect.stringMatching(/^stale: .*'#queue' does not exist/), []]);
        expect(check.complaints([])).toEqual([]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });
});

function titleOf(names: readonly string[]): string {
  return names.length > 3 ? `${names.length} of them, from ${names[0]} on` : names.join(", ");
}

const STALE_FILE = "packages/engine/src/log-writer.ts";
const STALE = `diff --git a/${STALE_FILE} b/${STALE_FILE}
--- a/${STALE_FILE}
+++ b/${STALE_FILE}
@@ -8,2 +8,3 @@
 export class LogWriter {
+  queued = () => this.#queue;
   readonly #log: CommitLog;
`;

describe("a hunk", () => {
  const hunk = [" a", " b", "-c", "+d", " e", " f"];

  test("has as many places as its old lines have in the source, at its beginning and its end as well", () => {
    expect(placesOf(hunk, "a\nb\nc\ne\nf\n")).toBe(1);
    expect(placesOf(hunk, "x\na\nb\nc\ne\nf\nx\na\nb\nc\ne\nf\n")).toBe(2);
    expect(placesOf(hunk, "a\nb\nd\ne\nf\n")).toBe(0);
  });

  test("needs no more of its context than a line before and a line behind", () => {
    expect(placesOf(hunk, "x\nb\nc\ne\nx\n")).toBe(1);
    expect(placesOf(hunk, "a\nb\nc\ne\nf\nx\nb\nc\ne\nx\n")).toBe(1);
    expect(placesOf(hunk, "x\nc\ne\nf\n")).toBe(0);
  });

  test("is read file by file", () => {
    const text =
      "Breaks: x\n\ndiff --git a/p b/p\n--- a/p\n+++ b/p\n@@ -1 +1 @@ class X\n-a\n+b\n@@ -9 +9 @@\n c\n-d\n";
    expect(readPatch(`${text}diff --git a/q b/q\n--- a/q\n+++ b/q\n@@ -1 +1 @@\n+e\n`)).toEqual([
      {
        file: "p",
        hunks: [
          ["-a", "+b"],
          [" c", "-d"],
        ],
      },
      { file: "q", hunks: [["+e"]] },
    ]);
  });
});

test("what changes the same file is kept apart", () => {
  const all = [["a"], ["b", "c"], ["a", "d"], ["c"], ["e"]].map((files) => ({ files }));
  expect(apart(all).map((group) => group.map(({ files }) => files.join("")))).toEqual([
    ["a", "bc", "e"],
    ["ad", "c"],
  ]);
});
