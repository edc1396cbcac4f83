import { DiskImage } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { emptyStore } from "../world/text-store.ts";
import { TEST_TIMEOUT_MS } from "../world/runs.ts";
import { failEveryCall } from "./fault-sweep.ts";
import { busyLife, ordinaryLife } from "./programs.ts";

/**
 * Every call that a program makes fails in turn: with an input/output error, for want of space or of file handles, or
 * halfway; once, or from there on. Whatever fails, the store keeps its promises (session.ts), and afterwards it goes on.
 */
describe("whatever call of the file system fails", () => {
  test.each([["always", 1] as const, ["never", 2] as const, ["interval", 3] as const])(
    'a store with the sync policy "%s" loses nothing, shows nothing that it refused, and goes on',
    async (sync, each) => {
      const shape = { sync, segments: 0, seed: 1 };
      const runs = await failEveryCall({ program: ordinaryLife, shape, image: await emptyStore(), each });
      console.log(`${runs} runs with a failure, sync policy ${sync}`);
      expect(runs).toBeGreaterThan(600 / each);
    },
    TEST_TIMEOUT_MS,
  );

  test.each([["always", 1] as const, ["never", 2] as const])(
    'a busy store with the sync policy "%s" does so as well, with everything going on at once',
    async (sync, each) => {
      const shape = { sync, segments: 0, seed: 2 };
      const runs = await failEveryCall({ program: busyLife, shape, image: await emptyStore(), each });
      console.log(`${runs} runs with a failure, busy, sync policy ${sync}`);
      expect(runs).toBeGreaterThan(550 / each);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "a store that is only being made is made at last",
    async () => {
      const shape = { sync: "always", segments: 0, seed: 3 } as const;
      const program: typeof ordinaryLife = async (session) => {
        await session.open();
        await session.put("a", "1.");
        await session.close();
      };
      const runs = await failEveryCall({ program, shape, image: new DiskImage() });
      expect(runs).toBeGreaterThan(100);
    },
    TEST_TIMEOUT_MS,
  );
});
