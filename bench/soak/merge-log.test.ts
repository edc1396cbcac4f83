import { describe, expect, test, vi } from "vitest";
import { HashlogError } from "@hashlog/engine";
import { MergeLog } from "./merge-log.ts";

const DONE = { bytesRead: 5, bytesWritten: 3, bytesFreed: 2, durationMs: 10 };

describe("the log of merges", () => {
  test("tells whether one is running, however it ends", () => {
    const log = new MergeLog();
    expect(log.phase).toBe("idle");
    log.onStart();
    expect(log.phase).toBe("merging");
    log.onEnd(DONE);
    expect(log.phase).toBe("idle");
    log.onStart();
    log.onFailure(new HashlogError("HASHLOG_ABORTED", "closed"));
    expect(log.phase).toBe("idle");
  });

  test("sums up what was done, and leaves what it gave before as it was", () => {
    const log = new MergeLog();
    log.onEnd(DONE);
    const before = log.sum;
    log.onEnd(DONE);
    expect(before).toEqual({ count: 1, failures: 0, ...DONE });
    expect(log.sum).toEqual({
      count: 2,
      failures: 0,
      bytesRead: 10,
      bytesWritten: 6,
      bytesFreed: 4,
      durationMs: 20,
    });
  });

  test("counts and prints failures, but not a merge that closing cancelled", () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    const log = new MergeLog();
    log.onFailure(new HashlogError("HASHLOG_ABORTED", "closed"));
    log.onFailure(new Error("no"));
    expect(log.sum.failures).toBe(1);
    expect(printed).toHaveBeenCalledTimes(1);
    printed.mockRestore();
  });
});
