/**
 * Run before every file of tests: lets a failure be replayed from what it printed, without touching the test.
 * HASHLOG_SEED and HASHLOG_PATH are the seed and the path of a counterexample; HASHLOG_RUNS is how often each property
 * runs, but for those that set their own number; HASHLOG_SHRINK=0 leaves a counterexample as it was found. All are described
 * in CONTRIBUTING.md.
 */
import { configureGlobal, readConfigureGlobal } from "fast-check";

const { HASHLOG_SEED, HASHLOG_PATH, HASHLOG_RUNS, HASHLOG_SHRINK } = process.env;

configureGlobal({
  ...readConfigureGlobal(),
  ...(HASHLOG_SEED && { seed: Number(HASHLOG_SEED) }),
  ...(HASHLOG_PATH && { path: HASHLOG_PATH }),
  ...(HASHLOG_RUNS && { numRuns: Number(HASHLOG_RUNS) }),
  ...(HASHLOG_SHRINK === "0" && { endOnFailure: true }),
});
