import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { STORIES } from "./stories/stories.ts";

describe("the stories that lead to the marks", () => {
  test.each(STORIES)("$title", async ({ tell }) => {
    await expect(tell()).resolves.toBeUndefined();
  });

  test("lead to every mark that there is", () => {
    const report = fileURLToPath(new URL("report.ts", import.meta.url));
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--conditions=@hashlog/source", report], {
      encoding: "utf8",
    });
    expect({ status, said: status === 0 ? "" : stdout + stderr }).toEqual({ status: 0, said: "" });
  });
});
