/**
 * The API reference as Markdown, made by TypeDoc of the doc comments. TypeDoc reads the sources with the last TypeScript that
 * has an interface for programs; it asks it for types, and does not check them: that is done elsewhere.
 */
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { Application, LogLevel, type ProjectReflection } from "typedoc";
import type { PluginOptions } from "typedoc-plugin-markdown";
import { ROOT } from "../../scripts/setup.mjs";
import type { PublishedPackage } from "./entry-points.ts";
import { layOutSignatures } from "./signatures.ts";
import { tidyReference } from "./tidy-reference.ts";

/** A page of the reference, as a document that lies in `site/api`. */
export interface ReferencePage {
  /** As if it were a file of the repository: `site/api/@hashlog/engine/functions/open.md`. */
  readonly source: string;
  readonly text: string;
}

const MARKDOWN: Partial<PluginOptions> = {
  useCodeBlocks: true,
  expandObjects: true,
  expandParameters: true,
  parametersFormat: "table",
  interfacePropertiesFormat: "table",
  classPropertiesFormat: "table",
  typeAliasPropertiesFormat: "table",
  typeDeclarationFormat: "table",
  propertyMembersFormat: "table",
  indexFormat: "table",
  hidePageHeader: true,
  hideBreadcrumbs: true,
  entryFileName: "index",
  tableColumnSettings: {
    hideSources: true,
    hideModifiers: true,
    hideOverrides: true,
    hideInherited: true,
    hideDefaults: true,
  },
};

/**
 * @param scratch A directory of its own, made and removed.
 * @throws Error where TypeDoc warns: a link in a doc comment that leads nowhere, an entry point that is not there.
 */
export async function apiReference(packages: readonly PublishedPackage[], scratch: string): Promise<ReferencePage[]> {
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  try {
    const app = await application(packages);
    const project = await app.convert();
    if (project !== undefined) {
      nameModules(project, packages);
      app.validate(project);
      app.options.setValue("outputs", [{ name: "markdown", path: scratch }]);
      await app.generateOutputs(project);
    }
    if (app.logger.errorCount + app.logger.warningCount > 0) throw new Error("the API reference has errors, see above");
    return await pagesIn(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function application(packages: readonly PublishedPackage[]): Promise<Application> {
  const entryPoints = packages.flatMap((published) => published.entryPoints.map(({ source }) => join(ROOT, source)));
  return Application.bootstrapWithPlugins({
    entryPoints: entryPoints.map((path) => path.split(sep).join("/")),
    tsconfig: join(ROOT, "site", "tsconfig.api.json"),
    plugin: ["typedoc-plugin-markdown"],
    logLevel: LogLevel.Warn,
    readme: "none",
    excludePrivate: true,
    excludeProtected: true,
    excludeInternal: true,
    excludeExternals: true,
    skipErrorChecking: true,
    disableGit: true,
    basePath: ROOT,
    displayBasePath: ROOT,
    sourceLinkTemplate: "/{path}#L{line}",
    kindSortOrder: ["Function", "Class", "Variable", "Interface", "TypeAlias"],
    groupOrder: ["Functions", "Classes", "Variables", "Interfaces", "Type Aliases", "*"],
    validation: { notExported: false, invalidLink: true, notDocumented: false },
    ...MARKDOWN,
  });
}

/** TypeDoc calls a module after its folder. Here it is called what one writes to import it. */
function nameModules(project: ProjectReflection, packages: readonly PublishedPackage[]): void {
  const names = new Map(packages.flatMap(({ entryPoints }) => entryPoints.map(({ source, name }) => [source, name])));
  for (const module of project.children ?? []) {
    const name = names.get(module.sources?.[0]?.fileName ?? "");
    if (name === undefined) throw new Error(`nobody can import ${module.name}`);
    module.name = name;
  }
}

async function pagesIn(scratch: string): Promise<ReferencePage[]> {
  const entries = await readdir(scratch, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const pages = files.toSorted().map(async (file) => ({
    source: `site/api/${relative(scratch, file).split(sep).join("/")}`,
    text: await layOutSignatures(tidyReference(await readFile(file, "utf8"))),
  }));
  // What is told of the packages in general is a page of the site's own.
  return (await Promise.all(pages)).filter(({ source }) => source !== "site/api/index.md");
}
