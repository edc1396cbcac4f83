import { describe, expect, test } from "vitest";
import { complaintAbout } from "./checks/crash-life.mjs";

/** Three commits: a put, a batch that overwrites it and adds another, and a delete. */
const contents = [{}, { a: "1" }, { a: "2", b: "2" }, { b: "2" }].map((each) => new Map(Object.entries(each)));
const life = { contents, acknowledgedAt: [0, 10, 20, 30] };
const complaint = (ordinal: number, found: Record<string, string>) =>
  complaintAbout(life, ordinal, new Map(Object.entries(found)));

describe("of what is there after a crash", () => {
  test("what was acknowledged is right, and so is that with the commit that was under way", () => {
    expect(complaint(10, { a: "1" })).toBeUndefined();
    expect(complaint(19, { a: "1" })).toBeUndefined();
    expect(complaint(19, { a: "2", b: "2" })).toBeUndefined();
    expect(complaint(30, { b: "2" })).toBeUndefined();
  });

  test.each([
    ["less than was acknowledged", 20, { a: "1" }],
    ["nothing", 10, {}],
    ["a key that was deleted", 30, { a: "2", b: "2" }],
    ["more than was begun", 10, { b: "2" }],
    ["half of a batch", 19, { a: "2" }],
    ["a value that nobody wrote", 10, { a: "3" }],
  ])("%s is not", (_what, ordinal, found) => {
    expect(complaint(ordinal, found)).toMatch(/commits were acknowledged, and found is what/);
  });
});
