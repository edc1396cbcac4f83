import * as fc from "fast-check";
import { expect, test } from "vitest";
import { runs, TEST_TIMEOUT_MS } from "../world/runs.ts";
import { interleavings } from "./interleaving-case.ts";
import { runInterleaving } from "./interleaving-runner.ts";

/**
 * A store and a model side by side, at every interleaving of writes, reads, iterators, merges and checkpoints that a
 * schedule can bring about: it says which of the file system's waiting calls returns next.
 *
 * What holds: what all keys together show at one moment is the state after some prefix of the writes, no shorter than
 * what was acknowledged, and never shorter than what was seen before; an iterator shows the moment of its call; a delete
 * says what its place in the log says; and at the end the files are the store.
 */
test(
  "at every interleaving of writes, reads, iterators and merges the store is the model",
  async () => {
    let done = 0;
    await fc.assert(
      fc.asyncProperty(interleavings, async (given) => {
        await runInterleaving(given);
        done += 1;
      }),
      { numRuns: runs(200) },
    );
    expect(done).toBeGreaterThan(0);
  },
  TEST_TIMEOUT_MS,
);
