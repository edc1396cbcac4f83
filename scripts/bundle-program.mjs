/**
 * Makes one file of a package's programs, with all that they import: Node opens some three hundred files otherwise, before a
 * command does anything (docs/decisions/022-the-program-is-one-file.md). Run in the package's folder, after the compiler, which
 * has written the modules that `exports` leads to.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { build } from "esbuild";

const manifest = JSON.parse(readFileSync("package.json", "utf8"));

for (const program of Object.values(manifest.bin)) {
  await bundle(`src/${program.replace(/^\.\/dist\//, "").replace(/\.js$/, ".ts")}`, program);
}

/**
 * @param {string} source
 * @param {string} program
 */
async function bundle(source, program) {
  const { metafile, outputFiles } = await build({
    entryPoints: [source],
    outfile: program,
    bundle: true,
    conditions: ["@hashlog/source"],
    platform: "node",
    format: "esm",
    target: "node20",
    // The libraries that are CommonJS ask for Node's own modules by `require`.
    banner: {
      js: 'import { createRequire as requireFrom } from "node:module";\nconst require = requireFrom(import.meta.url);',
    },
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  writeFileSync(program, `${outputFiles[0]?.text}/*\n${licences(Object.keys(metafile.inputs))}\n*/\n`);
  // That of the compiler's own main.js, which was another file.
  rmSync(`${program}.map`, { force: true });
}

/**
 * What the licences of libraries ask of whoever passes them on.
 * @param {readonly string[]} inputs
 */
function licences(inputs) {
  const folders = new Set(inputs.filter((input) => input.includes("/node_modules/")).map(packageFolder));
  const texts = [...folders].map((folder) => {
    const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`${name} brings no licence`);
    return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}`;
  });
  const heading = "This file holds the following libraries.";
  return [heading, ...texts.sort()].join("\n\n----\n\n").replaceAll("*/", "* /");
}

/** @param {string} path Of a file in it, from here. */
function packageFolder(path) {
  let folder = dirname(resolve(path));
  while (!readdirSync(folder).includes("package.json")) folder = dirname(folder);
  return folder;
}
