/**
 * The one process of a campaign that notes which marks are passed: counting costs a third of the speed, so it does no more
 * than is needed, the stories that lead to every mark and some cases by chance.
 */
import { MarkCoverage } from "../marks/mark-coverage.ts";

const CASES = 40;

const coverage = await MarkCoverage.start();
// Loaded now, so that V8 counts what they load.
const { STORIES } = await import("../marks/stories/stories.ts");
const { exploreByChance } = await import("./random.ts");
const { SeenImages } = await import("../crashing/seen-images.ts");

const seen = new SeenImages();
for (let seed = 1; seed <= CASES; seed += 1) await exploreByChance(seed, seen);
await tell();
for (const story of STORIES) {
  await story.tell();
  await tell();
}
process.disconnect();

async function tell(): Promise<void> {
  process.send!([...(await coverage.hit())]);
}
