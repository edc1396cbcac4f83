/** Every published package loads by `import` and by `require`, from what would be published and from nothing else. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, test } from "./harness.mjs";
import { inDirectory, OtherProcess } from "./machine.mjs";

const require = createRequire(import.meta.url);
const packages = join(dirname(fileURLToPath(import.meta.url)), "..", "node_modules", "@hashlog");

describe("loading", () => {
  for (const name of readdirSync(packages).toSorted()) {
    for (const entry of entriesOf(name)) {
      test(`${entry} gives the same by import and by require`, async () => {
        const imported = await import(entry);
        const required = require(entry);
        const names = Object.keys(required).filter((key) => key !== "__esModule");
        assert.deepEqual(Object.keys(imported).toSorted(), names.toSorted());
        assert.ok(names.length > 0);
        for (const key of names) assert.equal(imported[key], required[key], key);
      });

      test(`${entry} lies where it was installed, and what it leads to is JavaScript that was built`, () => {
        const file = realpathSync(require.resolve(entry));
        assert.ok(file.startsWith(join(realpathSync(join(packages, name)), "dist") + sep), file);
      });
    }
  }

  test("a program in CommonJS writes to a store and reads it", () =>
    inDirectory(async (directory) => {
      const program = new OtherProcess("common.cjs", directory);
      assert.deepEqual(await program.says(1), ["Ada Lovelace"]);
      assert.equal(await program.end(), 0);
    }));
});

/**
 * What can be imported of a package, by the package.json that is published.
 * @param {string} name
 */
function entriesOf(name) {
  const { exports } = JSON.parse(readFileSync(join(packages, name, "package.json"), "utf8"));
  return Object.keys(exports)
    .filter((path) => path !== "./package.json")
    .map((path) => `@hashlog/${name}${path.slice(1)}`);
}
