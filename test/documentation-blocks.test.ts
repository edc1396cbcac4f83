import { afterAll, describe, expect, test } from "vitest";
import { examplesIn } from "./documentation/blocks.ts";
import { removeExamples, runExample, writeExample } from "./documentation/run-example.ts";

const block = (info: string, body: string): string => `\`\`\`${info}\n${body}\n\`\`\`\n`;

describe("the examples of a document", () => {
  test("are its blocks of TypeScript, with the line where each begins", () => {
    const markdown = `# Title\n\n${block("ts", "one();")}\n${block("sh", "two")}\n${block("ts", "three();")}`;
    expect(examplesIn("a.md", markdown)).toEqual([
      { place: "a.md:3", code: "one();\n", output: undefined },
      { place: "a.md:11", code: "three();\n", output: undefined },
    ]);
  });

  test("print what a block of text right behind them says", () => {
    const markdown = `${block("ts", "one();")}\n${block("text", "1\n2")}${block("ts", "two();")}In words.\n${block("text", "3")}`;
    expect(examplesIn("a.md", markdown).map(({ output }) => output)).toEqual(["1\n2\n", undefined]);
  });

  test("leave out what calls itself a fragment", () => {
    expect(examplesIn("a.md", block("ts fragment", "one()"))).toEqual([]);
  });
});

describe("running an example", () => {
  afterAll(removeExamples);

  const run = (name: string, code: string): ReturnType<typeof runExample> => runExample(writeExample(name, code));

  test("finds the packages by name and returns what it prints", async () => {
    const code = `import { FsError } from "@hashlog/fs-io";\nconst name: string = FsError.name;\nconsole.log(name);`;
    expect(await run("good", code)).toEqual({ code: 0, stdout: "FsError\n", stderr: "" });
  });

  test("fails when an assertion in it fails", async () => {
    const outcome = await run("bad", `import assert from "node:assert/strict";\nassert.equal(1, 2);`);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain("AssertionError");
  });
});
