import { describe, expect, test } from "vitest";
import { ENTRANTS } from "./contenders/all.ts";
import { commandOf, parseOptions, USAGE } from "./options.ts";
import { OWN_QUICK, OWN_WHOLE, QUICK, titleOf, WHOLE } from "./plan.ts";
import { WORKLOADS } from "./workloads.ts";

describe("the comparison's options", () => {
  test("are everything on everyone, unless said", () => {
    const all = { isQuick: false, seed: 1, entrants: ENTRANTS, stages: WHOLE, own: OWN_WHOLE, results: undefined };
    expect(parseOptions([])).toEqual(all);
    expect(parseOptions(["--quick"])).toMatchObject({ isQuick: true, stages: QUICK, own: OWN_QUICK });
  });

  test("can name stores, workloads, stages, and how often", () => {
    const args = ["--only", "lmdb,hashlog", "--workloads", "getSync,durable-put", "--stages", "1,2", "--rounds", "7"];
    const { entrants, stages, own } = parseOptions(args);
    expect(own).toEqual({ openings: [], mergings: [] });
    expect(entrants.map(({ name }) => name)).toEqual(["lmdb", "hashlog"]);
    expect(stages.map(({ workloads, rounds }) => ({ workloads, rounds }))).toEqual([
      { workloads: ["load", "getSync"], rounds: 7 },
      { workloads: ["durable-put"], rounds: 7 },
    ]);
  });

  test("are told as a command that measures the same, wherever results go", () => {
    expect(commandOf([])).toBe("npm run bench");
    expect(commandOf(["--results", "somewhere", "--quick", "--only", "hashlog"])).toBe(
      "npm run bench -- --quick --only hashlog",
    );
    expect(commandOf(["--rounds", "2", "--results=somewhere"])).toBe("npm run bench -- --rounds 2");
  });

  test("leave out the stages in which nothing is left to measure", () => {
    expect(parseOptions(["--workloads", "durable-put"]).stages).toHaveLength(1);
    expect(parseOptions(["--workloads", "load"]).stages).toHaveLength(6);
  });

  test.each([
    ["--only", "leveldown"],
    ["--workloads", "getsync"],
    ["--stages", "8"],
    ["--stages", "0"],
    ["--rounds", "0"],
    ["--seed", "-1"],
    ["--seed", ""],
    ["--else", "1"],
  ])("are refused by name: %s %s", (name, value) => {
    expect(() => parseOptions([name, value])).toThrow(new RegExp(value === "" ? name : `${name}|${value}`));
  });

  test("are refused where nothing is left", () => {
    expect(() => parseOptions(["--stages", "2", "--workloads", "getSync"])).toThrow("nothing is left");
  });

  test("are all told, with every name that can be given", () => {
    for (const { name } of [...ENTRANTS, ...WORKLOADS]) expect(USAGE).toContain(name);
    for (const [index, stage] of WHOLE.entries()) expect(USAGE).toContain(`${index + 1}  ${titleOf(stage)}`);
    for (const line of USAGE.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });

  test("keep every store below ten gigabytes", () => {
    for (const { keys, valueBytes } of [...WHOLE, ...QUICK]) expect(keys * (16 + valueBytes)).toBeLessThan(10e9);
  });
});
