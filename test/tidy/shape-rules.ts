/** The shape of the source: index files, sizes, names, documentation. */
import { Visitor, type Node } from "oxc-parser";
import { posix } from "node:path";
import { MARK_LINE } from "./coverage-rules.ts";
import { complaint, isModule, lineAt, parse, sourcePackage, type Rule, type SourceFile } from "./source-file.ts";

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;

const CONTRACT_SUITE = /\/src\/testing\/(?:contract-[^/]+|[^/]+-contract)\.ts$/;

/** A module says by name what it exports. */
export const noExportStar: Rule = (files) =>
  files
    .filter((file) => isModule(file.path))
    .flatMap((file) =>
      parse(file)
        .program.body.filter((node) => node.type === "ExportAllDeclaration")
        .map((node) => complaint(file, node.start, "export by name")),
    );

/** The whole public face on one screen: an index file holds `export { names } from "./file.ts"` and nothing else. */
export const indexFilesOnlyReExport: Rule = (files) =>
  files.filter(isIndex).flatMap((file) =>
    parse(file)
      .program.body.filter((node) => node.type !== "ExportNamedDeclaration" || node.source === null)
      .map((node) => complaint(file, node.start, "an index file holds named re-exports only")),
  );

/** Tests and tools too: a list of cases that is longer has a second noun like anything else. */
export const filesAreShort: Rule = (files) =>
  files
    .filter((file) => isModule(file.path))
    .filter((file) => lineCount(file.text) > FILE_LINES_MAX)
    .map((file) => `${file.path}: ${lineCount(file.text)} lines, more than ${FILE_LINES_MAX}: is there a second noun?`);

/** Counts every function with all that is nested in it. A contract suite is a list of cases, and as long as its cases are many. */
export const functionsAreShort: Rule = (files) =>
  files
    .filter((file) => sourcePackage(file.path) !== undefined && !CONTRACT_SUITE.test(file.path))
    .flatMap((file) =>
      functionsOf(file)
        .filter(({ lines }) => lines > FUNCTION_LINES_MAX)
        .map(({ start, lines }) =>
          complaint(file, start, `a function of ${lines} lines, more than ${FUNCTION_LINES_MAX}`),
        ),
    );

/** Everything that an index file exports has a doc comment where it is declared. */
export const exportsAreDocumented: Rule = (files) => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  return files.filter(isIndex).flatMap((index) =>
    parse(index).module.staticExports.flatMap(({ entries }) =>
      entries.flatMap((entry) => {
        const name = entry.importName.name;
        const source = entry.moduleRequest?.value;
        if (name === null || source === undefined) return [];
        const path = resolveModule(index.path, source);
        const verdict = documentation(byPath, path, name);
        return verdict === "documented" ? [] : [complaint(index, entry.start, `${name} is ${verdict} in ${path}`)];
      }),
    ),
  );
};

/** A file is named after its one concept: kebab-case. */
export const sourceFilesAreKebabCase: Rule = (files) =>
  files
    .filter(
      (file) =>
        sourcePackage(file.path) !== undefined && !/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(posix.basename(file.path)),
    )
    .map((file) => `${file.path}: a source file is called like-this.ts`);

function isIndex(file: SourceFile): boolean {
  return /^packages\/[^/]+\/src\/(testing\/)?index\.ts$/.test(file.path);
}

/** Labels for coverage marks are not counted: nobody has to read them. */
function lineCount(text: string): number {
  return text
    .replace(/\n$/, "")
    .split("\n")
    .filter((line) => !MARK_LINE.test(line)).length;
}

function functionsOf(file: SourceFile): { start: number; lines: number }[] {
  const found: { start: number; lines: number }[] = [];
  const add = ({ start, end }: Node): void => {
    found.push({ start, lines: lineAt(file.text, end) - lineAt(file.text, start) + 1 });
  };
  const visitor = new Visitor({ FunctionDeclaration: add, FunctionExpression: add, ArrowFunctionExpression: add });
  visitor.visit(parse(file).program);
  return found;
}

/** Follows re-exports; of an overloaded function one documented signature is enough. */
function documentation(
  byPath: ReadonlyMap<string, SourceFile>,
  path: string,
  name: string,
): "documented" | "undocumented" | "not found" {
  const file = byPath.get(path);
  if (file === undefined) return "not found";
  const { program, comments } = parse(file);
  let found: "undocumented" | "not found" = "not found";
  for (const node of program.body) {
    if (node.type !== "ExportNamedDeclaration") continue;
    const specifier = node.specifiers.find(({ exported }) => exported.type === "Identifier" && exported.name === name);
    if (specifier !== undefined && node.source !== null) {
      const local = specifier.local.type === "Identifier" ? specifier.local.name : name;
      return documentation(byPath, resolveModule(path, node.source.value), local);
    }
    if (!declaredNames(node.declaration).includes(name)) continue;
    const before = comments.findLast(({ end }) => end <= node.start);
    const adjacent = before !== undefined && file.text.slice(before.end, node.start).trim() === "";
    if (adjacent && before.type === "Block" && before.value.startsWith("*")) return "documented";
    found = "undocumented";
  }
  return found;
}

function resolveModule(from: string, source: string): string {
  const name = /^@hashlog\/([^/]+)$/.exec(source)?.[1];
  return name === undefined ? posix.join(posix.dirname(from), source) : `packages/${name}/src/index.ts`;
}

function declaredNames(declaration: Node | null): string[] {
  if (declaration === null) return [];
  if (declaration.type === "VariableDeclaration") {
    return declaration.declarations.flatMap(({ id }) => (id.type === "Identifier" ? [id.name] : []));
  }
  return "id" in declaration && declaration.id?.type === "Identifier" ? [declaration.id.name] : [];
}
