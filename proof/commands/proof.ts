/**
 * `npm run proof`: crashes the store in every way there is, as long as it is told to.
 *
 *     npm run proof                      what npm test goes through: about two minutes on two cores
 *     npm run proof -- --minutes 30      the long agenda, and cases by chance until the time is over
 *     npm run proof -- --seed 12345      draws the fresh cases from that seed again
 *     npm run proof -- --minutes 30 --record    writes what came of it into PROOF.md
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runCampaign, totalOf, type Tally } from "../campaign/campaign.ts";
import { hashOfSources } from "../campaign/source-hash.ts";
import { readMarks } from "../marks/marks.ts";
import { LEAST } from "../campaign/least.ts";
import { recordCampaign } from "../campaign/record.ts";
import { describeTally, progressLine, type CampaignReport } from "../campaign/report.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const USAGE = `usage: npm run proof -- [--minutes N | --seconds N] [--seed N] [--workers N] [--parts A,B] [--report FILE] [--record]`;

const { values } = parseArgs({
  options: {
    minutes: { type: "string" },
    seconds: { type: "string" },
    seed: { type: "string" },
    workers: { type: "string" },
    parts: { type: "string" },
    report: { type: "string" },
    record: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(USAGE);
else process.exitCode = await main();

async function main(): Promise<number> {
  const milliseconds = number("minutes", 60_000) ?? number("seconds", 1000);
  const freshSeed = number("seed", 1) ?? 1_000_000 + Math.floor(Math.random() * 2 ** 30);
  const sources = hashOfSources(ROOT);
  console.log(`sources ${sources}, fresh cases from seed ${freshSeed} on`);
  const parts = values.parts?.split(",");
  const isWhole = milliseconds === undefined && parts === undefined;
  const tally = await runCampaign({
    agenda: {
      extent: milliseconds === undefined ? "short" : "long",
      freshSeed,
      ...(parts === undefined ? {} : { parts }),
    },
    milliseconds: milliseconds ?? Infinity,
    workers: number("workers", 1),
    gatherMarks: parts === undefined,
    onProgress: showProgress(),
  });
  console.log(describeTally(tally));
  const complaints = isWhole ? [...complaintsAboutExtent(tally), ...complaintsAboutMarks(tally)] : [];
  for (const complaint of complaints) console.log(complaint);
  const report: CampaignReport = { ...tally, sources, freshSeed, ...plain(tally) };
  if (values.record) recordCampaign(join(ROOT, "PROOF.md"), report);
  if (values.report !== undefined) writeFileSync(values.report, `${JSON.stringify(report, undefined, 2)}\n`);
  const failed = tally.counterexamples.length + tally.broken.length;
  console.log(failed === 0 ? "no counterexample" : `${failed} found: see above`);
  return failed + complaints.length === 0 ? 0 : 1;
}

function number(name: "minutes" | "seconds" | "seed" | "workers", unit: number): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const value = Number(text) * unit;
  if (Number.isFinite(value) && value > 0) return value;
  console.error(`--${name} needs a number above 0, not ${JSON.stringify(text)}\n${USAGE}`);
  process.exit(2);
}

/** A line that is overwritten on a terminal; elsewhere a new one every half a minute. */
function showProgress(): (tally: Tally) => void {
  let shown = 0;
  return (tally) => {
    const every = process.stdout.isTTY ? 500 : 30_000;
    if (Date.now() - shown < every) return;
    shown = Date.now();
    if (process.stdout.isTTY) process.stdout.write(`\r${progressLine(tally)}\u001b[K`);
    else console.log(progressLine(tally));
  };
}

/** The numbers of what is gone through one by one never become less without anybody noticing. */
function complaintsAboutExtent({ parts }: Tally): string[] {
  return Object.entries(LEAST).flatMap(([part, least]) => {
    const found = parts.get(part);
    const less = (["cases", "crashes", "images"] as const).filter((what) => (found?.[what] ?? 0) < least[what]);
    return less.map((what) => `${part}: ${found?.[what] ?? 0} ${what}, and there were ${least[what]} at least`);
  });
}

/** Every road of recovery, and every way to fail, is taken. */
function complaintsAboutMarks({ marksHit }: Tally): string[] {
  return readMarks(ROOT)
    .filter(({ name }) => !marksHit.has(name))
    .map(({ name, path, line }) => `not passed: ${name} (${path}:${line})`);
}

function plain(tally: Tally): Pick<CampaignReport, "parts" | "total" | "marksHit"> {
  return { parts: Object.fromEntries(tally.parts), total: totalOf(tally), marksHit: [...tally.marksHit] };
}
