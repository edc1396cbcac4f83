/**
 * Loads one built package the two ways in which a program can, by `import` and by `require`, and holds what it exports
 * against its source. Runs on the Node that npm runs on, which may be the oldest one that the packages support.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { ROOT } from "./setup.mjs";

const [folder = ""] = process.argv.slice(2);
const manifest = JSON.parse(readFileSync(join(ROOT, "packages", folder, "package.json"), "utf8"));

/** What users get: package.json as it will be published, without the condition that leads to the source. */
for (const [path, target] of Object.entries(manifest.publishConfig.exports)) {
  if (typeof target === "string") continue;
  await check(manifest.name + path.slice(1), manifest.exports[path]["@hashlog/source"]);
}

/**
 * @param {string} name As it is imported.
 * @param {string} source From the package's folder.
 */
async function check(name, source) {
  const imported = Object.keys(await import(name)).sort();
  const required = Object.keys(createRequire(import.meta.url)(name)).filter((key) => key !== "__esModule");
  const declared = exportedValues(readFileSync(join(ROOT, "packages", folder, source), "utf8"));
  assert.deepEqual(imported, declared, `${name} does not export what ${source} names`);
  assert.deepEqual(required.sort(), imported, `${name} differs between import and require`);
  console.log(`${name}: ${imported.length} exports on Node ${process.versions.node}`);
}

/**
 * The names of an index file, which holds named re-exports only. Types leave nothing behind in JavaScript.
 * @param {string} text
 */
function exportedValues(text) {
  /** @type {string[]} */
  const names = [];
  const code = text.replaceAll(/\/\*.*?\*\/|\/\/[^\n]*/gs, "");
  for (const [, list = ""] of code.matchAll(/export\s*\{([^}]*)\}/g)) {
    for (const item of list.split(",").map((part) => part.trim())) {
      if (item !== "" && !item.startsWith("type ")) names.push(item.replace(/^.*\sas\s+/, ""));
    }
  }
  return names.sort();
}
