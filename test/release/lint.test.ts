import { describe, expect, test } from "vitest";
import { attwComplaints, publintComplaints } from "../../scripts/release/lint.ts";
import { madeUpPackage } from "./made-up-package.ts";

describe("publint", () => {
  test("finds nothing in a package that is right", async () => {
    expect(await publintComplaints(madeUpPackage())).toEqual([]);
  });

  test("finds an entry that is not there, and of which package", async () => {
    const one = madeUpPackage({ files: { "dist/index.js": undefined } });
    expect((await publintComplaints(one)).join("\n")).toMatch(/^@hashlog\/one: publint: .*does not exist/);
  });

  test("finds what is no ES module, by what it would only suggest", async () => {
    const one = madeUpPackage({ manifest: { type: undefined } });
    expect((await publintComplaints(one)).join("\n")).toMatch(/type/);
  });
});

describe("attw", () => {
  test("finds nothing in a package that is right, where an ES module is required", async () => {
    expect(await attwComplaints(madeUpPackage())).toEqual([]);
  });

  test("finds types that say CommonJS of an ES module, and where", async () => {
    const exports = { ".": { types: "./dist/index.d.cts", default: "./dist/index.js" } };
    const one = madeUpPackage({ manifest: { exports }, files: { "dist/index.d.cts": "export declare const one: 1;" } });
    expect(await attwComplaints(one)).toEqual([
      "@hashlog/one: attw: FalseCJS in /node_modules/@hashlog/one/dist/index.d.cts",
    ]);
  });

  test("finds declarations that lead nowhere", async () => {
    const one = madeUpPackage({ files: { "dist/index.d.ts": `export { one } from "./gone.ts";` } });
    expect((await attwComplaints(one)).join("\n")).toMatch(/InternalResolutionError in .*index\.d\.ts/);
  });

  test("finds an entry without types", async () => {
    const exports = { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" }, "./a": "./dist/a.js" };
    const one = madeUpPackage({ manifest: { exports }, files: { "dist/a.js": "export {};" } });
    expect(await attwComplaints(one)).toContain(`@hashlog/one: attw: UntypedResolution of "./a" by node16-esm`);
  });

  test("finds that there are no types at all", async () => {
    const files = { "dist/index.d.ts": undefined, "src/index.ts": undefined };
    const one = madeUpPackage({ manifest: { exports: { ".": "./dist/index.js" } }, files });
    expect(await attwComplaints(one)).toEqual(["@hashlog/one: attw: there are no types"]);
  });
});
