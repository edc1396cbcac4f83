/** Counting in what vitest's JSON reporter wrote: every test, and every file that did not get as far as its tests. */

/**
 * @typedef {object} VitestReport The part of the report that is read here.
 * @property {boolean} success
 * @property {TestFile[]} testResults
 */

/** @typedef {{ name: string, status: string, message?: string, assertionResults: TestResult[] }} TestFile */
/** @typedef {{ status: string, fullName?: string, failureMessages?: string[] }} TestResult */

/**
 * A test that was not run counts as failed: a switched-off test proves nothing.
 * @param {VitestReport} report
 * @returns {{ passed: number, failed: number }}
 */
export function countTests(report) {
  let passed = 0;
  let failed = 0;
  for (const file of report.testResults) {
    const good = file.assertionResults.filter(({ status }) => status === "passed").length;
    const bad = file.assertionResults.length - good;
    passed += good;
    failed += bad === 0 && file.status === "failed" ? 1 : bad;
  }
  // An error outside every test (an unhandled rejection, no test found) fails the run without failing a test.
  if (!report.success && failed === 0) failed = 1;
  return { passed, failed };
}
