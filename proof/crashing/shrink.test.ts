import { describe, expect, test } from "vitest";
import type { CrashCase } from "../cases/case.ts";
import { BREAKAGES } from "../world/broken-file-system.ts";
import { Counterexample } from "./counterexample.ts";
import { judgeCase } from "./judge-case.ts";
import { hunt, shrink } from "./shrink.ts";

const LARGE: CrashCase = {
  sync: "interval",
  segments: 1,
  keydir: "real",
  fresh: true,
  operations: [
    ["read"],
    ["put", 1, 430],
    [
      "batch",
      [
        [0, 1],
        [2, 300],
        [1, -1],
      ],
    ],
    ["await"],
    ["tick", 50],
    ["put-synced", 2, 200],
    ["compact"],
    ["turns", 12],
    ["delete", 2],
    ["checkpoint"],
    ["await"],
    ["reopen", 1],
    ["put", 0, 40],
    ["await"],
  ],
  schedule: [1, 0, 2, 3, 1],
  aftermath: "reopen",
};

async function counterexampleOf(work: Promise<void>): Promise<Counterexample> {
  const error = await work.then(
    () => new Error("nothing broke"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Counterexample)) throw error;
  return error;
}

describe.each(BREAKAGES)("a counterexample for a file system whose %s", (broken) => {
  test("shrinks to three operations and one crash at most, on the plainest store, and still is one", async () => {
    const found = await counterexampleOf(hunt({ ...LARGE, broken }, 2));
    const { case: small, violation } = await shrink(found, { milliseconds: Infinity });
    expect(small.operations.length).toBeLessThanOrEqual(3);
    expect(small.crashes?.length ?? 0).toBeLessThanOrEqual(1);
    expect(small.broken).toBe(broken);
    expect(small.schedule ?? []).toEqual([]);
    expect([small.keydir ?? "map", small.fresh ?? false, small.aftermath ?? "nothing"]).toEqual([
      "map",
      false,
      "nothing",
    ]);
    expect(small.crashes?.flatMap(({ fates }) => fates) ?? []).toEqual([]);
    await expect(judgeCase(small)).rejects.toThrow(violation.message);
  });
});

test("a counterexample is what it was when there is no time to make it smaller", async () => {
  const found = await counterexampleOf(hunt({ ...LARGE, broken: "syncs do nothing" }, 1));
  expect((await shrink(found, { milliseconds: -1 })).case).toEqual(found.case);
});
