/** What a tarball may and must hold: rules over packages as plain data, each of which answers with what is wrong. */
import { posix } from "node:path";
import { programsOf, textOf, type PackedPackage } from "./packed-package.ts";

/** What stands beside the sources and what is built of them. */
const ALWAYS = ["LICENSE", "README.md", "package.json"];

/** What npm runs by itself when somebody installs a package, from a registry or from its repository. */
export const INSTALL_SCRIPTS: readonly string[] = [
  ...["preinstall", "install", "postinstall"],
  ...["prepublish", "preprepare", "prepare", "postprepare"],
];

/**
 * @param siblings All that are released together, this one included.
 * @param license The text of the licence, that of the root.
 */
export function complaintsAbout(one: PackedPackage, siblings: readonly PackedPackage[], license: string): string[] {
  return [
    ...aboutManifest(one, siblings),
    ...aboutExports(one),
    ...aboutPrograms(one),
    ...aboutFiles(one, license),
    ...aboutBuiltFiles(one),
    ...aboutSourceMaps(one),
    ...aboutLinks(one, siblings),
  ].map((complaint) => `${one.manifest.name}: ${complaint}`);
}

function aboutManifest({ files, manifest }: PackedPackage, siblings: readonly PackedPackage[]): string[] {
  const text = textOf(files.get("package.json") ?? new Uint8Array());
  const ranges = Object.entries({ ...manifest.dependencies, ...manifest.peerDependencies });
  return [
    ...(["@hashlog/source", "workspace:"] as const)
      .filter((word) => text.includes(word))
      .map((word) => `package.json still holds "${word}", which means nothing outside of this workspace`),
    ...ranges.flatMap(([name, range]) => {
      const version = siblings.find((other) => other.manifest.name === name)?.manifest.version;
      return version === undefined || range === `^${version}` ? [] : [`it wants ${name} ${range}, and not ^${version}`];
    }),
    ...(["description", "license", "keywords"] as const)
      .filter((field) => (manifest[field]?.length ?? 0) === 0)
      .map((field) => `package.json has no ${field}`),
    ...(manifest.publishConfig?.access === "public" ? [] : ["publishConfig.access is not public"]),
    ...(manifest.publishConfig?.provenance === true ? [] : ["publishConfig.provenance is not true"]),
    ...INSTALL_SCRIPTS.filter((script) => manifest.scripts?.[script] !== undefined).map(
      (script) => `the script "${script}" runs when somebody installs it`,
    ),
  ];
}

