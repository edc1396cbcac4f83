import { expect, test } from "vitest";
import { tableFor } from "./node-sqlite.ts";

test("rows of up to 200 bytes, key and value together, lie in the tree of the keys, and larger ones do not", () => {
  expect(tableFor(184)).toContain("WITHOUT ROWID");
  expect(tableFor(185)).not.toContain("WITHOUT ROWID");
});
