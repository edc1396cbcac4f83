import { describe, expect, test } from "vitest";
import { outcomeOf, type End, type Note } from "./results.ts";

const GOOD: End = { code: 0, tookTooLong: false, output: "all is well\n" };
const lines = (...notes: readonly Note[]): string => notes.map((note) => `${JSON.stringify(note)}\n`).join("");
const declared = (id: number): Note => ({ id, declared: `test ${id}` });
const passed = (id: number): Note => ({ id, ended: "passed" });

describe("what came of a file of checks", () => {
  test("is how many tests were declared and passed", () => {
    const notes = lines(declared(0), declared(1), passed(1), passed(0));
    expect(outcomeOf(notes, GOOD)).toEqual({ passed: 2, failed: 0, findings: [] });
  });

  test("is a failure for each test that failed, with the first line of why", () => {
    const notes = lines(declared(0), declared(1), passed(0), {
      id: 1,
      ended: "failed",
      why: "Error: wrong\n    at it",
    });
    expect(outcomeOf(notes, { ...GOOD, code: 1 })).toEqual({
      passed: 1,
      failed: 1,
      findings: ["test 1: Error: wrong"],
    });
  });

  test("is a failure for a test that was not run, or that took the process with it", () => {
    const notes = lines(declared(0), declared(1), passed(0));
    const findings = ["test 1: it was not run, or not to its end"];
    expect(outcomeOf(notes, GOOD)).toEqual({ passed: 1, failed: 1, findings });
    expect(outcomeOf(notes, { ...GOOD, code: null })).toEqual({ passed: 1, failed: 1, findings });
  });

  test("is a failure for a test that was run twice, and for one that passed only once of both", () => {
    expect(outcomeOf(lines(declared(0), passed(0), passed(0)), GOOD).findings).toEqual(["test 0: it was run 2 times"]);
    const failed: Note = { id: 0, ended: "failed", why: "Error: at first" };
    const notes = lines(declared(0), failed, passed(0));
    expect(outcomeOf(notes, GOOD).findings).toEqual(["test 0: Error: at first"]);
  });

  test("is a failure where there was no test, with the last that was said", () => {
    const end = { ...GOOD, code: 1, output: "loading\nError: no such module\n" };
    expect(outcomeOf("", end)).toEqual({
      passed: 0,
      failed: 1,
      findings: ["no test was found: Error: no such module"],
    });
  });

  test("is a failure where the runner failed, though every test had passed", () => {
    const end = { ...GOOD, code: 3, output: "leaked\n" };
    expect(outcomeOf(lines(declared(0), passed(0)), end)).toEqual({
      passed: 1,
      failed: 1,
      findings: ["its runner ended with 3, though every test had passed: leaked"],
    });
  });

  test("is a failure where it took too long, besides those of its tests", () => {
    const end: End = { code: null, tookTooLong: true, output: "" };
    expect(outcomeOf(lines(declared(0)), end).findings).toEqual([
      "test 0: it was not run, or not to its end",
      "it took too long, and was killed",
    ]);
  });

  test("is a failure for a line that was cut off", () => {
    const notes = `${lines(declared(0), passed(0))}{"id":1,"decl`;
    expect(outcomeOf(notes, GOOD)).toEqual({
      passed: 1,
      failed: 1,
      findings: ['a note is no JSON: {"id":1,"decl'],
    });
  });
});
