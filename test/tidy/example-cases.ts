/** What breaks the rules for examples, and what keeps them. */
import type { Case } from "./case.ts";
import * as exampleRules from "./example-rules.ts";

/** An example beside its list; a change of it, or of the files beside it, breaks a rule. */
const EXAMPLE = "examples/001-a-cache";
const exampleManifest = {
  name: "@hashlog/example-a-cache",
  private: true,
  dependencies: { "@hashlog/engine": "workspace:*" },
};
const exampleCase = (change: object, complaint?: RegExp, files = ["main.ts", "README.md"], folder = EXAMPLE): Case => ({
  rule: exampleRules.examplesAreWhole,
  path: `${folder}/package.json`,
  text: JSON.stringify({ ...exampleManifest, ...change }),
  beside: [
    { path: "examples/README.md", text: "[text](001-a-cache/README.md)" },
    ...files.map((name) => ({ path: `${folder}/${name}`, text: "" })),
  ],
  ...(complaint && { complaint }),
});
const exampleImports = (text: string, complaint?: RegExp): Case => ({
  rule: exampleRules.examplesImportWhatIsDeclared,
  path: `${EXAMPLE}/main.ts`,
  text,
  beside: [{ path: `${EXAMPLE}/package.json`, text: JSON.stringify(exampleManifest) }],
  ...(complaint && { complaint }),
});

export const exampleCases: readonly Case[] = [
  exampleCase({}),
  exampleCase({ private: false }, /not private/),
  exampleCase({ name: "a-cache" }, /not named after it/),
  exampleCase({}, /no README\.md/, ["main.ts"]),
  exampleCase({}, /no main\.ts/, ["README.md"]),
  exampleCase({}, /is the example 1/, undefined, "examples/002-a-cache"),
  exampleCase({}, /does not lead to it/, undefined, "examples/001-a-queue"),
  exampleImports(`import "@hashlog/engine"; import "node:fs"; import "./cache.ts";`),
  exampleImports(`import "@hashlog/fs-io/testing";`, /not in examples\/001-a-cache\/package\.json/),
  exampleImports(`import "../002-a-queue/queue.ts";`, /is not in/),
];
