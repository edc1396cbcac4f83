import { readFileSync, writeFileSync } from "node:fs";
import { sumOf, type Progress, type ProgressRun } from "./progress.ts";
import { grouped } from "./report.ts";

const BEGIN = "<!-- campaign: begin -->";
const END = "<!-- campaign: end -->";

/** Writes what came of a campaign into a page, between its two marks. @throws Error if the page has no such marks */
export function recordCampaign(path: string, told: string): void {
  const page = readFileSync(path, "utf8");
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (before === -1 || after < before) throw new Error(`${path} has no place for a campaign: ${BEGIN} ... ${END}`);
  writeFileSync(path, `${page.slice(0, before) + BEGIN}\n\n${told}\n\n${page.slice(after)}`);
}

/** Runs of the same sources, in none of which anything was found, as tables. */
export function describeRuns(progress: Pick<Progress, "runs" | "sources">): string {
  const { runs, sources } = progress;
  const { total, parts, seconds, cpuSeconds, imagesAtLeast } = sumOf(progress);
  const all = (tell: (run: ProgressRun) => string): string => [...new Set(runs.map(tell))].join(", ");
  const commits = new Set(runs.flatMap(({ commit }) => (commit === undefined ? [] : [`\`${commit}\``])));
  const facts = [
    ["Date", all(({ date }) => date)],
    ["Code: hash of all sources of the packages and of the proof", `\`${sources}\``],
    ...(commits.size === 0 ? [] : [["Commit", [...commits].join(", ")]]),
    ["Node", all(({ node }) => node)],
    ...(runs.length > 1 ? [["Runs", String(runs.length)]] : []),
    [
      "Ran for",
      `${minutes(seconds)} on ${all(({ workers }) => String(workers))} cores (${minutes(cpuSeconds)} of processor time)`,
    ],
    ["Fresh cases from seed", all(({ freshSeed }) => String(freshSeed))],
    ["Unique crash images recovered and judged", `${runs.length > 1 ? "at least " : ""}**${grouped(imagesAtLeast)}**`],
    ["of these, a second of processor time", rate(imagesAtLeast, cpuSeconds)],
    ["Images opened and judged, with those that another worker or run had opened", grouped(total.recoveries)],
    ["Crashes derived", grouped(total.crashes)],
    ["Cases", grouped(total.cases)],
    ["Counterexamples", "none"],
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

/** The same in one line, for those who want no more. */
export function headline(progress: Pick<Progress, "runs" | "sources">): string {
  const { runs, sources } = progress;
  const many = `${grouped(sumOf(progress).imagesAtLeast)} unique crash images`;
  return (
    `${runs.length > 1 ? `At least **${many}**` : `**${many}**`} were recovered and judged by every property that applies, ` +
    `without a violation ([PROOF.md](PROOF.md); ${runs.at(-1)?.date}, sources \`${sources}\`).`
  );
}

function minutes(seconds: number): string {
  return `${(seconds / 60).toFixed(0)} minutes`;
}

/** Nothing where there are none: failing lives are crashed within their own judgement, and their images not counted. */
function rate(images: number, cpuSeconds: number): string {
  return images === 0 ? "" : grouped(Math.round(images / cpuSeconds));
}
