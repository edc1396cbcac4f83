import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { sortedMap } from "../properties/p21-sorted-map.ts";
import { violationIn } from "../properties/property.ts";
import { runs, TEST_TIMEOUT_MS } from "../world/runs.ts";
import { modelCase, type ModelWrite } from "./model-case.ts";
import { runModelCase } from "./run-model-case.ts";
import { SortedModel } from "./sorted-model.ts";

test(
  "ranges, snapshots, versions, conditions and readers answer as a sorted map does, through merges, openings and crashes",
  async () => {
    await fc.assert(
      fc.asyncProperty(modelCase, (given) => runModelCase(given)),
      { numRuns: runs(400) },
    );
  },
  TEST_TIMEOUT_MS,
);

/** Of a key written and deleted in segments of their own, the first of which a merge takes before the reader has seen it. */
test("a reader shows no state between two that are far from one another, where a merge has taken what led there", async () => {
  const written = (key: string, length: number): ModelWrite => [{ key, length, ttlMs: 0, condition: "none" }];
  const beside = { turns: 0, holdsSyncs: false, work: "nothing" } as const;
  await runModelCase({
    ...{ sync: "always", segments: 0, keydir: "map" },
    operations: [
      ["beside", [], { ...beside, readers: "open" }],
      ["write", [written("a", 300)]],
      ["write", [written("b", 300)]],
      ["write", [written("é", 300), written("a", -1)]],
      ["compact-some", 1],
      ["beside", [], { ...beside, readers: "refresh" }],
    ],
  });
});

test("an answer that is another is a violation of the property, which says both", async () => {
  const given = {
    sync: "always",
    segments: 0,
    operations: [["write", [[{ key: "a", length: 1, ttlMs: 0, condition: "none" }]]]],
  } as const;
  await runModelCase(given);
  const range = vi.spyOn(SortedModel.prototype, "range").mockReturnValue([["b", "1"]]);
  const error = violationIn(await runModelCase(given).catch((thrown: unknown) => thrown));
  range.mockRestore();
  expect(error?.property).toBe(sortedMap);
  expect(error?.message).toContain('answered [["a","1"]], and a sorted map [["b","1"]]');
});
