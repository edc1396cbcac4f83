import { readFileSync, writeFileSync } from "node:fs";
import { grouped, type CampaignReport } from "./report.ts";

const BEGIN = "<!-- campaign: begin -->";
const END = "<!-- campaign: end -->";

/** Writes what came of a campaign into the page, between its two marks. @throws Error if the page has no such marks */
export function recordCampaign(path: string, report: CampaignReport): void {
  const page = readFileSync(path, "utf8");
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (before === -1 || after < before) throw new Error(`${path} has no place for a campaign: ${BEGIN} ... ${END}`);
  const told = `${BEGIN}\n\n${describeCampaign(report, new Date())}\n\n${page.slice(after)}`;
  writeFileSync(path, page.slice(0, before) + told);
}

/** A campaign as a table. */
export function describeCampaign(report: CampaignReport, date: Date): string {
  const { total, parts, cpuSeconds, seconds, workers, counterexamples, sources, commit, node, freshSeed } = report;
  const minutes = (seconds / 60).toFixed(0);
  const found = counterexamples.length === 0 ? "none" : counterexamples.map(({ small }) => small.message).join("; ");
  const facts = [
    ["Date", date.toISOString().slice(0, 10)],
    ["Code: hash of all sources of the packages and of the proof", `\`${sources}\``],
    ...(commit === undefined ? [] : [["Commit", `\`${commit}\``]]),
    ["Node", node],
    ["Ran for", `${minutes} minutes on ${workers} cores (${(cpuSeconds / 60).toFixed(0)} minutes of processor time)`],
    ["Fresh cases from seed", String(freshSeed)],
    ["Unique crash images recovered and judged", `**${grouped(total.images)}**`],
    ["of these, a second of processor time", rate(total.images, cpuSeconds)],
    ["Crashes derived", grouped(total.crashes)],
    ["Cases", grouped(total.cases)],
    ["Counterexamples", found],
  ];
  const rows = Object.entries(parts).map(
    ([part, { cases, crashes, images, cpuSeconds: took }]) =>
      `| ${part} | ${grouped(cases)} | ${grouped(crashes)} | ${grouped(images)} | ${rate(images, took)} |`,
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

/** Nothing where there are none: failing lives are crashed within their own judgement, and their images not counted. */
function rate(images: number, cpuSeconds: number): string {
  return images === 0 ? "" : grouped(Math.round(images / cpuSeconds));
}
