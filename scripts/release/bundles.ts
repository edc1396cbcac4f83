/**
 * How much of a package comes along with what a program imports of it, as a bundler sees it: minified and compressed, from the
 * packed package and the packages that it is installed with.
 */
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

export interface Budget {
  /** The folder of the package that is imported. */
  readonly folder: string;
  /** A module; what it exports is what is used. */
  readonly code: string;
  /** Of the bundle, minified and compressed by gzip at level 9. */
  readonly gzipBytesMax: number;
}

export interface Bundle {
  readonly minifiedBytes: number;
  readonly gzipBytes: number;
}

const from = (folder: string, names: string, gzipBytesMax: number, entry = ""): Budget => ({
  folder,
  code: `export ${names} from "@hashlog/${folder}${entry}";`,
  gzipBytesMax,
});

/** What was measured, and a tenth more or so: whoever exceeds one says here by how much, and so why. */
export const BUDGETS: readonly Budget[] = [
  // All of a store: docs/decisions/019-a-store-is-loaded-whole.md.
  from("engine", "{ open }", 106_000),
  // What needs no store brings none along.
  from("engine", "{ utf8 }", 900),
  from("engine", "{ HashlogError }", 500),
  from("engine", "{ workerMerge }", 3_000, "/worker"),
  from("format", "*", 11_500),
  from("format", "{ crc32 }", 800),
  from("index", "{ hashKeydir }", 14_000),
  from("index", "{ IndexError }", 500),
  from("compactor", "{ merge }", 9_000),
  from("compactor", "{ planMerge, resolvePolicy }", 5_000),
  from("fs-io", "{ nodeFileSystem }", 7_000),
  from("fs-io", "{ memoryFileSystem }", 2_200),
];

/**
 * @param directory A folder in which the package is installed.
 * @throws Error where it cannot be bundled
 */
export async function measureBundle(code: string, directory: string): Promise<Bundle> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: directory },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "node20",
    write: false,
    logLevel: "silent",
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error("the bundler has written nothing");
  return { minifiedBytes: output.contents.length, gzipBytes: gzipSync(output.contents, { level: 9 }).length };
}
