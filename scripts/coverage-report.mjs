/** What the tests reach, package by package, from the summary that the coverage reporter wrote. */

/** Below these a package fails, in percent. */
export const LEAST = { statements: 97, branches: 97 };

/** @typedef {{ total: number, covered: number }} Tally */
/** @typedef {Record<string, { statements: Tally, branches: Tally }>} CoverageSummary File paths, and `total`. */
/** @typedef {{ name: string, statements: number, branches: number, ok: boolean }} PackageCoverage In percent. */

/**
 * @param {CoverageSummary} summary
 * @param {readonly string[]} packageNames
 * @returns {PackageCoverage[]}
 */
export function coverageByPackage(summary, packageNames) {
  return packageNames.map((name) => {
    const files = Object.entries(summary).filter(([path]) => isInPackage(path, name));
    const statements = percent(files.map(([, file]) => file.statements));
    const branches = percent(files.map(([, file]) => file.branches));
    return { name, statements, branches, ok: statements >= LEAST.statements && branches >= LEAST.branches };
  });
}

/**
 * Where most is missing: the package's files with the most statements that no test reaches.
 * @param {CoverageSummary} summary
 * @param {string} name
 * @param {number} count
 * @returns {{ path: string, missed: number }[]}
 */
export function leastCovered(summary, name, count) {
  return Object.entries(summary)
    .filter(([path]) => isInPackage(path, name))
    .map(([path, { statements }]) => ({ path, missed: statements.total - statements.covered }))
    .filter(({ missed }) => missed > 0)
    .sort((a, b) => b.missed - a.missed)
    .slice(0, count);
}

/**
 * The files that the summary should hold and does not. One that no test loads is in it, with nothing covered.
 * @param {CoverageSummary} summary
 * @param {readonly string[]} sourceFiles Paths from the root.
 */
export function missingFromCoverage(summary, sourceFiles) {
  const present = Object.keys(summary).map(withSlashes);
  return sourceFiles.filter((file) => !present.some((path) => path.endsWith(`/${file}`)));
}

/**
 * @param {string} path
 * @param {string} name
 */
function isInPackage(path, name) {
  return withSlashes(path).includes(`/packages/${name}/src/`);
}

/** @param {string} path */
function withSlashes(path) {
  return path.replaceAll("\\", "/");
}

/**
 * A package without a single statement proves nothing: 0, not 100.
 * @param {readonly Tally[]} tallies
 */
function percent(tallies) {
  const total = tallies.reduce((sum, tally) => sum + tally.total, 0);
  const covered = tallies.reduce((sum, tally) => sum + tally.covered, 0);
  return total === 0 ? 0 : (100 * covered) / total;
}
