import { describe, expect, test } from "vitest";
import { readProofOptions } from "./proof-options.ts";

describe("what the proof is asked for", () => {
  test("is the short agenda when nothing is said", () => {
    expect(readProofOptions([])).toMatchObject({ milliseconds: undefined, parts: undefined, record: false });
  });

  test("may be a time, a seed, a number of workers, and parts", () => {
    const args = ["--minutes", "1.5", "--seed", "7", "--workers", "2", "--parts", "corpus,programs of 3 and 4"];
    expect(readProofOptions(args)).toMatchObject({
      milliseconds: 90_000,
      seed: 7,
      workers: 2,
      parts: ["corpus", "programs of 3 and 4"],
    });
    expect(readProofOptions(["--seconds", "20"])).toMatchObject({ milliseconds: 20_000 });
  });

  test.each([
    [["--parts", "nosuch"], 'there is no part "nosuch"; the parts are: corpus, '],
    [["--parts", ""], 'there is no part ""'],
    // Only a long run has these.
    [["--parts", "programs of 3 and 4"], "there is no part"],
    [["--seconds=-5"], "--seconds needs a number above 0"],
    [["--minutes", "soon"], "--minutes needs a number above 0"],
    [["--minutes", "1", "--seconds", "1"], "not both"],
    [["--seed", "1.5"], "--seed needs a whole number"],
    [["--workers", "0"], "--workers needs a number above 0"],
    [["--frobnicate"], "--frobnicate"],
    [["more"], "more"],
    [["--record"], "--record is for a run of all parts"],
    [["--minutes", "1", "--parts", "corpus", "--record"], "--record is for a run of all parts"],
    [["--resume"], "--resume is for a run of all parts, with --minutes"],
    [["--seconds", "1", "--resume"], "--resume is for a run of all parts, with --minutes"],
    [["--minutes", "1", "--parts", "corpus", "--resume"], "--resume is for a run of all parts"],
  ])("is refused where it makes no sense: %j", (args, words) => {
    expect(() => readProofOptions(args)).toThrow(words);
  });
});
