import { expect, test } from "vitest";
import { matrix } from "./table.ts";

const good = (passed: number) => ({ passed, failed: 0, findings: [] });

test("the matrix has a row for each runtime and a column for each file of checks, and ends with the count", () => {
  const rows = [
    { title: "node 20.19.0", outcomes: [good(157), good(7)], took: "10.1 s" },
    { title: "bun 1.4.5", outcomes: [good(157), good(12)], took: "9.9 s" },
  ];
  expect(matrix(["contracts", "lock"], rows).split("\n")).toEqual([
    "              contracts  lock    took",
    "node 20.19.0        157     7  10.1 s",
    "bun 1.4.5           157    12   9.9 s",
    "",
    "333 passed, 0 failed",
  ]);
});

test("what failed stands in its cell, and below the matrix in words, ten a cell at most", () => {
  const bad = { passed: 3, failed: 12, findings: Array.from({ length: 12 }, (_, index) => `finding ${index}`) };
  const rows = [{ title: "deno 2.9.6", outcomes: [good(1), bad], took: "1.0 s" }];
  const lines = matrix(["store", "lock"], rows).split("\n");
  expect(lines.slice(0, 5)).toEqual([
    "            store       lock   took",
    "deno 2.9.6      1  12 FAILED  1.0 s",
    "",
    "deno 2.9.6, lock:",
    "  finding 0",
  ]);
  expect(lines.slice(13)).toEqual(["  finding 9", "  and 2 more", "", "4 passed, 12 failed"]);
});
