import * as fc from "fast-check";
import { expect, test } from "vitest";
import { changeFeed } from "../properties/p23-change-feed.ts";
import { runs, TEST_TIMEOUT_MS } from "../world/runs.ts";
import type { FeedCase, FeedStep } from "./feed-case.ts";
import { runFeeds } from "./run-feeds.ts";

const key = fc.nat({ max: 3 });
const length = fc.oneof(fc.constant(-1), fc.nat({ max: 40 }), fc.integer({ min: 100, max: 400 }));
const consumer = fc.constantFrom(0, 1, 2, 2);
const beginning = fc.oneof(
  { weight: 3, arbitrary: fc.constant("where it was left" as const) },
  { weight: 1, arbitrary: fc.constantFrom("with the state" as const, "from now on" as const) },
);

const step: fc.Arbitrary<FeedStep> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.tuple(fc.constant("commit" as const), fc.array(fc.tuple(key, length), { maxLength: 3 })),
  },
  { weight: 7, arbitrary: fc.tuple(fc.constant("turns" as const), fc.nat({ max: 60 })) },
  { weight: 9, arbitrary: fc.tuple(fc.constant("feed" as const), consumer, beginning) },
  { weight: 8, arbitrary: fc.tuple(fc.constant("read" as const), consumer, fc.integer({ min: 1, max: 8 })) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("leave" as const), consumer) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("compact" as const)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("compact some" as const), fc.nat({ max: 31 })) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("reader" as const)) },
  { weight: 5, arbitrary: fc.tuple(fc.constant("refresh" as const)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("full" as const), fc.nat({ max: 600 })) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constant("fault" as const), fc.constantFrom("sync" as const, "append" as const)),
  },
  { weight: 2, arbitrary: fc.tuple(fc.constant("room" as const)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("close" as const)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("kill" as const)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("cut" as const), fc.nat({ max: 1_000_000 })) },
);

const cases: fc.Arbitrary<FeedCase> = fc.record({
  sync: fc.constantFrom("always", "never"),
  segments: fc.nat({ max: 2 }),
  limits: fc.constantFrom("usual", "small"),
  merging: fc.constantFrom("usual", "eager"),
  reading: fc.constantFrom("at once", "aside"),
  isRead: fc.boolean(),
  steps: fc.array(step, { minLength: 10, maxLength: 60 }),
  schedule: fc.array(fc.nat({ max: 7 }), { maxLength: 80 }),
});

/**
 * A store that is written to, merged, filled up, closed, killed and cut off, and those who take what its feeds give, at
 * every interleaving that a schedule of the file system's calls can bring about.
 */
test(
  `${changeFeed.id}: a feed delivers every committed write once and in order, whatever happens to the store`,
  async () => {
    const sums = { given: 0, givenByReader: 0, overtaken: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(cases, async (one) => {
        const seen = await runFeeds(one);
        sums.given += seen.given;
        sums.givenByReader += seen.givenByReader;
        sums.overtaken += seen.overtaken;
        sums.refused += seen.refused;
      }),
      { numRuns: runs(3000) },
    );
    // Were one of them seldom, little would be shown.
    expect(sums.given).toBeGreaterThan(runs(10_000));
    expect(sums.givenByReader).toBeGreaterThan(runs(500));
    expect(sums.overtaken).toBeGreaterThan(runs(100));
    expect(sums.refused).toBeGreaterThan(runs(500));
  },
  TEST_TIMEOUT_MS,
);
