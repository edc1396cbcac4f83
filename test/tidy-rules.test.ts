import { describe, expect, test } from "vitest";
import type { Case } from "./tidy/case.ts";
import { COPY_CASES } from "./tidy/copy-cases.ts";
import * as coverageRules from "./tidy/coverage-rules.ts";
import { exampleCases } from "./tidy/example-cases.ts";
import * as packageRules from "./tidy/package-rules.ts";
import * as portRules from "./tidy/port-rules.ts";
import { releaseCases } from "./tidy/release-cases.ts";
import { RULES } from "./tidy/rules.ts";
import * as shapeRules from "./tidy/shape-rules.ts";
import * as testRules from "./tidy/test-rules.ts";
import * as textRules from "./tidy/text-rules.ts";

const INDEX = "packages/format/src/index.ts";
const ENGINE = "packages/engine/src/store.ts";
const lines = (count: number): string => "// a line\n".repeat(count);
const longFunction = (count: number): string => `export function f() {\n${"  g();\n".repeat(count - 2)}}\n`;
const link = (target: string): string => `[text](${target})`;

/** Words in two halves, for this file is itself looked at by the rules. */
const LATER = ["TO", "DO"].join("");
const HOME = ["", "home", "ada"].join("/");
const REGISTRY = ["https:/", "registry.example.org", ""].join("/");
const off = (what: string): string => `test.${what}("does", () => {});`;

const manifest = {
  name: "@hashlog/index",
  type: "module",
  sideEffects: false,
  exports: { ".": { "@hashlog/source": "./src/index.ts", default: "./dist/index.js" } },
  publishConfig: { exports: { ".": { default: "./dist/index.js" } } },
  dependencies: { "@hashlog/format": "workspace:^" },
  engines: { node: ">=20.19" },
};
const manifestCase = (change: object, complaint?: RegExp, beside = ["README.md", "LICENSE"]): Case => ({
  rule: packageRules.manifestsAreWhole,
  path: "packages/index/package.json",
  text: JSON.stringify({ ...manifest, ...change }),
  beside: beside.map((name) => ({ path: `packages/index/${name}`, text: "" })),
  ...(complaint && { complaint }),
});

/** One that adapts the engine to another package, which its user has. */
const adapterCase = (change: object, complaint?: RegExp): Case => ({
  rule: packageRules.manifestsAreWhole,
  path: "packages/keyv/package.json",
  text: JSON.stringify({
    ...manifest,
    dependencies: { "@hashlog/engine": "workspace:^" },
    peerDependencies: { keyv: "^6.0.0" },
    ...change,
  }),
  beside: ["README.md", "LICENSE"].map((name) => ({ path: `packages/keyv/${name}`, text: "" })),
  ...(complaint && { complaint }),
});

