/** Which package may lean on which, in imports and in package.json: the arrows of ARCHITECTURE.md. */
import { posix } from "node:path";
import { INSTALL_SCRIPTS } from "../../scripts/release/contents.ts";
import { complaint, isModule, parse, sourcePackage, type Rule, type SourceFile } from "./source-file.ts";

/** What each package is built on. Nothing else is a dependency at run time. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  format: [],
  "fs-io": [],
  index: ["format"],
  compactor: ["format"],
  engine: ["format", "fs-io", "index", "compactor"],
  level: ["engine"],
  keyv: ["engine"],
  unstorage: ["engine"],
  datastore: ["engine"],
  blockstore: ["engine"],
  cli: ["compactor", "engine", "format", "fs-io", "index"],
};

/** What an adapter adapts to, and what the command line is made with: packages of others, which each takes along, or which its user has to have. */
const HOSTS: Readonly<Record<string, Host>> = {
  level: { dependencies: ["abstract-level"], peers: [] },
  keyv: { dependencies: [], peers: ["keyv"] },
  unstorage: { dependencies: [], peers: ["unstorage"] },
  datastore: { dependencies: ["datastore-core", "interface-datastore", "interface-store"], peers: [] },
  blockstore: {
    dependencies: ["blockstore-core", "interface-blockstore", "interface-store", "multiformats"],
    peers: [],
  },
  cli: { dependencies: ["cli-progress", "cli-table3", "commander", "ms", "pretty-bytes", "shlex"], peers: [] },
};

interface Host {
  readonly dependencies: readonly string[];
  readonly peers: readonly string[];
}

const NO_HOST: Host = { dependencies: [], peers: [] };

/** Sources import Node's own modules, files of their own package, the packages that an arrow leads to, and their host. */
export const importsFollowTheArrows: Rule = (files) =>
  files.flatMap((file) => {
    const name = sourcePackage(file.path);
    if (name === undefined) return [];
    const { dependencies, peers } = HOSTS[name] ?? NO_HOST;
    const targets = new Set((ARROWS[name] ?? []).map((target) => `@hashlog/${target}`));
    const hosts = new Set([...dependencies, ...peers]);
    return importsOf(file)
      .filter(({ source }) => !source.startsWith("node:") && !targets.has(source) && !hosts.has(packageOf(source)))
      .filter(({ source }) => !staysInside(file.path, source, `packages/${name}/src/`))
      .map(({ source, start }) => complaint(file, start, `packages/${name} must not import ${source}`));
  });

/** What the tests of several packages need. */
const TEST_SUPPORT = "test/support/";

/** Tests may take what their package.json names besides, the test tools of the root, and what is there for several packages. */
export const testsImportWhatIsDeclared: Rule = (files) => {
  const manifests = manifestsOf(files);
  return files.flatMap((file) => {
    const name = /^packages\/([^/]+)\/(?:test|bench)\//.exec(file.path)?.[1];
    const manifest = name === undefined ? undefined : manifests.get(name);
    if (manifest === undefined || !isModule(file.path)) return [];
    const allowed = new Set(["vitest", "fast-check", `@hashlog/${name}`, ...declared(manifest)]);
    return importsOf(file)
      .filter(({ source }) => !source.startsWith("node:") && !allowed.has(packageOf(source)))
      .filter(({ source }) => !staysInside(file.path, source, `packages/${name}/`))
      .filter(({ source }) => !staysInside(file.path, source, TEST_SUPPORT))
      .map(({ source, start }) => complaint(file, start, `${source} is not in packages/${name}/package.json`));
  });
};

