import type { StrykerReport } from "./stryker-report.ts";
import { scoreOf, type MutationScore } from "./survivors.ts";
import type { TriagedGroup } from "./triage.ts";

/** What came of a package. */
export interface MutationResult {
  readonly name: string;
  readonly report: StrykerReport;
}

/** The page that tells of a whole run. */
export function describeMutations(
  results: readonly MutationResult[],
  groups: readonly TriagedGroup[],
  sources: string,
): string {
  const rows = results.map(({ name, report }) => row(`\`@hashlog/${name}\``, scoreOf([report])));
  const total = scoreOf(results.map(({ report }) => report));
  return [
    "# Mutations, and those that no test noticed",
    "",
    `Written by \`npm run mutation\`, on sources \`${sources}\`. [What is mutated, and which tests have to notice](mutated-package.ts).`,
    "",
    "| package | mutants | noticed by a failing test | by never ending | not noticed | noticed |",
    "| --- | --: | --: | --: | --: | --: |",
    ...rows,
    row("all", total),
    "",
    ...groups.flatMap(describeGroup),
  ].join("\n");
}

function row(name: string, { killed, timedOut, survived, share }: MutationScore): string {
  const numbers = [killed + timedOut + survived, killed, timedOut, survived].map((count) =>
    count.toLocaleString("en-US"),
  );
  return `| ${[name, ...numbers, percent(share)].join(" | ")} |`;
}

/** 0.9347 as "93.4 %": never more than it is. */
export function percent(share: number): string {
  return `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;
}

function describeGroup({ why, survivors }: TriagedGroup): string[] {
  const files = [...new Set(survivors.map(({ path }) => path))];
  return [
    `## ${why ?? "Not looked at yet"} (${survivors.length})`,
    "",
    ...files.flatMap((path) => [
      `- ${path}`,
      ...survivors
        .filter((one) => one.path === path)
        .map(({ line, before, after }) => `  - ${line}: ${code(before)} → ${code(after)}`),
    ]),
    "",
  ];
}

/** In as many backticks as it needs. */
function code(text: string): string {
  const fence = "`".repeat(Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length)) + 1);
  return fence.length > 1 ? `${fence} ${text} ${fence}` : `${fence}${text}${fence}`;
}
