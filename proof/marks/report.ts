import { MarkCoverage } from "./mark-coverage.ts";
import { readMarks, ROOT } from "./marks.ts";

/**
 * Tells all stories in this process, which has to be a plain Node (`node --conditions=@hashlog/source`), and prints which
 * marks they did not pass, each with its place. Ends with 1 if there are any, or if a story ended badly.
 */
const coverage = await MarkCoverage.start();
// Loaded now, so that V8 counts it.
const { STORIES } = await import("./stories/stories.ts");

let failures = 0;
const fail = (what: string): void => {
  failures += 1;
  console.log(what);
};

for (const { title, marks, tell } of STORIES) {
  await tell().catch((error: unknown) => fail(`${title}: ${(error as Error).stack}`));
  const hit = await coverage.hit();
  for (const name of marks) if (!hit.has(name)) fail(`${title}: does not lead to ${name}`);
}
const hit = await coverage.hit();
const marks = readMarks(ROOT);
for (const { name, path, line } of marks) if (!hit.has(name)) fail(`${name} at ${path}:${line} was not passed`);
console.log(`${STORIES.length} stories passed ${hit.size} of ${marks.length} marks`);
process.exitCode = failures === 0 ? 0 : 1;
