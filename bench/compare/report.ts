import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { figuresOf } from "./figures.ts";
import type { Comparison } from "./result.ts";
import { summaryOf } from "./summary.ts";

/** Writes all files of a comparison, over those of before: after each stage, so that one that fails late loses itself only. */
export async function writeReport(folder: string, comparison: Comparison): Promise<void> {
  const figures = figuresOf(comparison);
  for (const { file, svg } of figures) await writeFile(join(folder, file), svg);
  await writeFile(join(folder, "bench.json"), `${JSON.stringify(comparison, null, 2)}\n`);
  await writeFile(join(folder, "bench.md"), summaryOf(comparison, figures));
}
