import type { StrykerReport } from "./stryker-report.ts";
import { scoreOf } from "./survivors.ts";
import type { TriagedGroup } from "./triage.ts";

/** What came of a package. */
export interface MutationResult {
  readonly name: string;
  readonly report: StrykerReport;
  /** `hashOfPackage` of what was mutated, and of the tests that were asked. */
  readonly sources: string;
  readonly minutes: number;
  /** So many processes took so long. */
  readonly jobs: number;
}

const PREAMBLE = `# Mutations, and those that no test noticed

Written by \`npm run mutation\`, part by part: a run over one package renews the part of that package. [What is mutated, and which
tests have to notice](mutated-package.ts). The hash is of the package's \`src/\` and \`test/\`.
`;

/**
 * The page with what came of a package in the place of what it told of that package before.
 * @param page what there is; `undefined` where there is none yet
 * @param names all packages, in the order in which they are told of
 */
export function withPart(page: string | undefined, names: readonly string[], name: string, part: string): string {
  const parts = new Map(page === undefined ? [] : partsOf(page));
  parts.set(name, part);
  const told = names.flatMap((one) => parts.get(one) ?? []);
  return [PREAMBLE, ...told].map((text) => text.trimEnd()).join("\n\n") + "\n";
}

const HEADING = "## @hashlog/";

function partsOf(page: string): [name: string, part: string][] {
  const starts = page.split(new RegExp(`^(?=${HEADING})`, "m")).slice(1);
  return starts.map((part) => [part.slice(HEADING.length, part.indexOf("\n")), part]);
}

/** What came of a package, and why what lives may. */
export function describePackage(result: MutationResult, groups: readonly TriagedGroup[]): string {
  const { name, report, sources, minutes, jobs } = result;
  const { killed, timedOut, survived, share } = scoreOf([report]);
  const numbers = [killed + timedOut + survived, killed, timedOut, survived].map((count) =>
    count.toLocaleString("en-US"),
  );
  return [
    `${HEADING}${name}`,
    "",
    `Sources \`${sources}\`; ${Math.ceil(minutes)} minutes, ${jobs} at a time.`,
    "",
    "| mutants | noticed by a failing test | by never ending | not noticed | noticed |",
    "| --: | --: | --: | --: | --: |",
    `| ${[...numbers, percent(share)].join(" | ")} |`,
    "",
    ...groups.flatMap(describeGroup),
  ].join("\n");
}

/** 0.9347 as "93.4 %": never more than it is. */
export function percent(share: number): string {
  return `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;
}

function describeGroup({ why, survivors }: TriagedGroup): string[] {
  const files = [...new Set(survivors.map(({ path }) => path))];
  return [
    `### ${why ?? "Not looked at yet"} (${survivors.length})`,
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
