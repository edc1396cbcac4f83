import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { examplesIn } from "./documentation/blocks.ts";
import { checkTypes, removeExamples, runExample, writeExample } from "./documentation/run-example.ts";
import { readRepository } from "./tidy/source-file.ts";

afterAll(removeExamples);

/** Every example in the documentation, run as it stands. How they are found: documentation-blocks.test.ts. */
describe("the documentation", () => {
  const files = readRepository(fileURLToPath(new URL("..", import.meta.url)));
  const documents = files.filter(({ path }) => path.endsWith(".md"));
  const examples = documents.flatMap(({ path, text }) => examplesIn(path, text));
  const modules = examples.map((example) => ({ ...example, path: writeExample(example.place, example.code) }));

  test("has an example in every README of a package, and in every guide", () => {
    const places = examples.map(({ place }) => place.replace(/:\d+$/, ""));
    const paths = documents.map(({ path }) => path);
    const readmes = paths.filter((path) => /^(packages\/[^/]+\/)?README\.md$/.test(path));
    const guides = paths.filter((path) => /^docs\/guides\/(?!README)[^/]+\.md$/.test(path));
    expect([...readmes, ...guides].filter((path) => !places.includes(path))).toEqual([]);
  });

  test("proves three ports in CONTRIBUTING.md, each with an implementation and its suite", () => {
    const proofs = examples.filter(({ place }) => place.startsWith("CONTRIBUTING.md:"));
    const suites = proofs.map(({ code }) => /^run\w+Contract(?=\()/m.exec(code)?.[0]);
    expect(suites).toEqual(["runFileSystemContract", "runIndexContract", "runStrategyContract"]);
  });

  test.each(modules)("tells the truth in $place", async ({ path, output }) => {
    const { code, stdout, stderr } = await runExample(path);
    expect({ code, errors: code === 0 ? "" : stderr }).toEqual({ code: 0, errors: "" });
    expect(stdout).toBe(output ?? stdout);
  });

  test("has the right types in every example", async () => {
    expect(await checkTypes()).toEqual({ code: 0, stdout: "", stderr: "" });
  });
});
