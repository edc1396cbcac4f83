import { readdirSync, readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../scripts/setup.mjs";

// GitHub's parser imports its schema as bundlers take it; Node wants to be told that it is JSON.
registerHooks({
  load: (url, context, next) =>
    next(url, url.endsWith(".json") ? { ...context, importAttributes: { type: "json" } } : context),
});
const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await import("@actions/workflow-parser");

const FOLDER = join(ROOT, ".github", "workflows");

/** What GitHub's own parser says of a workflow: its problems, and the workflow. */
async function parsed(text: string) {
  const { context, value } = parseWorkflow({ name: "workflow.yml", content: text }, new NoOperationTraceWriter());
  const problems = context.errors.getErrors().map(({ message }) => message);
  if (value === undefined) return { problems, workflow: undefined };
  const workflow = await convertWorkflowTemplate(context, value);
  return { problems: [...problems, ...(workflow.errors ?? []).map(({ Message }) => Message)], workflow };
}

/** The actions that a workflow uses, and what pins them. */
const usesOf = (text: string): string[] => [...text.matchAll(/^\s*(?:- )?uses: (.+)$/gm)].map(([, uses = ""]) => uses);

/** The commands of this workspace that a workflow runs. */
const commandsOf = (text: string): string[] =>
  [...text.matchAll(/^ +- run: npm (?:run ([\w:]+)|(test|start)\b)/gm)].map(([, run, short]) => run ?? short ?? "");

describe("a workflow", () => {
  const files = readdirSync(FOLDER).map((name) => [name, readFileSync(join(FOLDER, name), "utf8")] as const);

  test.each(files)("%s is one to GitHub's own parser", async (_name, text) => {
    expect((await parsed(text)).problems).toEqual([]);
  });

  test.each(files)("%s uses only actions of one version, which nobody can move", (_name, text) => {
    const loose = usesOf(text).filter((uses) => !/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(uses));
    expect(loose).toEqual([]);
  });

  test.each(files)("%s runs commands that there are", (_name, text) => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: object };
    expect(commandsOf(text).filter((command) => !(command in scripts))).toEqual([]);
  });

  test.each([
    ["a key that there is not", "on: push\njobs:\n  a:\n    runs_on: ubuntu-24.04\n    steps: []\n"],
    [
      "an expression that does not end",
      "on: push\njobs:\n  a:\n    runs-on: ${{ matrix.os\n    steps:\n      - run: ls\n",
    ],
    [
      "a job that needs one that there is not",
      "on: push\njobs:\n  a:\n    needs: b\n    runs-on: x\n    steps: [{run: ls}]\n",
    ],
  ])("with %s has a problem", async (_what, text) => {
    expect((await parsed(text)).problems).not.toEqual([]);
  });
});

describe("CI", () => {
  const text = readFileSync(join(FOLDER, "ci.yml"), "utf8");

  test("may read what it tests, and nothing else, and gives way to a newer run", () => {
    expect(text).toContain("\npermissions:\n  contents: read\n\n");
    expect(text.match(/permissions:/g)).toHaveLength(1);
    expect(text).toMatch(/^concurrency:\n {2}group: .*github\.ref.*\n {2}cancel-in-progress: true$/m);
  });

  test("ends every job after some time", async () => {
    const { workflow } = await parsed(text);
    expect(workflow?.jobs.map(({ id }) => String(id))).toEqual(["test", "runtimes", "systems"]);
    expect(text.match(/^ {4}timeout-minutes: \d+$/gm)).toHaveLength(3);
  });

  test("goes over three systems, each with every Node that is supported", () => {
    expect(text).toContain("system: [ubuntu-24.04, windows-2025, macos-15]");
    expect(text).toContain("node: [20, 22, 24, 26]");
  });

  test("runs every check on Linux, the runtimes, and on every system what can differ there", () => {
    expect(commandsOf(text)).toEqual(["test", "runtimes", "build", "unit", "runtimes"]);
  });
});
