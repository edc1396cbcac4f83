import { readFileSync, writeFileSync } from "node:fs";
import type { PartTally } from "./campaign.ts";
import { sumOf, type Progress } from "./progress.ts";
import { grouped, type CampaignReport } from "./report.ts";

const BEGIN = "<!-- campaign: begin -->";
const END = "<!-- campaign: end -->";

/** Writes what came of a campaign into a page, between its two marks. @throws Error if the page has no such marks */
export function recordCampaign(path: string, told: string): void {
  const page = readFileSync(path, "utf8");
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (before === -1 || after < before) throw new Error(`${path} has no place for a campaign: ${BEGIN} ... ${END}`);
  writeFileSync(path, `${page.slice(0, before) + BEGIN}\n\n${told}\n\n${page.slice(after)}`);
}

/** A campaign as a table. */
export function describeCampaign(report: CampaignReport, date: Date): string {
  const { total, parts, cpuSeconds, seconds, workers, counterexamples, sources, commit, node, freshSeed } = report;
  const found = counterexamples.length === 0 ? "none" : counterexamples.map(({ small }) => small.message).join("; ");
  return tables(
    [
      ["Date", date.toISOString().slice(0, 10)],
      [SOURCES, `\`${sources}\``],
      ...(commit === undefined ? [] : [["Commit", `\`${commit}\``]]),
      ["Node", node],
      ["Ran for", `${minutes(seconds)} on ${workers} cores (${minutes(cpuSeconds)} of processor time)`],
      ["Fresh cases from seed", String(freshSeed)],
      ["Unique crash images recovered and judged", `**${grouped(total.images)}**`],
      ["of these, a second of processor time", rate(total.images, cpuSeconds)],
      ["Crashes derived", grouped(total.crashes)],
      ["Cases", grouped(total.cases)],
      ["Counterexamples", found],
    ],
    parts,
  );
}

/** Several runs of the same sources, in none of which anything was found, as a table. */
export function describeProgress(progress: Progress): string {
  const { runs, sources } = progress;
  const { total, parts, seconds, cpuSeconds, imagesAtLeast } = sumOf(progress);
  const all = (tell: (run: Progress["runs"][number]) => string): string => [...new Set(runs.map(tell))].join(", ");
  return tables(
    [
      ["Date", all(({ date }) => date)],
      [SOURCES, `\`${sources}\``],
      ["Commit", all(({ commit }) => (commit === undefined ? "not committed" : `\`${commit}\``))],
      ["Node", all(({ node }) => node)],
      ["Runs", String(runs.length)],
      ["Ran for", `${minutes(seconds)} (${minutes(cpuSeconds)} of processor time)`],
      ["Fresh cases from seeds", all(({ freshSeed }) => String(freshSeed))],
      [
        "Unique crash images recovered and judged",
        `${runs.length > 1 ? "at least " : ""}**${grouped(imagesAtLeast)}**`,
      ],
      ["of these, a second of processor time", rate(imagesAtLeast, cpuSeconds)],
      ["Crashes derived", grouped(total.crashes)],
      ["Cases", grouped(total.cases)],
      ["Counterexamples", "none"],
    ],
    parts,
  );
}

/** The same in one line, for those who want no more. */
export function headline({ images, sources, date }: { images: number; sources: string; date: string }): string {
  return (
    `**${grouped(images)} unique crash images** were recovered and judged by every property that applies, without a ` +
    `violation ([PROOF.md](PROOF.md); ${date}, sources \`${sources}\`).`
  );
}

const SOURCES = "Code: hash of all sources of the packages and of the proof";

function tables(facts: readonly (readonly string[])[], parts: Readonly<Record<string, PartTally>>): string {
  const rows = Object.entries(parts).map(
    ([part, { cases, crashes, images, cpuSeconds }]) =>
      `| ${part} | ${grouped(cases)} | ${grouped(crashes)} | ${grouped(images)} | ${rate(images, cpuSeconds)} |`,
  );
  return [
    "|  |  |",
    "| --- | --- |",
    ...facts.map(([what, value]) => `| ${what} | ${value} |`),
    "",
    "| Part | Cases | Crashes | New images | of these, a second of processor time |",
    "| --- | --: | --: | --: | --: |",
    ...rows,
  ].join("\n");
}

function minutes(seconds: number): string {
  return `${(seconds / 60).toFixed(0)} minutes`;
}

/** Nothing where there are none: failing lives are crashed within their own judgement, and their images not counted. */
function rate(images: number, cpuSeconds: number): string {
  return images === 0 ? "" : grouped(Math.round(images / cpuSeconds));
}
