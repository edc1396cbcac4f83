import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PackageStore } from "../../scripts/release/installation.ts";
import { packageNames } from "../../scripts/layout.mjs";
import { ROOT } from "../../scripts/setup.mjs";
import { makeProject, tryProjects, usingProgram, type Project, type Use } from "../../scripts/release/uses.ts";
import { madeUpPackage, type Change } from "./made-up-package.ts";

let work: string;
beforeEach(() => {
  work = realpathSync(mkdtempSync(join(tmpdir(), "hashlog-uses-")));
});
afterEach(() => {
  rmSync(work, { recursive: true });
});

const USE = `import assert from "node:assert/strict";
import { one } from "@hashlog/one";
export async function use(): Promise<void> {
  const number: number = one;
  assert.equal(number, 1);
}
`;

function project(name: string, program: string, change: Change = {}): Project {
  const path = join(work, `${name}.ts`);
  writeFileSync(path, program);
  const one = madeUpPackage(change);
  // What is installed in the workspace is that of this repository: the types of Node.
  const store = new PackageStore(join(work, `${name}-store`, "store"), [one], ROOT);
  return makeProject(store, one, join(work, name), path);
}

const complaintsOf = (uses: readonly Use[]): [name: string, complaint: string | undefined][] =>
  uses.map(({ name, complaint }) => [name.replace("@hashlog/one: ", ""), complaint?.split("\n").join(" ")]);

describe("using a package alone", () => {
  test("compiles one program, and runs it as an ES module, as CommonJS, and each program that the package brings", async () => {
    const files = {
      "dist/index.js": `#!/usr/bin/env node\nexport const one = 1;\nif (process.argv[2] === "--help") console.log("one: help");\n`,
    };
    const right = project("right", USE, { manifest: { bin: { one: "dist/index.js" } }, files });
    expect(complaintsOf(await tryProjects([right]))).toEqual([
      ["compiled against its types", undefined],
      ["compiled where there are no types of Node", undefined],
      ["used by import", undefined],
      ["used by require", undefined],
      ["one --help", undefined],
    ]);
    expect(existsSync(join(right.directory, "built", "use.mjs"))).toBe(true);
  });

  test("tells what goes wrong, and in which way", async () => {
    const typed = project("typed", USE.replace("const number: number", "const number: string"));
    const types = project("types", USE, { files: { "dist/index.d.ts": "export declare const one: Gone;" } });
    const asserted = project("asserted", USE.replace("number, 1", "number, 2"));
    const ends = project("ends", USE.replace("assert.equal(number, 1)", "await new Promise(() => {})"));
    const programs = project("programs", USE, { manifest: { bin: { two: "dist/index.js" } } });
    const uses = await tryProjects([typed, types, asserted, ends, programs]);
    expect(complaintsOf(uses)).toEqual([
      ["compiled against its types", expect.stringMatching(/use\.[cm]ts.*not assignable to type 'string'/)],
      ["compiled against its types", expect.stringMatching(/index\.d\.ts.*Cannot find name 'Gone'/)],
      ["compiled against its types", undefined],
      ["compiled where there are no types of Node", undefined],
      ["used by import", expect.stringMatching(/^it ended with 1: .*AssertionError/)],
      ["used by require", expect.stringMatching(/^it ended with 1: .*AssertionError/)],
      ["compiled against its types", undefined],
      ["compiled where there are no types of Node", undefined],
      ["used by import", "it ended with 0: it said nothing"],
      ["used by require", "it ended with 0: it said nothing"],
      ["compiled against its types", undefined],
      ["compiled where there are no types of Node", undefined],
      ["used by import", undefined],
      ["used by require", undefined],
      ["two --help", "it ended with 0: it said nothing"],
    ]);
  });

  test("finds that the types of a package name those of Node, unless it leans on what may want them", async () => {
    const files = { "dist/index.d.ts": "export declare const one: 1;\nexport declare const host: NodeJS.Process;" };
    expect(complaintsOf(await tryProjects([project("named", USE, { files })]))).toContainEqual([
      "compiled where there are no types of Node",
      expect.stringMatching(/index\.d\.ts.*Cannot find namespace 'NodeJS'/),
    ]);
  });

  test("refuses a program that imports what the package does not declare", () => {
    const program = `import { crc32 } from "@hashlog/format";\n${USE}`;
    expect(() => project("undeclared", program)).toThrow(/imports @hashlog\/format, which is not declared/);
  });

  test("is done for every package there is", () => {
    expect(packageNames().filter((folder) => !existsSync(usingProgram(folder)))).toEqual([]);
  });
});
