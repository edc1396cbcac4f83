/**
 * `npm run proof`: crashes the store in every way there is, as long as it is told to.
 *
 *     npm run proof                      what npm test goes through: about two minutes on two cores
 *     npm run proof -- --minutes 30      the long agenda, and cases by chance until the time is over
 *     npm run proof -- --seed 12345      draws the fresh cases from that seed again
 *     npm run proof -- --minutes 90 --resume    the long agenda in pieces: goes on where PROOF.json says
 *
 * Ends with 0 if all went well, 1 if something was found, or is less than it was, and 2 for arguments that it does not
 * understand.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCampaign, totalOf, type Tally } from "../campaign/campaign.ts";
import { commitOf } from "../campaign/commit.ts";
import { complaintsAbout, complaintsAboutNothing, leftOut } from "../campaign/complaints.ts";
import { runOf, type Progress } from "../campaign/progress.ts";
import { describeRuns, headline, recordCampaign } from "../campaign/record.ts";
import { describeFound, describeTally, progressLine, type CampaignReport } from "../campaign/report.ts";
import { ResumedRun } from "../campaign/resumed-run.ts";
import { hashOfSources } from "../campaign/source-hash.ts";
import type { Agenda } from "../campaign/tasks.ts";
import { readMarks } from "../marks/marks.ts";
import { answering } from "./arguments.ts";
import { readProofOptions, USAGE, type ProofOptions } from "./proof-options.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

// The workers end with this process. What a run with --resume has noted by then stays in PROOF.json.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    console.log("interrupted: there is no verdict");
    process.exit(1);
  });
}
process.exitCode = await answering(USAGE, main);

async function main(): Promise<number> {
  const options = readProofOptions(process.argv.slice(2));
  if (options !== "help") return prove(options);
  console.log(USAGE);
  return 0;
}

async function prove(options: ProofOptions): Promise<number> {
  const { milliseconds, seed, workers, report: file } = options;
  const freshSeed = seed ?? 1_000_000 + Math.floor(Math.random() * 2 ** 30);
  const sources = hashOfSources(ROOT);
  const resumed = options.resume ? new ResumedRun(join(ROOT, "PROOF.json"), sources, freshSeed) : undefined;
  const parts = resumed?.parts ?? options.parts;
  // Told now if it cannot be written, and not when all is done.
  if (file !== undefined) writeFileSync(file, "");
  const commit = commitOf(ROOT);
  console.log(`sources ${sources}, fresh cases from seed ${freshSeed} on`);
  const extent = milliseconds === undefined ? "short" : "long";
  const agenda: Agenda = { extent, freshSeed, ...(parts === undefined ? {} : { parts }) };
  const show = showProgress();
  const tally = await runCampaign({
    agenda,
    milliseconds: milliseconds ?? Infinity,
    workers,
    gatherMarks: parts === undefined,
    sample: resumed?.sample,
    onProgress: (sofar) => {
      show(sofar);
      resumed?.noteNowAndThen(sofar, commit);
    },
  });
  console.log(describeTally(tally));
  const found = describeFound(tally);
  const isWhole = milliseconds === undefined && parts === undefined && found === undefined;
  const complaints = [...complaintsAboutNothing(tally), ...(isWhole ? complaintsAbout(tally, readMarks(ROOT)) : [])];
  const about = { sources, commit, node: process.version, freshSeed, complaints };
  const report: CampaignReport = { ...tally, ...about, ...plain(tally) };
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`);
  if (found !== undefined) {
    console.log(found);
    return 1;
  }
  resumed?.note(tally, commit);
  const missing = resumed === undefined ? leftOut(tally, agenda) : resumed.leftOut();
  for (const line of [...missing, ...complaints]) console.log(line);
  if (complaints.length > 0) return 1;
  console.log(missing.length === 0 ? "no counterexample" : "no counterexample in what was run");
  if (!options.record) return 0;
  const run = runOf(tally, { commit, date: new Date(), freshSeed, sampledAgain: 0 });
  return record(missing, resumed?.progress ?? { sources, runs: [run] });
}

function record(missing: readonly string[], told: Pick<Progress, "sources" | "runs">): number {
  if (missing.length > 0) {
    console.log("PROOF.md stays as it is: that is not the whole");
    return 1;
  }
  recordCampaign(join(ROOT, "PROOF.md"), describeRuns(told));
  recordCampaign(join(ROOT, "README.md"), headline(told));
  return 0;
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

function plain(tally: Tally): Pick<CampaignReport, "parts" | "total" | "marksHit"> {
  return { parts: Object.fromEntries(tally.parts), total: totalOf(tally), marksHit: [...tally.marksHit] };
}
