import { describe, expect, test } from "vitest";
import { publishedPackages } from "../api/entry-points.ts";
import { GUIDES, GUIDES_INDEX, guideGroups } from "../pages/guides.ts";
import { navigation } from "../pages/navigation.ts";
import { documentPage, folderPage, relativeLink, sourcePage } from "../pages/paths.ts";
import { filesIn, ownRepository } from "../pages/repository.ts";
import { planSite } from "../pages/site.ts";
import { titleOf } from "../pages/titles.ts";
import { madeUpRepository } from "./made-up-repository.ts";

describe("addresses", () => {
  test.each([
    ["README.md", "index.html"],
    ["packages/engine/README.md", "packages/engine/index.html"],
    ["packages/format/FORMAT.md", "packages/format/FORMAT.html"],
    ["docs/guides/first-steps.md", "guides/first-steps.html"],
    ["docs/guides/README.md", "guides/index.html"],
    ["docs/decisions/001-fixed-versions.md", "decisions/001-fixed-versions.html"],
    ["site/api/@hashlog/engine/functions/open.md", "api/engine/functions/open.html"],
  ])("of the document %s are %s", (source, page) => {
    expect(documentPage(source)).toBe(page);
  });

  test("of code and folders cannot be those of a document", () => {
    expect(sourcePage("proof/oracle/model.ts")).toBe("source/proof/oracle/model.ts.html");
    expect(folderPage("proof/oracle")).toBe("source/proof/oracle/index.html");
    expect(folderPage("docs/decisions")).toBe("decisions/index.html");
  });

  test("are told from where one is", () => {
    expect(relativeLink("packages/engine/index.html", "guides/memory.html")).toBe("../../guides/memory.html");
    expect(relativeLink("index.html", "guides/memory.html")).toBe("guides/memory.html");
  });
});

describe("the title of a document", () => {
  test("is its first heading, without marks, and not a comment in code", () => {
    expect(titleOf("```sh\n# a comment\n```\n\n# The `sync` *policy*\n", "x")).toBe("The sync policy");
    expect(titleOf("no heading", "x.md")).toBe("x.md");
  });
});

describe("published packages", () => {
  const manifest = (name: string, exports: unknown): string =>
    JSON.stringify({ name, description: "what it is", exports });

  test("are whatever has a manifest in packages, with what can be imported of each", () => {
    const repository = madeUpRepository({
      "packages/a/package.json": manifest("@hashlog/a", {
        ".": { "@hashlog/source": "./src/index.ts", types: "./dist/index.d.ts" },
        "./testing": { "@hashlog/source": "./src/testing/index.ts" },
        "./package.json": "./package.json",
      }),
      "packages/program/package.json": JSON.stringify({ name: "@hashlog/program" }),
      "bench/package.json": manifest("@hashlog/bench", {}),
    });
    expect(publishedPackages(repository)).toEqual([
      {
        folder: "a",
        name: "@hashlog/a",
        description: "what it is",
        entryPoints: [
          { name: "@hashlog/a", source: "packages/a/src/index.ts" },
          { name: "@hashlog/a/testing", source: "packages/a/src/testing/index.ts" },
        ],
      },
      { folder: "program", name: "@hashlog/program", description: "", entryPoints: [] },
    ]);
  });
});

describe("the guides", () => {
  const repository = ownRepository();
  const listed = guideGroups(repository).flatMap(({ guides }) => guides);

  test("are all in their index, each once", () => {
    const inFolder = filesIn(repository, GUIDES).filter((path) => path.endsWith(".md") && path !== GUIDES_INDEX);
    expect(listed.toSorted()).toEqual(inFolder);
  });

  test("are listed by the headings of the index", () => {
    const made = madeUpRepository({
      [GUIDES_INDEX]: "# Guides\n\n[x](../x.md)\n\n## Begin\n\n- [A](a.md): a\n- [B](b.md), after [A](a.md)\n",
    });
    expect(guideGroups(made)).toEqual([{ title: "Begin", guides: ["docs/guides/a.md", "docs/guides/b.md"] }]);
  });
});

describe("the navigation", () => {
  const repository = ownRepository();
  const pages = navigation(repository).flatMap(({ groups }) =>
    groups.flatMap(({ links }) => links.map(({ page }) => page)),
  );

  test("names no page twice", () => {
    expect(pages.filter((page, at) => pages.indexOf(page) !== at)).toEqual([]);
  });

  test("has every guide", () => {
    const guides = guideGroups(repository).flatMap((group) => group.guides);
    expect(guides.map(documentPage).filter((page) => !pages.includes(page))).toEqual([]);
  });

  test("has every published package, and the reference of everything that can be imported of it", () => {
    const packages = publishedPackages(repository);
    const overviews = packages.map(({ folder }) => `packages/${folder}/index.html`);
    const references = packages.flatMap(({ entryPoints }) =>
      entryPoints.map(({ name }) => `api/${name.replace("@hashlog/", "")}/index.html`),
    );
    expect(references.length).toBeGreaterThan(10);
    expect([...overviews, ...references].filter((page) => !pages.includes(page))).toEqual([]);
  });
});

describe("the plan of the site", () => {
  const files = {
    "README.md": "# Home\n\n[code](src/a.ts), [all of it](src), [more](lib), ![A chart](chart.svg)\n",
    "PROOF.md": "# P",
    "CONTRIBUTING.md": "# C",
    "ARCHITECTURE.md": "# A",
    "chart.svg": "<svg/>",
    "src/a.ts": "one();\n",
    "src/b.ts": "two();\n",
    "lib/README.md": "# Lib\n",
    "lib/unlinked.ts": "three();\n",
    ".changeset/x.md": "# No page\n",
    [GUIDES_INDEX]: "# Guides\n",
    "docs/decisions/001-a.md": "# 001: a\n",
  };

  test("has a page for each document, for code that is linked to, and for folders with all that is in them", () => {
    const site = planSite(madeUpRepository(files), []);
    expect(site.documents).not.toContain(".changeset/x.md");
    expect(site.made.map(({ page }) => page)).toEqual([
      "source/src/a.ts.html",
      "source/src/b.ts.html",
      "decisions/index.html",
      "source/src/index.html",
    ]);
    expect(site.images).toEqual(["chart.svg"]);
    expect(site.targets.pageOf("lib/unlinked.ts")).toBeUndefined();
  });

  test("shows a folder by its README where it has one", () => {
    expect(planSite(madeUpRepository(files), []).targets.pageOf("lib")).toBe("lib/index.html");
  });

  test("lists a folder with the titles of documents and the names of files", () => {
    const made = new Map(planSite(madeUpRepository(files), []).made.map(({ page, html }) => [page, html]));
    expect(made.get("decisions/index.html")).toContain('<a href="001-a.html">001: a</a>');
    expect(made.get("source/src/index.html")).toContain('<a href="b.ts.html">b.ts</a>');
    expect(made.get("source/src/a.ts.html")).toContain('<span class="line" id="L1">');
  });
});
