/**
 * `npm test`: every check there is, all of them even when one fails, and one count over all at the end.
 *
 * A check resolves to how many things it looked at were right and how many were not; what it has to say it prints.
 */
import { readFileSync } from "node:fs";
import { mkdir, rm, symlink } from "node:fs/promises";
import { join, relative } from "node:path";
import { coverageByPackage, LEAST, leastCovered, missingFromCoverage } from "./coverage-report.mjs";
import { exampleModule, exampleNames, packageNames, sourceFiles } from "./layout.mjs";
import { npmNode, ROOT, seconds } from "./setup.mjs";
import { failedTests, lastLines, proofFindings, summary } from "./summary.mjs";
import { CACHE, COMPILED_EXAMPLES, COVERAGE, RELEASE_REHEARSAL, runTool, script, tools } from "./tools.mjs";
import { countTests } from "./vitest-report.mjs";

/** @typedef {{ passed: number, failed: number, findings?: readonly string[] }} Count What failed, one each. */
/** @typedef {{ name: string, run: () => Promise<Count> }} Check */

const VITEST_REPORT = join(CACHE, "vitest.json");
const PROOF_REPORT = join(CACHE, "proof.json");
const RELEASE_REPORT = join(CACHE, "release.json");

/** @returns {Promise<number>} The exit code. */
export async function runAllChecks() {
  await mkdir(CACHE, { recursive: true });
  const rows = [];
  for (const check of allChecks()) {
    const started = Date.now();
    console.log(`--- ${check.name}`);
    const count = await check.run();
    rows.push({ name: check.name, ...count, took: seconds(started) });
    console.log(`--- ${check.name}: ${count.failed === 0 ? "ok" : "FAILED"} (${seconds(started)})\n`);
  }

  console.log(summary(rows));
  return rows.every(({ failed }) => failed === 0) ? 0 : 1;
}

/** @returns {Check[]} */
function allChecks() {
  return [
    { name: "format", run: () => quiet(tools.formatCheck) },
    { name: "lint", run: () => quiet(tools.lint) },
    { name: "build", run: () => quiet(tools.build) },
    { name: "types of tests, examples and tools", run: () => quiet(tools.types) },
    { name: "types of the site", run: () => quiet(tools.typesOfSite) },
    { name: "built packages on npm's own Node", run: builtPackages },
    { name: "packages as they are published", run: release },
    { name: "tests", run: vitest },
    { name: "coverage", run: coverage },
    { name: "documentation as a site", run: () => quiet(script("site/build/main.ts")) },
    { name: "proof by crashing", run: proof },
    ...exampleNames().map((name) => ({ name: `example ${name}`, run: () => loud(script(exampleModule(name))) })),
    { name: "examples on npm's own Node", run: compiledExamples },
  ];
}

/**
 * Prints what the tool says only when it fails.
 * @param {readonly string[]} command
 */
async function quiet(command) {
  const { code, output } = await runTool(command, { keepOutput: true });
  if (code !== 0) console.log(output.trimEnd());
  return { ...one(code === 0), findings: lastLines(output) };
}

/** @param {readonly string[]} command */
async function loud(command) {
  const { code } = await runTool(command);
  return one(code === 0);
}

/**
 * What users get is the JavaScript in dist/, on a Node of their own: each package has to load there and export what its
 * source exports.
 */
async function builtPackages() {
  const count = { passed: 0, failed: 0 };
  for (const name of packageNames()) {
    add(count, await loud([npmNode(), join(ROOT, "scripts", "built-package.mjs"), name]));
  }
  return count;
}

/**
 * Whoever copies an example has a Node of their own, and the packages as they are built: so the examples are compiled, and
 * run once more on those.
 */