function aboutExports({ files, manifest }: PackedPackage): string[] {
  const lacks = (path: string): boolean => !files.has(path.replace(/^\.\//, ""));
  return Object.entries(manifest.exports ?? {}).flatMap(([entry, target]) => {
    if (typeof target === "string") return lacks(target) ? [`"${entry}" leads to ${target}, which is not there`] : [];
    const missing = Object.values(target).filter(lacks);
    const conditions = Object.keys(target);
    return [
      // Whoever resolves takes the first condition that holds, and "default" always does.
      ...(conditions[0] === "types" ? [] : [`"${entry}" does not begin with its types`]),
      ...(conditions.at(-1) === "default" ? [] : [`"${entry}" does not end with a default`]),
      ...missing.map((path) => `"${entry}" leads to ${path}, which is not there`),
    ];
  });
}

function aboutPrograms({ files, manifest }: PackedPackage): string[] {
  return programsOf(manifest).flatMap(([program, path]) => {
    const file = files.get(path);
    if (file === undefined) return [`the program ${program} is ${path}, which is not there`];
    const text = textOf(file);
    // docs/decisions/022-the-program-is-one-file.md
    const imported = [...text.matchAll(/^import\b[^"'\n]*["'](?!node:)([^"'\n]+)["']/gm)].map(([, name]) => name);
    return [
      ...(text.startsWith("#!/usr/bin/env node\n") ? [] : [`${path} does not begin with #!/usr/bin/env node`]),
      ...imported.map((name) => `${path} imports ${name}: it was built, and not made one file`),
    ];
  });
}

function aboutFiles(one: PackedPackage, license: string): string[] {
  const { files, manifest } = one;
  const documents = linkedDocuments(one);
  const programs = programsOf(manifest).map(([, path]) => path);
  const mayBeThere = (path: string): boolean =>
    ALWAYS.includes(path) || documents.has(path) || programs.includes(path) || SOURCE.test(path) || BUILT.test(path);
  const licenseFile = files.get("LICENSE");
  return [
    ...ALWAYS.filter((path) => !files.has(path)).map((path) => `there is no ${path}`),
    ...[...files.keys()].filter((path) => !mayBeThere(path)).map((path) => `${path} is of no use to anybody there`),
    ...(licenseFile === undefined || textOf(licenseFile) === license ? [] : ["LICENSE is not that of the repository"]),
  ];
}

const SOURCE = /^src\/(.+)\.ts$/;
const BUILT = /^dist\/(.+?)(\.js|\.js\.map|\.d\.ts|\.d\.ts\.map)$/;
const BUILT_ENDINGS = [".js", ".js.map", ".d.ts", ".d.ts.map"];

/** Every source is built, and nothing is left of sources that are there no more. */
function aboutBuiltFiles({ files, manifest }: PackedPackage): string[] {
  const paths = [...files.keys()];
  const unmapped = programsOf(manifest).map(([, path]) => `${path}.map`);
  return [
    ...paths.flatMap((path) => {
      const stem = SOURCE.exec(path)?.[1];
      if (stem === undefined) return [];
      const missing = BUILT_ENDINGS.map((ending) => `dist/${stem}${ending}`).filter((built) => !files.has(built));
      return missing
        .filter((built) => !unmapped.includes(built))
        .map((built) => `${built} is missing: nobody has built ${path}`);
    }),
    ...paths.flatMap((path) => {
      const stem = BUILT.exec(path)?.[1];
      return stem === undefined || files.has(`src/${stem}.ts`)
        ? []
        : [`${path} was built of a source that is gone: npm run clean, and build again`];
    }),
  ];
}

/** A debugger, and "go to definition", end in the sources that were shipped. A program is its own source: it holds others' too. */
function aboutSourceMaps({ files, manifest }: PackedPackage): string[] {
  const programs = programsOf(manifest).map(([, path]) => path);
  return [...files].flatMap(([path, bytes]) => {
    if (!BUILT.test(path) || programs.includes(path)) return [];
    const text = textOf(bytes);
    if (!path.endsWith(".map")) {
      const named = /\n\/\/# sourceMappingURL=(\S+)\s*$/.exec(text)?.[1];
      return named === `${posix.basename(path)}.map` ? [] : [`${path} does not name its map`];
    }
    const { sources, sourceRoot = "" } = JSON.parse(text) as { sources: string[]; sourceRoot?: string };
    const resolved = sources.map((source) => posix.join(posix.dirname(path), sourceRoot, source));
    return [
      ...(sources.length > 0 ? [] : [`${path} names no source`]),
      ...resolved.filter((source) => !files.has(source)).map((source) => `${path} leads to ${source}, not there`),
    ];
  });
}

/**
 * In node_modules the siblings lie beside it, as their folders do here. What lies elsewhere in the repository is not there: links to
 * that are for those who read it in the repository, or on npm's page, which resolves them by the field `repository`.
 */
function aboutLinks(one: PackedPackage, siblings: readonly PackedPackage[]): string[] {
  const isThere = (path: string): boolean => {
    const [, folder, rest = ""] = /^\.\.\/([^/]+)\/(.+)$/.exec(path) ?? [];
    const files = folder === undefined ? one.files : siblings.find((other) => other.folder === folder)?.files;
    const inside = folder === undefined ? path : rest;
    return files !== undefined && (files.has(inside) || [...files.keys()].some((key) => key.startsWith(`${inside}/`)));
  };
  return [...one.files].flatMap(([path, bytes]) =>
    path.endsWith(".md")
      ? linksOf(textOf(bytes))
          .map((target) => posix.join(posix.dirname(path), target).replace(/\/$/, ""))
          .filter((target) => !target.startsWith("../../") && !isThere(target))
          .map((target) => `${path} has a link to ${target}, which no package brings`)
      : [],
  );
}

/** The documents that README.md leads to, and those that these lead to. */
function linkedDocuments({ files }: PackedPackage): ReadonlySet<string> {
  const found = new Set(["README.md"]);
  for (const path of found) {
    const bytes = files.get(path);
    if (bytes === undefined || !path.endsWith(".md")) continue;
    for (const target of linksOf(textOf(bytes))) found.add(posix.join(posix.dirname(path), target));
  }
  return found;
}

/** The files that a document links to, without their anchors. What stands in code is not a link. */
function linksOf(markdown: string): string[] {
  const prose = markdown.replaceAll(/^```.*?^```/gms, "").replaceAll(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(\s*<?([^)\s>#]+)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z][a-z+.-]*:/i.test(target));
}
