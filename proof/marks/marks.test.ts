import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { describe, expect, test } from "vitest";
import { marksOf, readMarks, ROOT } from "./marks.ts";

describe("the marks of a file", () => {
  const namesAndCode = (text: string): string[][] =>
    marksOf("a.ts", text).map(({ name, line, offset }) => [name, String(line), text.slice(offset, offset + 4)]);

  test("are lines of their own, each with the statement that follows", () => {
    const text = "f();\n// mark: log/one\ng();\n  // mark: log/two-more\n  h();\n";
    expect(namesAndCode(text)).toEqual([
      ["log/one", "2", "g();"],
      ["log/two-more", "4", "h();"],
    ]);
  });

  test("may have comments between them and the statement", () => {
    const text = "// mark: log/one\n\n// Because.\n/* And\n * because. */ g();\n";
    expect(namesAndCode(text)).toEqual([["log/one", "1", "g();"]]);
  });

  test("are not what merely speaks of a mark", () => {
    expect(namesAndCode("// A mark: log/one\nf(); // mark: log/two\n/** mark: log/three */\n")).toEqual([]);
  });
});

describe("the marks of the packages", () => {
  const marks = readMarks(ROOT);

  test("are found where they are", () => {
    expect(marks.length).toBeGreaterThan(100);
    for (const { name, path, line } of marks) {
      const lines = readFileSync(ROOT + path, "utf8").split("\n");
      expect(lines[line - 1]!.trim()).toBe(`// mark: ${name}`);
    }
  });

  test("are at the same offsets when the types are stripped, which is how they are run", () => {
    for (const path of new Set(marks.map((mark) => mark.path))) {
      const text = readFileSync(ROOT + path, "utf8");
      const stripped = stripTypeScriptTypes(text);
      expect(stripped.length).toBe(text.length);
      for (const { offset } of marks.filter((mark) => mark.path === path)) {
        expect(stripped.slice(offset, offset + 4)).toBe(text.slice(offset, offset + 4));
      }
    }
  });
});
