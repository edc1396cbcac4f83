import { describe, expect, test } from "vitest";
import { isThorough, TEST_TIMEOUT_MS } from "../world/runs.ts";
import type { StoreShape } from "../world/text-store.ts";
import type { Scene } from "./scene.ts";
import { SCENES } from "./scenes.ts";
import { chanceSeed, sweep, type SweepOptions } from "./sweep.ts";

/**
 * P15: the calls that a scene makes fail in turn, in every way in which each can, once and from there on; and whatever
 * fails, the store keeps its promises and goes on. For which policies that is complete in a usual run each scene says,
 * and for which it is complete in kind; in a thorough run everything is complete.
 */
describe("whatever call of the file system fails, and however", () => {
  test.each(SCENES.map((scene) => [scene.name, scene] as const))(
    "(%s) the store keeps its promises and goes on",
    async (_name, scene) => {
      let total = 0;
      for (const [sync, choice] of plan(scene)) {
        const seed = chanceSeed();
        const { calls, runs, strata } = await sweep(scene, { sync, segments: 0 }, { choice, seed });
        console.log(`${scene.name}, ${sync}: ${runs} failures of ${calls} calls, of ${strata} kinds (seed ${seed})`);
        total += runs;
      }
      expect(total).toBeGreaterThanOrEqual(scene.runsLeast);
    },
    TEST_TIMEOUT_MS,
  );

  test("is asked with every sync policy, and of more than 6,500 failures", () => {
    const policies = SCENES.flatMap((scene) => plan(scene).map(([sync]) => sync));
    expect(new Set(policies)).toEqual(new Set(["always", "never", "interval"]));
    expect(SCENES.reduce((sum, { runsLeast }) => sum + runsLeast, 0)).toBeGreaterThan(6500);
  });
});

function plan({ everyCall, everyKind }: Scene): (readonly [StoreShape["sync"], SweepOptions["choice"]])[] {
  if (isThorough()) return (["always", "never", "interval"] as const).map((sync) => [sync, "every-call"]);
  return [
    ...everyCall.map((sync) => [sync, "every-call"] as const),
    ...everyKind.map((sync) => [sync, "every-kind"] as const),
  ];
}
