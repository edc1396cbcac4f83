/**
 * How to find out, before your users do, that your way of saving a file does not survive a crash.
 *
 * Three savers, each a little more careful than the one before it, run on a simulated disk. It crashes after each of
 * their steps, in every way in which a disk may lose what was not synced. The first two fall; for each of them a
 * crash that does it is shown, the smallest of its point. The third one stands.
 *
 *     npm run examples -- 002
 */
import { crashTest } from "./crash-test.ts";
import { halfMended, naive, right } from "./savers.ts";

const savers = [
  { title: "Written aside, then given its name", save: naive, expected: "damaged" },
  { title: "The same, with a sync of the file before it gets its name", save: halfMended, expected: "lost" },
  { title: "The same, with a sync of the directory after that", save: right, expected: "kept" },
];

let wrong = 0;
for (const [index, { title, save, expected }] of savers.entries()) {
  console.log(`${index + 1}. ${title}`);
  const outcome = await crashTest(save);
  const verdict = "kind" in outcome ? outcome.kind : "kept";

  if ("kind" in outcome) {
    const { ordinal, profile } = outcome.error.crash;
    console.log(`   The draft is ${outcome.kind}: what is loaded is ${JSON.stringify(outcome.found ?? null)}.`);
    console.log(
      `   Found with ${outcome.images} disks. A crash after step ${ordinal}, of the kind "${profile}", does it:`,
    );
    console.log(outcome.error.description.replaceAll(/^/gm, "       "));
  } else {
    const { points, crashes, images } = outcome;
    console.log(`   The draft is kept: ${crashes} crashes at ${points} points left ${images} disks to look at.`);
  }

  if (verdict !== expected) {
    wrong += 1;
    console.error(`WRONG: the draft had to be ${expected}`);
  }
  console.log();
}
console.log(wrong === 0 ? "Two savers fell and one stands, as it should be." : `Wrong: ${wrong}.`);
process.exitCode = wrong === 0 ? 0 : 1;