async function compiledExamples() {
  await rm(COMPILED_EXAMPLES, { recursive: true, force: true });
  const compiled = await quiet(tools.compileExamples);
  if (compiled.failed > 0) return compiled;
  /** @type {string[]} */
  const findings = [];
  for (const name of exampleNames()) {
    const folder = join(COMPILED_EXAMPLES, name);
    // What an example is built on is found from where its code lies.
    await symlink(join(ROOT, "examples", name, "node_modules"), join(folder, "node_modules"), "junction");
    const run = await quiet([npmNode(), join(folder, "main.js")]);
    const error = run.findings.find((line) => line.includes("Error")) ?? run.findings.at(-1);
    if (run.failed > 0) findings.push(`${name}: ${error}`);
  }
  return { passed: exampleNames().length - findings.length, failed: findings.length, findings };
}

/** A release is gone through but for publishing it: tarballs, types, sizes, and each package used alone. */
async function release() {
  await rm(RELEASE_REPORT, { force: true });
  const { code } = await runTool([...script(RELEASE_REHEARSAL), "--report", RELEASE_REPORT]);
  const report = readJson(RELEASE_REPORT);
  if (report === undefined) return { ...one(false), findings: ["it did not get as far as its report"] };
  const { passed, findings } = report;
  return { passed, failed: code === 0 ? 0 : Math.max(1, findings.length), findings };
}

async function vitest() {
  const report = ["--reporter=default", "--reporter=json", `--outputFile.json=${VITEST_REPORT}`];
  const withCoverage = ["--coverage", "--coverage.reporter=json-summary"];
  await rm(VITEST_REPORT, { force: true });
  await rm(COVERAGE, { recursive: true, force: true });
  const { code } = await runTool([...tools.unit, ...report, ...withCoverage]);
  const found = readJson(VITEST_REPORT);
  if (found === undefined) return one(false);
  const count = countTests(found);
  if (code !== 0 && count.failed === 0) count.failed = 1;
  return { ...count, findings: failedTests(found) };
}

/**
 * The campaign of crashes: each case of it counts as one test, as does each thing that it complains of.
 */
async function proof() {
  await rm(PROOF_REPORT, { force: true });
  const { code } = await runTool([...script("proof/commands/proof.ts"), "--report", PROOF_REPORT]);
  const report = readJson(PROOF_REPORT);
  if (report === undefined) return { ...one(false), findings: ["it did not get as far as its report"] };
  const findings = proofFindings(report);
  return { passed: report.total.cases, failed: code === 0 ? 0 : Math.max(1, findings.length), findings };
}

async function coverage() {
  const summary = readJson(join(COVERAGE, "coverage-summary.json"));
  if (summary === undefined) {
    console.log("there is no coverage summary: the tests did not get that far");
    return one(false);
  }
  const count = { passed: 0, failed: 0 };
  /** @type {string[]} */
  const findings = [];
  for (const { name, statements, branches, ok } of coverageByPackage(summary, packageNames())) {
    const numbers = `${name.padEnd(12)} statements ${statements.toFixed(2)} %, branches ${branches.toFixed(2)} %`;
    console.log(numbers);
    if (!ok) findings.push(`${numbers}; at least ${LEAST.statements} % and ${LEAST.branches} % are asked for`);
    for (const { path, missed } of ok ? [] : leastCovered(summary, name, 5)) {
      findings.push(`${relative(ROOT, path)}: ${missed} statements that no test reaches`);
    }
    add(count, one(ok));
  }
  const missing = missingFromCoverage(summary, sourceFiles());
  if (missing.length > 0) findings.push(`not in the report at all: ${missing.join(", ")}`);
  add(count, one(missing.length === 0));
  for (const finding of findings) console.log(finding);
  return { ...count, findings };
}

/** @param {boolean} ok */
function one(ok) {
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
}

/**
 * @param {Count} sum
 * @param {Count} count
 */
function add(sum, count) {
  sum.passed += count.passed;
  sum.failed += count.failed;
}

/**
 * @param {string} path
 * @returns {any} `undefined` if there is no such file.
 */
function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
