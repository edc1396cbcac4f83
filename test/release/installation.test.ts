import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PackageStore } from "../../scripts/release/installation.ts";
import { madeUpPackage } from "./made-up-package.ts";

let work: string;
beforeEach(() => {
  work = realpathSync(mkdtempSync(join(tmpdir(), "hashlog-installation-")));
});
afterEach(() => {
  rmSync(work, { recursive: true });
});

/** Puts a package into the made-up workspace as pnpm does: in a folder of its own, with links to what it depends on. */
function pnpmHas(name: string, manifest: object = {}): string {
  const folder = join(work, "workspace", "node_modules", ".pnpm", name.replace("/", "+"), "node_modules", name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name, version: "1.0.0", main: "index.js", ...manifest }),
  );
  writeFileSync(join(folder, "index.js"), `module.exports = "${name}";`);
  return folder;
}

function link(from: string, name: string, target: string): void {
  const path = join(from, name);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path, "junction");
}

const folderOf = (name: string): string => join(work, "workspace", "packages", name, "node_modules");
const store = (...packed: ReturnType<typeof madeUpPackage>[]): PackageStore =>
  new PackageStore(join(work, "store"), packed, join(work, "workspace"));

/** What a module at `place` gets for the name, or what it is told. */
function find(place: string, name: string): unknown {
  try {
    return createRequire(join(realpathSync(place), "a.js"))(name);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

describe("installing without a registry", () => {
  const project = (): string => join(work, "project");
  const install = (packages: PackageStore, ...names: string[]): void =>
    packages.install(project(), names, join(work, "workspace", "packages", "one"));

  test("gives a project what it names, and nothing else", () => {
    link(folderOf("one"), "named", pnpmHas("named"));
    link(folderOf("one"), "unnamed", pnpmHas("unnamed"));
    install(store(), "named");
    expect([find(project(), "named"), find(project(), "unnamed")]).toEqual(["named", "MODULE_NOT_FOUND"]);
  });

  test("gives a released package what it declares, from its siblings and from the workspace", () => {
    link(folderOf("one"), "declared", pnpmHas("declared"));
    link(folderOf("one"), "undeclared", pnpmHas("undeclared"));
    const dependencies = { declared: "^1.0.0", "@hashlog/two": "^1.2.3" };
    const one = madeUpPackage({ manifest: { dependencies } });
    const two = madeUpPackage({ folder: "two" });
    install(store(one, two), "@hashlog/one");

    const place = join(project(), "node_modules", "@hashlog", "one", "dist");
    expect(find(place, "declared")).toBe("declared");
    expect(find(place, "@hashlog/two")).toEqual(expect.objectContaining({ one: 1 }));
    expect(find(place, "undeclared")).toBe("MODULE_NOT_FOUND");
    // Nor does the project see what it has not named itself.
    expect(find(project(), "declared")).toBe("MODULE_NOT_FOUND");
  });

  test("gives packages of others what they declare, peers too, through rings of dependencies", () => {
    const a = pnpmHas("a", { dependencies: { "@b/b": "*" }, peerDependencies: { c: "*" } });
    const b = pnpmHas("@b/b", { dependencies: { a: "*" } });
    const c = pnpmHas("c");
    link(dirname(a), "@b/b", b);
    link(dirname(a), "c", c);
    link(dirname(dirname(b)), "a", a);
    link(folderOf("one"), "a", a);
    install(store(), "a");

    const place = join(project(), "node_modules", "a");
    expect([find(place, "@b/b"), find(place, "c")]).toEqual(["@b/b", "c"]);
    const inner = createRequire(join(realpathSync(place), "a.js")).resolve("@b/b");
    expect([find(dirname(inner), "a"), find(dirname(inner), "c")]).toEqual(["a", "MODULE_NOT_FOUND"]);
  });

  test("leaves out optional peers, and what is optional and not there", () => {
    const optional = { optionalDependencies: { there: "*", away: "*" }, dependencies: { away: "*" } };
    const peers = { peerDependencies: { peer: "*" }, peerDependenciesMeta: { peer: { optional: true } } };
    const a = pnpmHas("a", { ...optional, ...peers });
    link(dirname(a), "there", pnpmHas("there"));
    link(dirname(a), "peer", pnpmHas("peer"));
    link(folderOf("one"), "a", a);
    install(store(), "a");

    const place = join(project(), "node_modules", "a");
    expect(["there", "away", "peer"].map((name) => find(place, name))).toEqual([
      "there",
      "MODULE_NOT_FOUND",
      "MODULE_NOT_FOUND",
    ]);
  });

  test("fails for what is declared and not installed", () => {
    const one = madeUpPackage({ manifest: { dependencies: { away: "^1.0.0" } } });
    expect(() => install(store(one), "@hashlog/one")).toThrow(/away is not installed at .*packages.one/);
  });

  test("refuses a place below a node_modules, where more would be found", () => {
    mkdirSync(join(work, "node_modules"));
    expect(() => store()).toThrow(/node_modules would be found by every program/);
  });
});
