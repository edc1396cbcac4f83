import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { CrashCase } from "./case.ts";
import { crashCaseOften } from "./crash-case.ts";
import { runs, TEST_TIMEOUT_MS } from "../world/runs.ts";

/**
 * Cases that once ended badly, made as small as they could be. Each is crashed at every one of its steps, and again in
 * the recovery: the crash that it was is among them, or one like it. A counterexample that fast-check prints becomes a
 * file here as it stands.
 */
interface CorpusCase {
  /** What was wrong. */
  readonly story: string;
  readonly case: CrashCase;
}

const FOLDER = fileURLToPath(new URL("../corpus/", import.meta.url));

const corpus = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .map((name) => JSON.parse(readFileSync(FOLDER + name, "utf8")) as CorpusCase);

describe("what once went wrong does not go wrong again", () => {
  test.each(corpus)(
    "$story",
    async ({ case: given }) => {
      const plan = { crashes: runs(1), at: "every step", crashesAgain: 1, crashesEach: 1 } as const;
      expect(await crashCaseOften(given, plan)).toBeGreaterThan(20);
    },
    TEST_TIMEOUT_MS,
  );
});
