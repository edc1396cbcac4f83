/**
 * `npm run mutation`: changes the pure code of packages, one small thing at a time, and requires their own tests to notice nine in ten;
 * of each that they do not notice somebody has to have said why it may live.
 *
 *     npm run mutation                               all of them; writes proof/mutation/RESULTS.md
 *     npm run mutation -- --package format --only frame    the sources of that package whose names begin so
 *
 * Ends with 0 if all went well, 1 if too many live, or one of which nothing is said, and 2 for arguments that it does not understand.
 */
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { hashOfSources } from "../campaign/source-hash.ts";
import { MUTATED } from "../mutation/mutated-package.ts";
import { describeMutations, percent, type MutationResult } from "../mutation/results.ts";
import { mutate } from "../mutation/stryker.ts";
import { scoreOf, survivorsOf } from "../mutation/survivors.ts";
import { keyOf, outdated, readReasons, triaged } from "../mutation/triage.ts";
import { answering, parsed, UsageError, whole } from "./arguments.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FOLDER = `${ROOT}proof/mutation/`;
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
  const jobs = whole("jobs", values.jobs) ?? availableParallelism();
  const results: MutationResult[] = [];
  for (const one of chosen) {
    console.log(`mutating @hashlog/${one.name}`);
    const report = await mutate(one, { jobs, only, onOutput: (text) => process.stdout.write(text) });
    results.push({ name: one.name, report });
  }
  return judge(results, name === undefined);
}

function judge(results: readonly MutationResult[], isWhole: boolean): number {
  const survivors = results.flatMap(({ report }) => survivorsOf(report));
  const reasons = readReasons(`${FOLDER}triage.json`);
  const groups = triaged(survivors, reasons);
  if (isWhole) {
    writeFileSync(`${FOLDER}RESULTS.md`, describeMutations(results, groups, hashOfSources(ROOT)));
    for (const key of outdated(survivors, reasons))
      console.log(`triage.json tells of what does not live any more: ${key}`);
  }
  const unknown = groups.find(({ why }) => why === undefined)?.survivors ?? [];
  for (const one of unknown) console.log(`lives, and nobody has said why it may: ${keyOf(one)}`);
  const shares = results.map(({ name, report }) => ({ name, ...scoreOf([report]) }));
  for (const { name, share, survived } of shares)
    console.log(`@hashlog/${name}: ${percent(share)} noticed, ${survived} not`);
  return unknown.length === 0 && shares.every(({ share }) => share >= SHARE_LEAST) ? 0 : 1;
}
