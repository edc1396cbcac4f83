import { SeededRandom } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { exploreCorpusCase, readCorpus } from "../campaign/corpus.ts";
import type { CrashCase } from "../cases/case.ts";
import { drawCase } from "../cases/draw-case.ts";
import { isFaultCase } from "../faults/fault-case.ts";
import { BREAKAGES } from "../world/broken-file-system.ts";
import { Counterexample } from "./counterexample.ts";
import { SeenImages } from "./seen-images.ts";
import { hunt } from "./shrink.ts";

/** A proof that does not fail where it has to shows nothing by going through. */
describe.each(BREAKAGES)("a store on a file system whose %s", (broken) => {
  const writes = ({ operations }: CrashCase): boolean => operations.some(([name]) => name === "put");

  test("fails in nearly every case of the corpus that writes", async () => {
    const corpus = readCorpus().flatMap((one) =>
      isFaultCase(one.case) || !writes(one.case) ? [] : [{ ...one, case: { ...one.case, broken } }],
    );
    const held: string[] = [];
    for (const one of corpus) {
      const failure = await exploreCorpusCase(one, new SeenImages()).catch((error: unknown) => error);
      if (failure === undefined) held.push(one.name);
      else expect(failure).toBeInstanceOf(Counterexample);
    }
    // One whose writes come to nothing in the end may hold.
    expect(held.length).toBeLessThan(corpus.length / 10);
  });

  test("fails in nearly every case by chance that writes", async () => {
    let [count, failed] = [0, 0];
    for (let seed = 1; count < 20; seed += 1) {
      const given = drawCase(new SeededRandom(seed));
      if (!writes(given)) continue;
      count += 1;
      await hunt({ ...given, broken }, 1).catch((error: unknown) => {
        expect(error).toBeInstanceOf(Counterexample);
        failed += 1;
      });
    }
    expect(failed).toBeGreaterThan(15);
  });
});

test("the same store fails in nothing on a file system that keeps its word", async () => {
  const seen = new SeenImages();
  await hunt({ sync: "always", segments: 0, operations: [["put", 0, 0], ["await"]] }, 2, { seen });
  expect(seen.images).toBeGreaterThan(50);
});
