import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { packageNames } from "../scripts/layout.mjs";
import { npmNode, PROGRAMS, ROOT } from "../scripts/setup.mjs";
import { checkEnvironment, testCall, versionIn } from "./calls.ts";
import { readOptions } from "./options.ts";
import { kindOf, programNames, programOf } from "./programs.ts";

const manifest = (...path: string[]) =>
  JSON.parse(readFileSync(join(...path, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
    engines: { node: string };
  };

describe("the runtimes", () => {
  const { dependencies } = manifest(PROGRAMS);
  const nodes = programNames().flatMap((name) => /^npm:node@(\d+\.\d+\.\d+)$/.exec(dependencies[name]!)?.[1] ?? []);

  test("are packages of npm, each of one version, and the lockfile is theirs", () => {
    const lockfile = readFileSync(join(PROGRAMS, "pnpm-lock.yaml"), "utf8");
    for (const [name, wanted] of Object.entries(dependencies)) {
      expect(wanted).toMatch(/^(?:npm:node@)?\d+\.\d+\.\d+$/);
      expect(lockfile).toContain(`      ${name}:\n        specifier: ${wanted}\n`);
    }
  });

  test("are every Node that is supported, Bun and Deno", () => {
    expect([...new Set(nodes.map((version) => version.split(".")[0]))]).toEqual(["20", "22", "24", "26"]);
    expect(programNames().filter((name) => kindOf(name) !== "node")).toEqual(["bun", "deno"]);
  });

  test("have the oldest Node among them that the packages say they run on", () => {
    for (const name of packageNames()) {
      const least = /^>=(\d+\.\d+)$/.exec(manifest(ROOT, "packages", name).engines.node)?.[1];
      expect(nodes, name).toContain(`${least}.0`);
    }
  });

  test("are told in the README as they are", () => {
    const [oldest = "", ...others] = nodes;
    const minors = others.map((version) => version.replace(/\.\d+$/, ""));
    const readme = readFileSync(join(ROOT, "README.md"), "utf8");
    expect(readme).toContain(`| Node | ${oldest} (the oldest), ${minors.join(", ")} |`);
    for (const name of ["bun", "deno"]) {
      expect(readme.toLowerCase()).toContain(`| ${name} | ${dependencies[name]} |`);
    }
  });

  test("are found where they are installed, and the one at hand is npm's", () => {
    expect(programOf("here")).toBe(npmNode());
    expect(programOf("node-8")).toBeUndefined();
  });
});

describe("which runtimes are asked for", () => {
  const known = ["node-20", "bun"];

  test("is all of them, those that are named, each once, or how to ask", () => {
    expect(readOptions([], known)).toEqual(known);
    expect(readOptions(["bun", "here", "bun"], known)).toEqual(["bun", "here"]);
    expect(readOptions(["bun", "--help"], known)).toBe("help");
  });

  test("is refused where there is no such runtime", () => {
    const words = 'there is no runtime "node-8"; there are node-20, bun, here';
    expect(() => readOptions(["node-8"], known)).toThrow(words);
  });
});

describe("a runtime is called", () => {
  test.each([
    ["node", ["program", "--expose-gc", "a.mjs"]],
    ["bun", ["program", "test", "--timeout=240000", "a.mjs"]],
    ["deno", ["program", "test", "--allow-all", "--no-check", "--v8-flags=--expose-gc", "a.mjs"]],
  ] as const)("as %s is, to run a file by its own runner", (kind, call) => {
    expect(testCall(kind, "program", "a.mjs")).toEqual(call);
  });

  test("with the place for its notes, and without the options of another Node", () => {
    process.env["NODE_OPTIONS"] = "--conditions=@hashlog/source";
    try {
      const env = checkEnvironment("notes", "cache");
      expect(env).toMatchObject({ HASHLOG_RESULTS: "notes", DENO_DIR: "cache" });
      expect(env).not.toHaveProperty("NODE_OPTIONS");
    } finally {
      delete process.env["NODE_OPTIONS"];
    }
  });

  test.each([
    ["v24.21.0\n", "24.21.0"],
    ["1.4.5\n", "1.4.5"],
    ["deno 2.9.6 (stable, release, x86_64-unknown-linux-gnu)\nv8 15.1.2\n", "2.9.6"],
    ["what?", "unknown"],
  ])("%j is the version %s", (said, version) => {
    expect(versionIn(said)).toBe(version);
  });
});
