import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** Runs in a process of its own: there V8 can be asked, and there is nothing else to be counted. */
describe("the coverage of marks", () => {
  const folder = mkdtempSync(join(tmpdir(), "hashlog-marks-"));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };

  beforeAll(() => {
    write("package.json", `{ "type": "module" }`);
    write("packages/some/src/some.ts", SOME);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Runs the lines of a program, and returns what it says. */
  const run = (...lines: string[]): unknown => {
    const coverage = JSON.stringify(new URL("mark-coverage.ts", import.meta.url).href);
    const program = [
      `import { MarkCoverage } from ${coverage};`,
      `const root = ${JSON.stringify(folder)};`,
      "const said = [];",
      "const say = async (coverage) => said.push([...await coverage.hit()].sort().join(' '));",
      ...lines,
      "console.log(JSON.stringify(said));",
    ];
    write("program.ts", program.join("\n"));
    return JSON.parse(
      execFileSync(process.execPath, [join(folder, "program.ts")], { encoding: "utf8", stdio: "pipe" }),
    );
  };
  const START = "const coverage = await MarkCoverage.start(root);";
  const LOAD = `const { sign, rest, often } = await import("./packages/some/src/some.ts");`;

  test("tells the branches that were taken from those that were not", () => {
    expect(run(START, LOAD, "sign(0); await say(coverage); sign(1); await say(coverage);")).toEqual(["", "a/plus"]);
  });

  test("gathers: what was passed once stays passed, also after the end", () => {
    const program = "sign(1); await say(coverage); sign(-1); await coverage.stop(); sign(0); await say(coverage);";
    expect(run(START, LOAD, program, "await coverage.stop();")).toEqual(["a/plus", "a/minus a/plus"]);
  });

  test("does not take a function that nobody calls for the one around it, which goes on after a wait", () => {
    const begun = "let go; const first = new Promise((resolve) => (go = resolve)); const all = rest(first);";
    expect(run(START, LOAD, begun, "await say(coverage); go(); await all; await say(coverage);")).toEqual([
      "",
      "b/went-on",
    ]);
    expect(
      run(START, LOAD, "await rest(Promise.resolve(), Promise.reject(new Error()));", "await say(coverage);"),
    ).toEqual(["b/caught b/went-on"]);
  });

  test("sees what is passed for the first time after a function has run often and was asked for often", () => {
    const program = "for (let ask = 0; ask < 20; ask += 1) { often(100_000, false); await say(coverage); }";
    const said = run(START, LOAD, program, "often(100_000, true); await say(coverage);") as string[];
    expect(said.slice(-2)).toEqual(["c/ran", "c/at-last c/ran"]);
  });

  test("refuses code that was loaded before it began", () => {
    expect(() => run(LOAD, "sign(1);", START, "sign(1); await say(coverage);")).toThrow(/was loaded before/);
  });
});

const SOME = `
export function sign(value: number): string {
  if (value > 0) {
    // mark: a/plus
    return "+";
  }
  if (value < 0) {
    // mark: a/minus
    return "-";
  }
  return "";
}

export async function rest(first: Promise<void>, second: Promise<void> = first): Promise<string[]> {
  const calls: string[] = [];
  await first;
  await second.catch(() => {
    // mark: b/caught
    calls.push("caught");
  });
  // mark: b/went-on
  calls.push("went on");
  return calls;
}

export function often(times: number, atLast: boolean): number {
  let sum = 0;
  for (let time = 0; time < times; time += 1) {
    // mark: c/ran
    sum += time % 3;
  }
  if (atLast) {
    // mark: c/at-last
    sum += 1;
  }
  return sum;
}
`;