/** The rules for a published package's package.json. */
export const manifestsAreWhole: Rule = (files) =>
  [...manifestsOf(files)].flatMap(([name, manifest]) => {
    const say = (message: string): string => `packages/${name}/package.json: ${message}`;
    const { dependencies, peers } = HOSTS[name] ?? NO_HOST;
    const wanted = [...(ARROWS[name] ?? []).map((target) => `@hashlog/${target}`), ...dependencies].toSorted();
    const scripts = Object.keys(manifest.scripts ?? {}).filter((script) => INSTALL_SCRIPTS.includes(script));
    return [
      ...(ARROWS[name] === undefined ? [say("no arrow is drawn for this package")] : []),
      ...(same(Object.keys(manifest.dependencies ?? {}).toSorted(), wanted)
        ? []
        : [say(`dependencies are not ${wanted.join(", ") || "none"}`)]),
      ...(same(Object.keys(manifest.peerDependencies ?? {}).toSorted(), peers.toSorted())
        ? []
        : [say(`peerDependencies are not ${peers.join(", ") || "none"}: they are dependencies`)]),
      ...(manifest.optionalDependencies ? [say("optional dependencies are dependencies")] : []),
      ...scripts.map((script) => say(`the script "${script}" runs when somebody installs the package`)),
      ...(same(manifest.publishConfig?.exports, withoutSource(manifest.exports))
        ? []
        : [say("publishConfig.exports differs from exports")]),
      ...(manifest.type === "module" && manifest.sideEffects === false
        ? []
        : [say("not an ES module without side effects")]),
      ...(manifest.engines?.node === ">=20.19" ? [] : [say("engines.node is not >=20.19")]),
      ...(files.some(({ path }) => path === `packages/${name}/README.md`)
        ? []
        : [say("there is no README.md beside it")]),
      ...(files.some(({ path }) => path === `packages/${name}/LICENSE`) ? [] : [say("there is no LICENSE beside it")]),
    ];
  });

/** `tsc -b` builds in the order of the same arrows. */
export const referencesFollowTheArrows: Rule = (files) =>
  files.flatMap((file) => {
    const name = /^packages\/([^/]+)\/tsconfig\.json$/.exec(file.path)?.[1];
    if (name === undefined) return [];
    const { references = [] } = JSON.parse(file.text) as { references?: { path: string }[] };
    const found = references.map(({ path }) => posix.basename(path)).toSorted();
    const wanted = (ARROWS[name] ?? []).toSorted();
    return same(found, wanted) ? [] : [`${file.path}: references are not ${wanted.join(", ") || "none"}`];
  });

interface Manifest {
  readonly type?: string;
  readonly sideEffects?: boolean;
  readonly engines?: { readonly node?: string };
  readonly scripts?: Readonly<Record<string, string>>;
  readonly exports?: unknown;
  readonly publishConfig?: { readonly exports?: unknown };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function manifestsOf(files: readonly SourceFile[]): Map<string, Manifest> {
  return new Map(
    files.flatMap(({ path, text }): [string, Manifest][] => {
      const name = /^packages\/([^/]+)\/package\.json$/.exec(path)?.[1];
      return name === undefined ? [] : [[name, JSON.parse(text) as Manifest]];
    }),
  );
}

function declared(manifest: Manifest): string[] {
  return Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
}

export function importsOf(file: SourceFile): { source: string; start: number }[] {
  const { staticImports, staticExports, dynamicImports } = parse(file).module;
  const requests = [
    ...staticImports.map(({ moduleRequest }) => moduleRequest),
    ...staticExports.flatMap(({ entries }) => entries.map(({ moduleRequest }) => moduleRequest)),
  ];
  return [
    ...requests.flatMap((request) => (request === null ? [] : [{ source: request.value, start: request.start }])),
    ...dynamicImports.map(({ moduleRequest: { start, end } }) => ({
      source: unquoted(file.text.slice(start, end)),
      start,
    })),
  ];
}

/** A dynamic import's operand as it stands; one that is computed stays what it is and is complained about. */
function unquoted(text: string): string {
  return text.replace(/^(["'])(.*)\1$/, "$2");
}

export function packageOf(source: string): string {
  return source
    .split("/")
    .slice(0, source.startsWith("@") ? 2 : 1)
    .join("/");
}

function staysInside(path: string, source: string, folder: string): boolean {
  return source.startsWith(".") && posix.join(posix.dirname(path), source).startsWith(folder);
}

function withoutSource(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => key !== "@hashlog/source");
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutSource(inner)]));
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
