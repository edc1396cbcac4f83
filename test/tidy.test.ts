import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { RULES } from "./tidy/rules.ts";
import { readRepository } from "./tidy/source-file.ts";

/** The habits of this repository, held against every file in it. That each rule can fail: tidy-rules.test.ts. */
describe("the repository is tidy", () => {
  const files = readRepository(fileURLToPath(new URL("..", import.meta.url)));

  test("the rules see the repository", () => {
    const paths = files.map(({ path }) => path);
    expect(paths).toContain("packages/engine/src/index.ts");
    expect(paths).toContain("pnpm-lock.yaml");
    expect(paths.filter((path) => path.includes("node_modules"))).toEqual([]);
  });

  test.each(RULES)("%s", (_sentence, rule) => {
    expect(rule(files)).toEqual([]);
  });
});
