/** How `npm test` ends: a table, what failed in a few lines, where nothing scrolls away any more, and the count. */
import { relative } from "node:path";
import { ROOT } from "./setup.mjs";

/**
 * @typedef {object} Row What came of a check.
 * @property {string} name
 * @property {number} passed
 * @property {number} failed
 * @property {string} took
 * @property {readonly string[]} [findings] What failed, one each.
 */

/** @typedef {import("./vitest-report.mjs").VitestReport} VitestReport */

/**
 * @typedef {object} ProofReport The part of the proof's report that is read here.
 * @property {{ cases: number }} total
 * @property {{ part: string, small: { message: string, case: unknown } }[]} counterexamples
 * @property {string[]} broken
 * @property {string[]} complaints
 */

/**
 * @param {readonly Row[]} rows
 * @returns {string} Its last line is the count over all.
 */
export function summary(rows) {
  const table = rows.map(({ name, passed, failed, took }) => {
    const verdict = failed === 0 ? "ok    " : "FAILED";
    return `${verdict} ${name.padEnd(36)} ${String(passed).padStart(5)} passed ${took.padStart(9)}`;
  });
  const excerpts = rows
    .filter(({ failed }) => failed > 0)
    .flatMap(({ name, findings = [] }) => excerpt(name, findings));
  const passed = rows.reduce((sum, row) => sum + row.passed, 0);
  const failed = rows.reduce((sum, row) => sum + row.failed, 0);
  return [...table, ...excerpts, "", `${passed} passed, ${failed} failed`].join("\n");
}

/**
 * The tests that failed, or were not run, each with the first line of why.
 * @param {VitestReport} report
 * @returns {string[]}
 */
export function failedTests(report) {
  const lines = report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const path = relative(ROOT, name);
    const bad = assertionResults.filter((result) => result.status !== "passed");
    if (bad.length === 0 && status === "failed") return [`${path}: ${firstLine(message) || "failed"}`];
    return bad.map((test) => `${path} > ${test.fullName}: ${firstLine(test.failureMessages?.[0]) || test.status}`);
  });
  if (report.success || lines.length > 0) return lines;
  return ["no test failed, but something did outside of every test: an error that nobody caught, or no test was found"];
}

/**
 * What the proof has found: counterexamples with how to replay them; if there are none, workers that broke, and numbers
 * and marks that it complains of.
 * @param {ProofReport} report
 * @returns {string[]}
 */
export function proofFindings({ counterexamples, broken, complaints }) {
  // Where something was found, the others were stopped, and may have stumbled over the same.
  if (counterexamples.length === 0) return [...broken.map((why) => `broken: ${firstLine(why)}`), ...complaints];
  return counterexamples.map(
    ({ part, small }) =>
      `${part}: ${firstLine(small.message)}\n    npm run proof:replay -- '${JSON.stringify(small.case)}'`,
  );
}

/**
 * The end of what a tool said.
 * @param {string} output
 * @returns {string[]}
 */
export function lastLines(output) {
  return output.trimEnd().split("\n").slice(-LINES_MAX);
}

/**
 * Not more than fits on a screen.
 * @param {string} name
 * @param {readonly string[]} findings
 */
function excerpt(name, findings) {
  const shown = findings.slice(0, LINES_MAX).map((finding) => `  ${finding}`);
  const more = findings.length - shown.length;
  return ["", `${name}:`, ...(shown.length > 0 ? shown : ["  see above"]), ...(more > 0 ? [`  and ${more} more`] : [])];
}

/** @param {string | undefined} text */
function firstLine(text = "") {
  return text.split("\n", 1)[0] ?? "";
}

const LINES_MAX = 20;
