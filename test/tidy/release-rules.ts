/** What holds for packages that are released together: one version, and a README that says what its users have to know. */
import { complaint, parse, type Rule, type SourceFile } from "./source-file.ts";

/** docs/decisions/001-fixed-versions.md */
export const packagesShareAVersion: Rule = (files) => {
  const versions = manifestsOf(files).map(({ manifest }) => manifest.version);
  return manifestsOf(files)
    .filter(({ manifest }) => manifest.version !== versions[0])
    .map(({ path, manifest }) => `${path}: version ${manifest.version}, where another package has ${versions[0]}`);
};

/** The group of packages that changesets releases together is all of them. */
export const changesetsKnowEveryPackage: Rule = (files) => {
  const names = manifestsOf(files).map(({ manifest }) => manifest.name);
  return files
    .filter(({ path }) => path === ".changeset/config.json")
    .flatMap(({ path, text }) => {
      const { fixed } = JSON.parse(text) as { fixed: string[][] };
      const missing = names.filter((name) => !fixed[0]?.includes(name));
      const unknown = fixed.flat().filter((name) => !names.includes(name));
      return [
        ...(fixed.length === 1 ? [] : [`${path}: ${fixed.length} fixed groups, and not one`]),
        ...missing.map((name) => `${path}: ${name} is not in the fixed group`),
        ...unknown.map((name) => `${path}: there is no package ${name}`),
      ];
    });
};

/** The parts that each README has, in whatever order. What brings programs has a table of their commands instead. */
export const readmesAreWhole: Rule = (files) =>
  manifestsOf(files).flatMap(({ folder, manifest }) => {
    const path = `packages/${folder}/README.md`;
    const text = files.find((file) => file.path === path)?.text ?? "";
    const reference = manifest.bin === undefined ? /^## API$/m : /^## (?:API|Commands)$/m;
    const from = text.search(reference);
    return [
      ...(installs(text, manifest.name) ? [] : [`${path}: it does not say how ${manifest.name} is installed`]),
      ...["Guarantees", "Not guaranteed"]
        .filter((title) => !text.split("\n").includes(`## ${title}`))
        .map((title) => `${path}: there is no chapter "${title}"`),
      ...(from >= 0 && /^\|/m.test(text.slice(from).split(/\n(?=## )/, 1)[0] ?? "")
        ? []
        : [`${path}: there is no chapter "API" with a table`]),
    ];
  });

/** Every value that a package exports is named in its README. Types speak for themselves, where they are used. */
export const readmesNameWhatIsExported: Rule = (files) =>
  files.flatMap((file) => {
    const folder = /^packages\/([^/]+)\/src\/(?:[^/]+\/)?index\.ts$/.exec(file.path)?.[1];
    if (folder === undefined) return [];
    const readme = files.find(({ path }) => path === `packages/${folder}/README.md`)?.text ?? "";
    return parse(file)
      .module.staticExports.flatMap(({ entries }) => entries)
      .filter(({ isType }) => !isType)
      .flatMap(({ exportName, start }) => {
        const { name } = exportName;
        if (name === null || new RegExp(String.raw`(?<![\w$])${name}(?![\w$])`).test(readme)) return [];
        return [complaint(file, start, `${name} is not in packages/${folder}/README.md`)];
      });
  });

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin?: unknown;
}

function manifestsOf(files: readonly SourceFile[]): { path: string; folder: string; manifest: Manifest }[] {
  return files.flatMap(({ path, text }) => {
    const folder = /^packages\/([^/]+)\/package\.json$/.exec(path)?.[1];
    return folder === undefined ? [] : [{ path, folder, manifest: JSON.parse(text) as Manifest }];
  });
}

function installs(markdown: string, name: string): boolean {
  const blocks = [...markdown.matchAll(/^```sh\n(.*?)^```/gms)].map(([, code = ""]) => code);
  return blocks.some((code) =>
    code.split("\n").some((line) => line.startsWith("npm install ") && line.split(" ").includes(name)),
  );
}
