import { describe, expect, test } from "vitest";
import { complaintsAbout } from "../../scripts/release/contents.ts";
import { LICENSE_TEXT, madeUpPackage, type Change } from "./made-up-package.ts";

/** What is wrong with a package that lies beside another one of the same release. */
function complaints(change: Change): string[] {
  const one = madeUpPackage(change);
  const other = madeUpPackage({ folder: "other", files: { "GUIDE.md": "", "README.md": "[guide](GUIDE.md)" } });
  return complaintsAbout(one, [one, other], LICENSE_TEXT);
}

const exporting = (target: unknown): Change => ({ manifest: { exports: { ".": target } } });
const readme = (text: string, files: Record<string, string> = {}): Change => ({
  files: { "README.md": text, ...files },
});
const map = (sources: string[], more = {}): Change => ({
  files: { "dist/index.js.map": JSON.stringify({ version: 3, sources, ...more }) },
});

describe("what a tarball holds is right", () => {
  const right: [what: string, change: Change][] = [
    ["of a package as it comes", {}],
    [
      "with dependencies on a package of the same release, and on one of others",
      {
        manifest: { dependencies: { "@hashlog/other": "^1.2.3", keyv: "^6.0.0" } },
      },
    ],
    [
      "with a program",
      {
        manifest: { bin: "dist/index.js" },
        files: { "dist/index.js": `#!/usr/bin/env node\n//# sourceMappingURL=index.js.map` },
      },
    ],
    [
      "with a program that has no map, as it holds what is not in the package",
      {
        manifest: { bin: "dist/index.js" },
        files: { "dist/index.js": "#!/usr/bin/env node\n", "dist/index.js.map": undefined },
      },
    ],
    [
      "with documents to which its README leads, and those lead",
      readme("[a](A.md#top)", { "A.md": "[b](./B.md)", "B.md": "" }),
    ],
    [
      "with links to a package beside it, to its own sources, and to the web",
      readme(
        "[other](../other/README.md#api) [guide](../other/GUIDE.md) [source](src/index.ts) [folder](src) [web](https://example.org/a.md)",
      ),
    ],
    ["with links to what lies elsewhere in the repository", readme("[a](../../ARCHITECTURE.md#a-put)")],
    ["with links in code, which are none", readme("```md\n[a](nowhere.md)\n```\n`[a](nowhere.md)`")],
    [
      "with conditions between the types and the default",
      exporting({ types: "./dist/index.d.ts", browser: "./dist/index.js", default: "./dist/index.js" }),
    ],
  ];

  test.each(right)("%s", (_what, change) => {
    expect(complaints(change)).toEqual([]);
  });
});

describe("what a tarball holds is wrong", () => {
  const wrong: [what: string, change: Change, complaint: RegExp][] = [
    [
      "where the condition of the workspace is left",
      exporting({ "@hashlog/source": "./src/index.ts", types: "./dist/index.d.ts", default: "./dist/index.js" }),
      /still holds "@hashlog\/source"/,
    ],
    [
      "where a range of the workspace is left",
      { manifest: { devDependencies: { "@hashlog/other": "workspace:^" } } },
      /still holds "workspace:"/,
    ],
    [
      "where it wants another version of its sibling",
      { manifest: { dependencies: { "@hashlog/other": "^1.2.2" } } },
      /wants @hashlog\/other \^1\.2\.2, and not \^1\.2\.3/,
    ],
    ["without a description", { manifest: { description: undefined } }, /no description/],
    ["without keywords", { manifest: { keywords: [] } }, /no keywords/],
    ["without a licence in package.json", { manifest: { license: "" } }, /no license/],
    ["where it would not be public", { manifest: { publishConfig: { provenance: true } } }, /access is not public/],
    [
      "where its provenance would not be told",
      { manifest: { publishConfig: { access: "public" } } },
      /provenance is not true/,
    ],
    [
      "where something runs when it is installed",
      { manifest: { scripts: { postinstall: "node ." } } },
      /"postinstall" runs/,
    ],
    ["where an entry has no types", exporting({ default: "./dist/index.js" }), /"\." does not begin with its types/],
    [
      "where an entry has no default, so that nothing can require it",
      exporting({ types: "./dist/index.d.ts", import: "./dist/index.js" }),
      /does not end with a default/,
    ],
    [
      "where an entry leads nowhere",
      exporting({ types: "./dist/index.d.ts", default: "./dist/main.js" }),
      /leads to \.\/dist\/main\.js, which is not there/,
    ],
    [
      "where an entry of a file leads nowhere",
      { manifest: { exports: { "./a": "./a.json" } } },
      /leads to \.\/a\.json/,
    ],
    [
      "where a program is not there",
      { manifest: { bin: { hashlog: "./dist/main.js" } } },
      /hashlog is dist\/main\.js, which is not there/,
    ],
    [
      "where a program cannot be run as one",
      { manifest: { bin: { hashlog: "dist/index.js" } } },
      /does not begin with #!/,
    ],
    [
      "where a program is what the compiler made, and not one file",
      {
        manifest: { bin: { hashlog: "dist/index.js" } },
        files: { "dist/index.js": '#!/usr/bin/env node\nimport fs from "node:fs";\nimport { run } from "./run.js";\n' },
      },
      /dist\/index\.js imports \.\/run\.js/,
    ],
    ["with tests", { files: { "test/index.test.ts": "" } }, /test\/index\.test\.ts is of no use/],
    ["with what the compiler remembers", { files: { "dist/tsconfig.tsbuildinfo": "" } }, /tsbuildinfo is of no use/],
    ["with a document that nothing leads to", { files: { "NOTES.md": "" } }, /NOTES\.md is of no use/],
    ["without a licence", { files: { LICENSE: undefined } }, /there is no LICENSE/],
    ["with another licence", { files: { LICENSE: "ask us" } }, /LICENSE is not that of the repository/],
    ["without a README", { files: { "README.md": undefined } }, /there is no README\.md/],
    ["where a source was not built", { files: { "src/more.ts": "" } }, /dist\/more\.d\.ts\.map is missing/],
    ["where a map is missing", { files: { "dist/index.js.map": undefined } }, /dist\/index\.js\.map is missing/],
    ["where a source is not shipped", { files: { "src/index.ts": undefined } }, /built of a source that is gone/],
    [
      "where a map leads out of the package",
      map(["../../other/src/index.ts"]),
      /leads to \.\.\/other\/src\/index\.ts, not there/,
    ],
    [
      "where a map leads nowhere by its root",
      map(["src/index.ts"], { sourceRoot: "sources" }),
      /leads to dist\/sources\/src\/index\.ts/,
    ],
    ["where a map names no source", map([]), /names no source/],
    [
      "where a module does not name its map",
      { files: { "dist/index.js": "export const one = 1;\n" } },
      /index\.js does not name its map/,
    ],
    ["where a link leads to what is not shipped", readme("[a](test/a.ts)"), /has a link to test\/a\.ts/],
    [
      "where a link leads to what a sibling does not ship",
      readme("[a](../other/NOTES.md)"),
      /has a link to \.\.\/other\/NOTES\.md/,
    ],
  ];

  test.each(wrong)("%s", (_what, change, complaint) => {
    expect(complaints(change).join("\n")).toMatch(complaint);
  });

  test("and says of which package", () => {
    expect(complaints({ files: { LICENSE: undefined } })).toEqual(["@hashlog/one: there is no LICENSE"]);
  });
});
