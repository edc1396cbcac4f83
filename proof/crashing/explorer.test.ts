import type { ImageHash } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import type { CrashCase } from "../cases/case.ts";
import { runCase } from "../cases/run-case.ts";
import { Explorer } from "./explorer.ts";
import { nextChain, obligationsOf, recoverFrom, type CrashChain } from "./judge-case.ts";
import { SeenImages } from "./seen-images.ts";

const CASE: CrashCase = { sync: "never", segments: 0, operations: [["put", 0, 430], ["put", 1, 430], ["await"]] };

/** Counts the images that are judged. */
class CountingImages extends SeenImages {
  judged = 0;

  override isNew(image: ImageHash, demand: number): boolean {
    const isNew = super.isNew(image, demand);
    if (isNew) this.judged += 1;
    return isNew;
  }
}

/** The last moments of the case, killed there, and the power cut there. */
async function explore(
  seen: CountingImages,
  how: { aftermath?: CrashCase["aftermath"]; depth?: number },
): Promise<number> {
  const given: CrashCase = { ...CASE, aftermath: how.aftermath ?? "nothing" };
  const before = seen.judged;
  const crashesAt = () => ({
    crashes: [
      { profile: "kill", fates: [] } as const,
      { profile: "drop-all", fates: [] } as const,
      { profile: "free", fates: [] } as const,
    ],
    isComplete: false,
  });
  const steps = (all: readonly number[]) => all.slice(-3);
  await new Explorer(seen, { crashesAt, steps, depth: how.depth ?? 1 }).explore(given, await runCase(given));
  return seen.judged - before;
}

describe("an image that was judged once", () => {
  test("is not judged again when the same is asked", async () => {
    const seen = new CountingImages();
    expect(await explore(seen, {})).toBeGreaterThan(2);
    expect(await explore(seen, {})).toBe(0);
  });

  test.each([{ aftermath: "reopen" }, { aftermath: "go-on" }, { depth: 2 }] as const)(
    "is judged again when more is asked: %o",
    async (more) => {
      const alone = await explore(new CountingImages(), more);
      const seen = new CountingImages();
      await explore(seen, {});
      expect(await explore(seen, more)).toBe(alone);
    },
  );
});

describe("a kill during the recovery from a kill", () => {
  test("has to leave everything that had been handed over; a power cut then, what was durable", async () => {
    const { disk, history } = await runCase(CASE);
    const crash = { step: disk.position, profile: "kill", fates: [] } as const;
    const chain: CrashChain = { disk, begun: 0, ...obligationsOf(history), given: CASE, crashes: [crash], depth: 0 };
    const recovered = await recoverFrom(chain, disk.position, crash, { readsFirst: true });
    const next = nextChain(recovered, chain, []);
    expect(next.obligationAfterKill(next.begun).counts).toEqual([2]);
    expect(next.obligationAt(next.begun).counts).toEqual([0, 1, 2]);
  });
});
