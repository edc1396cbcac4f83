import { describe, expect, test } from "vitest";
import { dependenciesFirst } from "../../scripts/release/pack.ts";
import { programsOf } from "../../scripts/release/packed-package.ts";
import { bundleTable, fileList, packageTable } from "../../scripts/release/tables.ts";
import { Verdict } from "../../scripts/release/verdict.ts";
import { madeUpPackage } from "./made-up-package.ts";

describe("what a rehearsal of a release tells", () => {
  const files = {
    "README.md": "12345",
    LICENSE: undefined,
    "dist/index.d.ts": undefined,
    "dist/index.d.ts.map": undefined,
  };
  const one = madeUpPackage({ files: { ...files, "package.json": `{"name":"@hashlog/one","version":"1.2.3"}` } });

  test("is a line for each package: files, bytes, and what it holds", () => {
    const bytes = [...one.files.values()].reduce((sum, { length }) => sum + length, 0);
    expect(packageTable([one]).split("\n")).toEqual([
      "package       version  files  packed  unpacked  holds",
      `@hashlog/one  1.2.3        5   1,000       ${bytes}  README.md, dist/ (2), package.json, src/ (1)`,
    ]);
  });

  test("is every file with its length, if it is asked for", () => {
    expect(fileList(one).split("\n").slice(0, 2)).toEqual(["@hashlog/one", "           5  README.md"]);
    expect(fileList(one).split("\n").at(-1)).toBe("          30  src/index.ts");
  });

  test("is a line for each bundle: its bytes, and how many it may have", () => {
    const budget = { folder: "one", code: `export { one } from "@hashlog/one";`, gzipBytesMax: 2_000 };
    expect(bundleTable([{ ...budget, minifiedBytes: 3_456, gzipBytes: 1_234 }]).split("\n")).toEqual([
      "bundle of               minified  gzipped  at most",
      "@hashlog/one { one }       3,456    1,234    2,000",
    ]);
  });

  test("is told when it comes, and counted by the things that are right", () => {
    const told: string[] = [];
    const verdict = new Verdict((finding) => told.push(finding));
    verdict.judge([]);
    verdict.judge(["a", "b"]);
    verdict.judge([]);
    expect({ passed: verdict.passed, findings: verdict.findings, told }).toEqual({
      passed: 2,
      findings: ["a", "b"],
      told: ["a", "b"],
    });
  });
});

describe("the packages of a release", () => {
  test("come in an order in which each finds its dependencies published", () => {
    const wants = (folder: string, ...names: string[]): ReturnType<typeof madeUpPackage> => {
      const dependencies = Object.fromEntries(names.map((name) => [`@hashlog/${name}`, "^1.2.3"]));
      return madeUpPackage({ folder, manifest: { dependencies } });
    };
    const packages = [
      wants("cli", "engine"),
      wants("engine", "index", "format"),
      wants("format"),
      wants("index", "format"),
    ];
    expect(dependenciesFirst(packages).map(({ folder }) => folder)).toEqual(["format", "index", "engine", "cli"]);
  });

  test("bring programs by name, or one that is called as the package", () => {
    const { manifest } = madeUpPackage();
    expect(programsOf(manifest)).toEqual([]);
    expect(programsOf({ ...manifest, bin: "./dist/main.js" })).toEqual([["one", "dist/main.js"]]);
    expect(programsOf({ ...manifest, bin: { hashlog: "dist/main.js" } })).toEqual([["hashlog", "dist/main.js"]]);
  });
});
