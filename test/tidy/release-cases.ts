/** What breaks the rules for what is released, and what keeps them. */
import type { Case } from "./case.ts";
import * as releaseRules from "./release-rules.ts";
import type { SourceFile } from "./source-file.ts";

/** A README that has everything, and what is left when a part of it is taken out. */
const README = `# @hashlog/index\n\n\`\`\`sh\nnpm install @hashlog/index\n\`\`\`\n\n## Guarantees\n\n## Not guaranteed\n\n## API\n\n| a |\n`;
const readmeCase = (part: string, other: string, complaint?: RegExp, fields = {}): Case => ({
  rule: releaseRules.readmesAreWhole,
  path: "packages/index/package.json",
  text: JSON.stringify({ name: "@hashlog/index", ...fields }),
  beside: [{ path: "packages/index/README.md", text: README.replace(part, other) }],
  ...(complaint && { complaint }),
});

const CHANGESETS = ".changeset/config.json";
const named = (name: string): SourceFile => ({
  path: `packages/${name}/package.json`,
  text: JSON.stringify({ name: `@hashlog/${name}`, version: "0.1.0" }),
});

export const releaseCases: readonly Case[] = [
  { rule: releaseRules.packagesShareAVersion, ...named("index"), beside: [named("format")] },
  {
    rule: releaseRules.packagesShareAVersion,
    path: "packages/index/package.json",
    text: `{"version":"0.2.0"}`,
    beside: [named("format")],
    complaint: /version 0\.1\.0, where another package has 0\.2\.0/,
  },
  {
    rule: releaseRules.changesetsKnowEveryPackage,
    path: CHANGESETS,
    text: `{"fixed":[["@hashlog/index"]]}`,
    beside: [named("index")],
  },
  {
    rule: releaseRules.changesetsKnowEveryPackage,
    path: CHANGESETS,
    text: `{"fixed":[["@hashlog/index"]]}`,
    beside: [named("index"), named("format")],
    complaint: /@hashlog\/format is not in the fixed group/,
  },
  {
    rule: releaseRules.changesetsKnowEveryPackage,
    path: CHANGESETS,
    text: `{"fixed":[["@hashlog/index"],["@hashlog/gone"]]}`,
    beside: [named("index")],
    complaint: /2 fixed groups.*\n.*no package @hashlog\/gone/,
  },
  readmeCase("", ""),
  readmeCase("npm install @hashlog/index", "npm install @hashlog/index-of-others", /how @hashlog\/index is installed/),
  readmeCase("## Guarantees", "## Promises", /no chapter "Guarantees"/),
  readmeCase("## Not guaranteed", "### Not guaranteed", /no chapter "Not guaranteed"/),
  readmeCase("## API", "## Functions", /no chapter "API"/),
  readmeCase("| a |", "## Errors\n\n| a |", /no chapter "API" with a table/),
  readmeCase("## API", "## Commands", /no chapter "API"/),
  readmeCase("## API", "## Commands", undefined, { bin: "dist/main.js" }),
  {
    rule: releaseRules.readmesNameWhatIsExported,
    path: "packages/format/src/testing/index.ts",
    text: `export { crc32, type Left } from "./crc32.ts";`,
    beside: [{ path: "packages/format/README.md", text: "| `crc32(bytes)` | |" }],
  },
  {
    rule: releaseRules.readmesNameWhatIsExported,
    path: "packages/format/src/index.ts",
    text: `export { crc32, crc } from "./crc32.ts";`,
    beside: [{ path: "packages/format/README.md", text: "| `crc32(bytes)` | |" }],
    complaint: /:1: crc is not in packages\/format\/README\.md/,
  },
];
