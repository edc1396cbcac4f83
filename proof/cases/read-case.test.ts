import { SeededRandom } from "@hashlog/fs-io/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { CrashCase } from "./case.ts";
import { drawCase } from "./draw-case.ts";
import { readCase } from "./read-case.ts";

const GOOD = { sync: "always", operations: [] };

test("the least of a case is a policy and operations", () => {
  expect(readCase(GOOD)).toEqual({ sync: "always", segments: 0, operations: [] });
});

test("a case is read back from what it prints as", () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 31 - 1 }), (seed) => {
      const given: CrashCase = {
        ...drawCase(new SeededRandom(seed)),
        crashes: [
          { step: seed % 100, profile: "free", fates: [0, 1, seed % 50] },
          { step: 3, profile: "kill", fates: [], laterMs: -60 },
        ],
        aftermath: "go-on",
        disk: "windows",
        broken: "syncs do nothing",
      };
      expect(readCase(JSON.parse(JSON.stringify(given)))).toEqual(given);
    }),
  );
});

test.each([
  ["a list", [], "a case is an object, not []"],
  ["nothing", null, "a case is an object, not null"],
  ["a field that there is not", { ...GOOD, operation: [] }, "there is no field operation, but sync, "],
  ["no policy", { operations: [] }, 'sync is one of ["always","never","interval"], not undefined'],
  ["another policy", { ...GOOD, sync: "often" }, 'not "often"'],
  ["segments below zero", { ...GOOD, segments: -1 }, "segments is not negative, as -1 is"],
  ["half a segment", { ...GOOD, segments: 0.5 }, "segments is an integer, not 0.5"],
  ["another keydir", { ...GOOD, keydir: "tree" }, 'keydir is one of ["map","real"], not "tree"'],
  ["another disk", { ...GOOD, disk: "tape" }, 'not "tape"'],
  ["another fault", { ...GOOD, broken: "all" }, 'broken is one of ["syncs do nothing",'],
  ["a word for fresh", { ...GOOD, fresh: "yes" }, 'fresh is one of [true,false], not "yes"'],
  ["no operations", { sync: "always" }, "operations: a list is needed, not undefined"],
  ["an operation that is no list", { ...GOOD, operations: ["sync"] }, 'an operation: a list is needed, not "sync"'],
  ["an operation without a name", { ...GOOD, operations: [[]] }, "[] is no operation"],
  ["an operation that there is not", { ...GOOD, operations: [["get", 0]] }, '["get",0] is no operation'],
  ["a name of every object", { ...GOOD, operations: [["constructor", 0]] }, '["constructor",0] is no operation'],
  ["a number too few", { ...GOOD, operations: [["put", 0]] }, '["put",0] is no operation'],
  ["a number too many", { ...GOOD, operations: [["sync", 0]] }, '["sync",0] is no operation'],
  [
    "a word for a number",
    { ...GOOD, operations: [["put", 0, "1"]] },
    'a number of ["put",0,"1"] is an integer, not "1"',
  ],
  ["a batch without a list", { ...GOOD, operations: [["batch"]] }, "the entries of a batch: a list is needed"],
  ["a batch of numbers", { ...GOOD, operations: [["batch", [1]]] }, "an entry of a batch: a list is needed, not 1"],
  ["a key below zero in a batch", { ...GOOD, operations: [["batch", [[-1, 0]]]] }, "a key is not negative"],
  ["a batch without a length", { ...GOOD, operations: [["batch", [[1]]]] }, "a length is an integer, not undefined"],
  ["an import without a list", { ...GOOD, operations: [["import", 1]] }, "the entries of an import: a list is needed"],
  ["an import of a delete", { ...GOOD, operations: [["import", [[1, -1]]]] }, "a length is not negative, as -1 is"],
  ["an import of no key", { ...GOOD, operations: [["import", [["a", 1]]]] }, 'a key is an integer, not "a"'],
  ["a schedule that is no list", { ...GOOD, schedule: 1 }, "schedule: a list is needed, not 1"],
  ["a schedule of words", { ...GOOD, schedule: ["a"] }, 'a choice of schedule is an integer, not "a"'],
  ["crashes that are no list", { ...GOOD, crashes: {} }, "crashes: a list is needed, not {}"],
  ["a crash that is no object", { ...GOOD, crashes: [3] }, "a crash is an object, not 3"],
  ["a field of a crash", { ...GOOD, crashes: [{ at: 3 }] }, "there is no field at, but step, profile, fates, laterMs"],
  ["a crash nowhere", { ...GOOD, crashes: [{ profile: "kill" }] }, "the step of a crash is an integer, not undefined"],
  ["another kind of crash", { ...GOOD, crashes: [{ step: 1, profile: "fire" }] }, "the profile of a crash is one of"],
  ["a fate in words", { ...GOOD, crashes: [{ step: 1, profile: "free", fates: ["lost"] }] }, "a fate is an integer"],
  ["a time in words", { ...GOOD, crashes: [{ step: 1, profile: "kill", laterMs: "1" }] }, "laterMs is an integer"],
  ["another aftermath", { ...GOOD, aftermath: "rest" }, 'aftermath is one of ["nothing","reopen","go-on"], not "rest"'],
])("%s is told by name", (_, json, message) => {
  expect(() => readCase(json)).toThrow(TypeError);
  expect(() => readCase(json)).toThrow(message);
});

test("fates that are missing are none, so that nothing happens to what was in flight", () => {
  const { crashes } = readCase({ ...GOOD, crashes: [{ step: 1, profile: "free" }] });
  expect(crashes).toEqual([{ step: 1, profile: "free", fates: [] }]);
});