const cases: Case[] = [
  ...releaseCases,
  ...exampleCases,

  { rule: portRules.onlyFsIoTouchesFiles, path: ENGINE, text: `import "node:fs";`, complaint: /store\.ts:1: / },
  {
    rule: portRules.onlyFsIoTouchesFiles,
    path: ENGINE,
    text: `\nimport * as f from 'fs/promises';`,
    complaint: /:2: /,
  },
  { rule: portRules.onlyFsIoTouchesFiles, path: ENGINE, text: `process.getBuiltinModule("node:fs")`, complaint: /fs/ },
  { rule: portRules.onlyFsIoTouchesFiles, path: ENGINE, text: `// as "node:fs" does\n` },
  { rule: portRules.onlyFsIoTouchesFiles, path: "packages/fs-io/src/node.ts", text: `import "node:fs";` },
  { rule: portRules.onlyFsIoTouchesFiles, path: "packages/engine/test/a.test.ts", text: `import "node:fs";` },

  {
    rule: portRules.onlyTheWorkerStartsThreads,
    path: ENGINE,
    text: `import "node:worker_threads";`,
    complaint: /thread/,
  },
  {
    rule: portRules.onlyTheWorkerStartsThreads,
    path: ENGINE,
    text: `import "child_process";`,
    complaint: /child_process/,
  },
  {
    rule: portRules.onlyTheWorkerStartsThreads,
    path: "packages/engine/src/worker/worker-merge.ts",
    text: `import "node:worker_threads";`,
  },
  { rule: portRules.onlyTheClockReadsTime, path: ENGINE, text: "const now = Date.now();", complaint: /Date/ },
  { rule: portRules.onlyTheClockReadsTime, path: ENGINE, text: "const now = new Date();", complaint: /Date/ },
  { rule: portRules.onlyTheClockReadsTime, path: ENGINE, text: "performance.now();", complaint: /performance/ },
  { rule: portRules.onlyTheClockReadsTime, path: ENGINE, text: "process.hrtime();", complaint: /hrtime/ },
  { rule: portRules.onlyTheClockReadsTime, path: ENGINE, text: "setTimeout(f, 1);", complaint: /setTimeout/ },
  { rule: portRules.onlyTheClockReadsTime, path: ENGINE, text: `import "node:timers/promises";`, complaint: /timers/ },
  { rule: portRules.onlyTheClockReadsTime, path: ENGINE, text: "clock.now(); // not Date.now()" },
  { rule: portRules.onlyTheClockReadsTime, path: "packages/fs-io/src/clock.ts", text: "Date.now();" },

  { rule: portRules.onlyTheRandomPortIsRandom, path: ENGINE, text: "Math.random();", complaint: /Math\.random/ },
  { rule: portRules.onlyTheRandomPortIsRandom, path: ENGINE, text: `import "node:crypto";`, complaint: /crypto/ },
  { rule: portRules.onlyTheRandomPortIsRandom, path: ENGINE, text: "globalThis.crypto;", complaint: /crypto/ },
  { rule: portRules.onlyTheRandomPortIsRandom, path: "packages/engine/src/random.ts", text: `import "node:crypto";` },

  { rule: portRules.sourcesPrintNothing, path: ENGINE, text: "console.log(1);", complaint: /does not print/ },
  { rule: portRules.sourcesPrintNothing, path: ENGINE, text: "process.stderr.write(x);", complaint: /does not print/ },
  { rule: portRules.sourcesPrintNothing, path: "examples/001/main.ts", text: "console.log(1);" },

  { rule: shapeRules.noExportStar, path: ENGINE, text: `export * from "./a.ts";`, complaint: /by name/ },
  { rule: shapeRules.noExportStar, path: ENGINE, text: `export { a } from "./a.ts"; // not export *` },

  { rule: shapeRules.indexFilesOnlyReExport, path: INDEX, text: "export const a = 1;", complaint: /re-exports only/ },
  { rule: shapeRules.indexFilesOnlyReExport, path: INDEX, text: `import "./a.ts";`, complaint: /re-exports only/ },
  { rule: shapeRules.indexFilesOnlyReExport, path: INDEX, text: `export { a, type B } from "./a.ts";` },
  { rule: shapeRules.indexFilesOnlyReExport, path: ENGINE, text: "export const a = 1;" },

  { rule: shapeRules.filesAreShort, path: ENGINE, text: lines(401), complaint: /401 lines/ },
  { rule: shapeRules.filesAreShort, path: ENGINE, text: lines(400) },
  { rule: shapeRules.filesAreShort, path: "packages/engine/test/a.test.ts", text: lines(401), complaint: /401 lines/ },
  { rule: shapeRules.filesAreShort, path: "scripts/checks.mjs", text: lines(401), complaint: /401 lines/ },
  { rule: shapeRules.filesAreShort, path: "README.md", text: lines(401) },
  { rule: shapeRules.filesAreShort, path: ENGINE, text: `${lines(400)}// mark: merge/failed\n` },

  { rule: shapeRules.functionsAreShort, path: ENGINE, text: `\n${longFunction(71)}`, complaint: /:2: .*71 lines/ },
  { rule: shapeRules.functionsAreShort, path: ENGINE, text: longFunction(70) },
  { rule: shapeRules.functionsAreShort, path: "packages/fs-io/src/testing/contract-lock.ts", text: longFunction(71) },
  { rule: shapeRules.functionsAreShort, path: ENGINE, text: `class A {\n m() {\n${lines(70)} }\n}`, complaint: /72/ },
  { rule: shapeRules.functionsAreShort, path: ENGINE, text: `const f = () => {\n${lines(70)}};`, complaint: /72/ },

  {
    rule: shapeRules.exportsAreDocumented,
    path: "packages/engine/src/index.ts",
    text: `export { a } from "@hashlog/format";`,
    beside: [
      { path: INDEX, text: `export { a } from "./a.ts";` },
      { path: "packages/format/src/a.ts", text: "export const a = 1;" },
    ],
    complaint: /a is undocumented in packages\/format/,
  },
  {
    rule: shapeRules.exportsAreDocumented,
    path: INDEX,
    text: `export { a } from "./a.ts";`,
    beside: [{ path: "packages/format/src/a.ts", text: "// Plain.\nexport const a = 1;" }],
    complaint: /a is undocumented/,
  },
  {
    rule: shapeRules.exportsAreDocumented,
    path: INDEX,
    text: `export { a } from "./a.ts";`,
    beside: [{ path: "packages/format/src/a.ts", text: "/** Of another. */\nconst b = 1;\nexport const a = b;" }],
    complaint: /a is undocumented/,
  },
  {
    rule: shapeRules.exportsAreDocumented,
    path: INDEX,
    text: `export { a, type B, type C, d, E } from "./a.ts";`,
    beside: [
      {
        path: "packages/format/src/a.ts",
        text: `/** One. */
export const a = 1;
/** Two. */
export interface B {}
/** Three. */
export type C = 1;
/** Four. */
export function d(x: 1): 1;
export function d(x: 1) { return x; }
export { F as E } from "./b.ts";`,
      },
      { path: "packages/format/src/b.ts", text: "/** Five. */\nexport class F {}" },
    ],
  },
  { rule: shapeRules.exportsAreDocumented, path: INDEX, text: `export { a } from "./a.ts";`, complaint: /not found/ },

  {
    rule: shapeRules.sourceFilesAreKebabCase,
    path: "packages/format/src/frameScanner.ts",
    text: "",
    complaint: /like-this/,
  },
  { rule: shapeRules.sourceFilesAreKebabCase, path: "packages/format/src/frame-scanner.ts", text: "" },

  {
    rule: packageRules.importsFollowTheArrows,
    path: INDEX,
    text: `import "@hashlog/fs-io";`,
    complaint: /must not import/,
  },
  { rule: packageRules.importsFollowTheArrows, path: INDEX, text: `import("lodash");`, complaint: /lodash/ },
  { rule: packageRules.importsFollowTheArrows, path: INDEX, text: `import(name);`, complaint: /must not import name/ },
  {
    rule: packageRules.importsFollowTheArrows,
    path: INDEX,
    text: `export { a } from "../../index/src/a.ts";`,
    complaint: /must not/,
  },
  { rule: packageRules.importsFollowTheArrows, path: INDEX, text: `import "../test/a.ts";`, complaint: /must not/ },
  { rule: packageRules.importsFollowTheArrows, path: INDEX, text: `import "node:zlib"; import "./a.ts";` },
  { rule: packageRules.importsFollowTheArrows, path: ENGINE, text: `import { a } from "@hashlog/index";` },

  {
    rule: packageRules.importsFollowTheArrows,
    path: "packages/level/src/index.ts",
    text: `import "tape";`,
    complaint: /must not import tape/,
  },
  { rule: packageRules.importsFollowTheArrows, path: INDEX, text: `import "abstract-level";`, complaint: /must not/ },
  {
    rule: packageRules.importsFollowTheArrows,
    path: "packages/level/src/index.ts",
    text: `import "abstract-level"; import "@hashlog/engine";`,
  },
  {
    rule: packageRules.importsFollowTheArrows,
    path: "packages/blockstore/src/index.ts",
    text: `import "multiformats/cid";`,
  },

  {
    rule: packageRules.testsImportWhatIsDeclared,
    path: "packages/index/test/a.test.ts",
    text: `import "@hashlog/fs-io";`,
    beside: [{ path: "packages/index/package.json", text: JSON.stringify(manifest) }],
    complaint: /not in packages\/index\/package\.json/,
  },
  {
    rule: packageRules.testsImportWhatIsDeclared,
    path: "packages/index/test/a.test.ts",
    text: `import "@hashlog/format"; import "@hashlog/index/testing"; import "vitest"; import "../src/a.ts"; import "node:fs";`,
    beside: [{ path: "packages/index/package.json", text: JSON.stringify(manifest) }],
  },
  {
    rule: packageRules.testsImportWhatIsDeclared,
    path: "packages/index/test/a.test.ts",
    text: `import "../../../test/support/temporary.ts";`,
    beside: [{ path: "packages/index/package.json", text: JSON.stringify(manifest) }],
  },

  ...COPY_CASES,

  manifestCase({}),
  manifestCase({ dependencies: { "@hashlog/fs-io": "workspace:^" } }, /dependencies are not @hashlog\/format/),
  manifestCase({ dependencies: { ...manifest.dependencies, lodash: "4.0.0" } }, /dependencies are not/),
  manifestCase({ optionalDependencies: { lodash: "4.0.0" } }, /are dependencies/),
  manifestCase({ peerDependencies: { keyv: "^6.0.0" } }, /peerDependencies are not none/),
  adapterCase({}),
  adapterCase({ peerDependencies: {} }, /peerDependencies are not keyv/),
  adapterCase({ dependencies: {} }, /dependencies are not @hashlog\/engine/),
  manifestCase({ scripts: { postinstall: "node build.js" } }, /"postinstall" runs/),
  manifestCase({ publishConfig: { exports: {} } }, /differs from exports/),
  manifestCase({ sideEffects: true }, /side effects/),
  manifestCase({ engines: { node: ">=24" } }, /engines/),
  manifestCase({}, /no README/, ["LICENSE"]),
  manifestCase({}, /no LICENSE/, ["README.md"]),
  { ...manifestCase({}, /no arrow/), path: "packages/other/package.json" },

  {
    rule: packageRules.referencesFollowTheArrows,
    path: "packages/index/tsconfig.json",
    text: "{}",
    complaint: /not format/,
  },
  {
    rule: packageRules.referencesFollowTheArrows,
    path: "packages/index/tsconfig.json",
    text: `{ "references": [{ "path": "../format" }] }`,
  },

  { rule: textRules.nothingIsLeftForLater, path: "README.md", text: `\n\n${LATER}: more`, complaint: /README\.md:3: / },
  { rule: textRules.nothingIsLeftForLater, path: "README.md", text: "all done" },

  { rule: textRules.noPathsOfAMachine, path: "a.ts", text: `open("${HOME}/store")`, complaint: /one machine/ },
  { rule: textRules.noPathsOfAMachine, path: "a.ts", text: `open("./home/ada/store")` },

  { rule: textRules.noRegistryHosts, path: ".npmrc", text: `registry=${REGISTRY}`, complaint: /registry/ },
  { rule: textRules.noRegistryHosts, path: ".npmrc", text: "package-lock=false" },

  { rule: textRules.lockfileHoldsNoAddress, path: "pnpm-lock.yaml", text: `tarball: x`, complaint: /address/ },
  { rule: textRules.lockfileHoldsNoAddress, path: "pnpm-lock.yaml", text: `a: ${REGISTRY}`, complaint: /address/ },
  {
    rule: textRules.lockfileHoldsNoAddress,
    path: "runtimes/programs/pnpm-lock.yaml",
    text: `a: ${REGISTRY}`,
    complaint: /address/,
  },
  { rule: textRules.lockfileHoldsNoAddress, path: "pnpm-lock.yaml", text: "integrity: sha512-x==" },

  { rule: textRules.linksLeadSomewhere, path: "docs/a.md", text: link("b.md"), complaint: /leads nowhere/ },
  { rule: textRules.linksLeadSomewhere, path: "docs/a.md", text: "\n[1]: ../b.md\n", complaint: /a\.md:2: / },
  {
    rule: textRules.linksLeadSomewhere,
    path: "docs/a.md",
    text: `# One\n${link("#two")}`,
    complaint: /no heading #two/,
  },
  {
    rule: textRules.linksLeadSomewhere,
    path: "docs/a.md",
    text: [link("../b.md#a-heading"), link("https://example.org"), link(".."), `\`${link("code.md")}\``].join("\n"),
    beside: [{ path: "b.md", text: "## A *heading*\n" }],
  },

  {
    rule: coverageRules.marksAreWellFormed,
    path: ENGINE,
    text: "\n// mark: Merge/failed\nf();",
    complaint: /:2: a mark is/,
  },
  { rule: coverageRules.marksAreWellFormed, path: ENGINE, text: "// mark: merge\nf();", complaint: /a mark is/ },
  { rule: coverageRules.marksAreWellFormed, path: ENGINE, text: "/* mark: a/b */\nf();", complaint: /a mark is/ },
  { rule: coverageRules.marksAreWellFormed, path: ENGINE, text: "f(); // mark: a/b\nf();", complaint: /a mark is/ },
  { rule: coverageRules.marksAreWellFormed, path: ENGINE, text: "//mark : a/b\nf();", complaint: /a mark is/ },
  {
    rule: coverageRules.marksAreWellFormed,
    path: ENGINE,
    text: "{\n  // mark: a/b\n  // c\n}",
    complaint: /a mark is/,
  },
  { rule: coverageRules.marksAreWellFormed, path: ENGINE, text: "f();\n// mark: a/b\n", complaint: /a mark is/ },
  { rule: coverageRules.marksAreWellFormed, path: ENGINE, text: "{\n  // mark: merge/not-done\n  // Why.\n  f();\n}" },
  { rule: coverageRules.marksAreWellFormed, path: ENGINE, text: "// It leaves a mark: a clean close does.\n" },

  {
    rule: coverageRules.marksAreUnique,
    path: ENGINE,
    text: "// mark: merge/failed\nf();",
    beside: [{ path: INDEX, text: "\n// mark: merge/failed\nf();" }],
    complaint: /index\.ts:2: merge\/failed is marked at packages\/engine\/src\/store\.ts:1 already/,
  },
  {
    rule: coverageRules.marksAreUnique,
    path: ENGINE,
    text: "// mark: merge/failed\nf();\n// mark: load/failed\nf();",
  },

  {
    rule: coverageRules.ignoredCoverageHasAReason,
    path: ENGINE,
    text: "\n/* v8 ignore next */\nf();",
    complaint: /:2: .* needs a reason/,
  },
  {
    rule: coverageRules.ignoredCoverageHasAReason,
    path: ENGINE,
    text: "// istanbul ignore if\nf();",
    complaint: /needs a reason/,
  },
  { rule: coverageRules.ignoredCoverageHasAReason, path: ENGINE, text: "/* v8 ignore next -- no way here */\nf();" },

  { rule: testRules.noTestIsSwitchedOff, path: "test/a.test.ts", text: off("skip"), complaint: /every test runs/ },
  {
    rule: testRules.noTestIsSwitchedOff,
    path: "packages/format/test/a.test.ts",
    text: off("only"),
    complaint: /every/,
  },
  { rule: testRules.noTestIsSwitchedOff, path: "proof/faults/a.test.ts", text: off("skip"), complaint: /every test/ },
  { rule: testRules.noTestIsSwitchedOff, path: "packages/format/test/a.test.ts", text: off("each") },

  { rule: testRules.testFilesAreNamedAlike, path: "test/aB.test.ts", text: "", complaint: /like-this/ },
  { rule: testRules.testFilesAreNamedAlike, path: "packages/format/test/a.spec.ts", text: "", complaint: /like-this/ },
  { rule: testRules.testFilesAreNamedAlike, path: "test/a.ts", text: `\ntest("x", f);`, complaint: /not run/ },
  { rule: testRules.testFilesAreNamedAlike, path: "test/sync-policy.property.test.ts", text: "" },
  { rule: testRules.testFilesAreNamedAlike, path: "test/support/a.ts", text: "export function test() {}" },
];

describe("the tidy rules", () => {
  const complaints = ({ rule, path, text, beside = [] }: Case): string[] => rule([{ path, text }, ...beside]);
  const broken = cases.filter(({ complaint }) => complaint !== undefined);
  const kept = cases.filter(({ complaint }) => complaint === undefined);

  test.each(broken.map((one) => [one.path, one.text, one] as const))("find what is wrong in %s: %s", (_p, _t, one) => {
    expect(complaints(one).join("\n")).toMatch(one.complaint ?? /never/);
  });

  test.each(kept.map((one) => [one.path, one.text, one] as const))("find nothing wrong in %s: %s", (_p, _t, one) => {
    expect(complaints(one)).toEqual([]);
  });

  test("each have a case that breaks them and one that keeps them", () => {
    const without = (some: readonly Case[]): string[] =>
      RULES.filter(([, rule]) => !some.some((one) => one.rule === rule)).map(([sentence]) => sentence);
    expect(without(broken)).toEqual([]);
    expect(without(kept)).toEqual([]);
  });

  test("refuse a file that does not parse, instead of passing over it", () => {
    expect(() => portRules.sourcesPrintNothing([{ path: ENGINE, text: "const = ;" }])).toThrow(/does not parse/);
  });
});
