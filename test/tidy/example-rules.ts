/** What holds for the folders in examples/: each can be copied as it is, is found in the list, and has its number. */
import { importsOf, packageOf } from "./package-rules.ts";
import { complaint, isModule, type Rule, type SourceFile } from "./source-file.ts";

const FOLDER = /^examples\/((\d{3})-[a-z0-9]+(?:-[a-z0-9]+)*)\//;

/** Each has a program, a README and a private package.json of its own, is in the list, and the next number. */
export const examplesAreWhole: Rule = (files) => {
  const list = files.find(({ path }) => path === "examples/README.md")?.text ?? "";
  return folders(files).flatMap((folder, index) => {
    const say = (message: string): string => `examples/${folder}: ${message}`;
    const textOf = (name: string): string | undefined =>
      files.find(({ path }) => path === `examples/${folder}/${name}`)?.text;
    const manifest = JSON.parse(textOf("package.json") ?? "{}") as { name?: string; private?: boolean };
    return [
      ...(Number(folder.slice(0, 3)) === index + 1
        ? []
        : [say(`is the example ${index + 1}, by its place in the list`)]),
      ...["main.ts", "README.md", "package.json"]
        .filter((name) => textOf(name) === undefined)
        .map((name) => say(`no ${name}`)),
      ...(list.includes(`](${folder}/README.md)`) ? [] : [say("examples/README.md does not lead to it")]),
      ...(manifest.name === `@hashlog/example-${folder.slice(4)}` ? [] : [say("its package is not named after it")]),
      ...(manifest.private === true ? [] : [say("its package is not private")]),
    ];
  });
};

/** What an example imports is in its own package.json: in another folder there is nothing else. */
export const examplesImportWhatIsDeclared: Rule = (files) =>
  files.flatMap((file) => {
    const folder = FOLDER.exec(file.path)?.[1];
    if (folder === undefined || !isModule(file.path)) return [];
    const manifest = files.find(({ path }) => path === `examples/${folder}/package.json`)?.text ?? "{}";
    const { dependencies = {} } = JSON.parse(manifest) as { dependencies?: Record<string, string> };
    return importsOf(file)
      .filter(({ source }) => !source.startsWith("node:") && !/^\.\/[^/]+$/.test(source))
      .filter(({ source }) => !Object.hasOwn(dependencies, packageOf(source)))
      .map(({ source, start }) => complaint(file, start, `${source} is not in examples/${folder}/package.json`));
  });

/** Also those whose names are not as they should be. */
function folders(files: readonly SourceFile[]): string[] {
  const names = files.flatMap(({ path }) => /^examples\/([^/]+)\//.exec(path)?.[1] ?? []);
  return [...new Set(names)].toSorted();
}
