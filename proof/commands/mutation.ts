/**
 * `npm run mutation`: changes the pure code of packages, one small thing at a time, and requires their own tests to notice nine in ten;
 * of each that they do not notice somebody has to have said why it may live.
 *
 *     npm run mutation                               all of them; writes proof/mutation/RESULTS.md
 *     npm run mutation -- --package format           that one; writes its part of the page
 *     npm run mutation -- --package format --only frame    its sources whose names begin so, for the one who writes tests
 *
 * Ends with 0 if all went well, 1 if too many live, or one of which nothing is said, and 2 for arguments that it does not understand.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { hashOfPackage } from "../campaign/source-hash.ts";
import { MUTATED } from "../mutation/mutated-package.ts";
import { describePackage, percent, withPart, type MutationResult } from "../mutation/results.ts";
import { mutate, sourcesOf, type MutatedSource } from "../mutation/stryker.ts";
import { scoreOf, survivorsOf, type Survivor } from "../mutation/survivors.ts";
import { keyOf, outdated, readReasons, triaged, type Reason, type TriagedGroup } from "../mutation/triage.ts";
import { answering, parsed, UsageError, whole } from "./arguments.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FOLDER = `${ROOT}proof/mutation/`;
const RESULTS = `${FOLDER}RESULTS.md`;
const SHARE_LEAST = 0.9;

const USAGE = `usage: npm run mutation -- [options]

  --package NAME   this one alone: ${MUTATED.map(({ name }) => name).join(", ")}
  --only NAME      with --package: its sources whose paths in src/ begin so
  --jobs N         so many processes; default: one for each core`;

process.exitCode = await answering(USAGE, main);

async function main(): Promise<number> {
  const { values } = parsed(() =>
    parseArgs({
      options: {
        package: { type: "string" },
        only: { type: "string" },
        jobs: { type: "string" },
        help: { type: "boolean", default: false },
      },
    }),
  );
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const { package: name, only } = values;
  const chosen = MUTATED.filter((one) => name === undefined || one.name === name);
  if (chosen.length === 0) throw new UsageError(`--package is one of: ${MUTATED.map((one) => one.name).join(", ")}`);
  if (only !== undefined && name === undefined) throw new UsageError("--only goes with --package");
  if (only !== undefined && sourcesOf(chosen[0]!, only).length === 0)
    throw new UsageError(`--only ${only}: packages/${name}/src has no source whose path begins so`);
  const jobs = whole("jobs", values.jobs) ?? availableParallelism();
  const reasons = readReasons(`${FOLDER}triage.json`);
  const verdicts: boolean[] = [];
  for (const one of chosen) {
    console.log(`mutating @hashlog/${one.name}`);
    const sources = hashOfPackage(ROOT, one.name);
    const begin = performance.now();
    const report = await mutate(one, { jobs, only, onSource: (done) => tell(done, reasons) });
    const minutes = (performance.now() - begin) / 60_000;
    verdicts.push(judge({ name: one.name, report, sources, minutes, jobs }, reasons, only === undefined));
  }
  return verdicts.every(Boolean) ? 0 : 1;
}

function tell({ path, report, done, total }: MutatedSource, reasons: readonly Reason[]): void {
  const { killed, timedOut, survived } = scoreOf([report]);
  console.log(`${done}/${total}  ${path}: ${killed + timedOut} of ${killed + timedOut + survived} noticed`);
  for (const one of unexplained(triaged(survivorsOf(report), reasons)))
    console.log(`lives, and nobody has said why it may: ${keyOf(one)} (line ${one.line})`);
}

function unexplained(groups: readonly TriagedGroup[]): readonly Survivor[] {
  return groups.find(({ why }) => why === undefined)?.survivors ?? [];
}

/** Whether all went well with a package; of a run over all of its sources the page is written. */
function judge(result: MutationResult, reasons: readonly Reason[], isWhole: boolean): boolean {
  const { name, report, minutes } = result;
  const survivors = survivorsOf(report);
  const groups = triaged(survivors, reasons);
  if (isWhole) {
    const page = existsSync(RESULTS) ? readFileSync(RESULTS, "utf8") : undefined;
    const names = MUTATED.map((one) => one.name);
    writeFileSync(RESULTS, withPart(page, names, name, describePackage(result, groups)));
    for (const key of outdated(survivors, reasons).filter((one) => one.startsWith(`packages/${name}/`)))
      console.log(`triage.json tells of what does not live any more: ${key}`);
  }
  const { share, survived } = scoreOf([report]);
  console.log(`@hashlog/${name}: ${percent(share)} noticed, ${survived} not, ${Math.ceil(minutes)} minutes`);
  return unexplained(groups).length === 0 && share >= SHARE_LEAST;
}
