import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BUDGETS, measureBundle } from "../../scripts/release/bundles.ts";
import { packageNames } from "../../scripts/layout.mjs";

describe("a bundle of what a program imports", () => {
  let work: string;
  const large = Array.from({ length: 2_000 }, (_, index) => index * 7_919);

  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), "hashlog-bundles-"));
    const folder = join(work, "node_modules", "some");
    mkdirSync(folder, { recursive: true });
    const manifest = { name: "some", type: "module", exports: "./index.js", sideEffects: false };
    writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
    const lines = ["export const small = 1;", `export const large = ${JSON.stringify(large)};`];
    writeFileSync(join(folder, "index.js"), lines.join("\n"));
  });
  afterAll(() => {
    rmSync(work, { recursive: true });
  });

  test("holds what is used, and not what is not", async () => {
    const small = await measureBundle(`export { small } from "some";`, work);
    const all = await measureBundle(`export * from "some";`, work);
    expect(small.minifiedBytes).toBeLessThan(100);
    expect(all.minifiedBytes).toBeGreaterThan(JSON.stringify(large).length);
    expect(all.gzipBytes).toBeLessThan(all.minifiedBytes);
    expect(all.gzipBytes).toBeGreaterThan(small.gzipBytes);
  });

  test("fails for what is not installed", async () => {
    await expect(measureBundle(`export * from "other";`, work)).rejects.toThrow(/other/);
  });

  test("has a budget for packages that there are", () => {
    expect(BUDGETS.filter(({ folder }) => !packageNames().includes(folder))).toEqual([]);
    expect(BUDGETS.map(({ code }) => code)).toContain(`export { open } from "@hashlog/engine";`);
  });
});
