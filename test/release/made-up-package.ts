/** A package of one module, as it comes out of its tarball, with which everything is right until something is changed. */
import type { PackedManifest, PackedPackage } from "../../scripts/release/packed-package.ts";

export const LICENSE_TEXT = "MIT License, in all its words";

export interface Change {
  readonly folder?: string;
  /** Fields of package.json; `undefined` takes one out. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  /** Files by their paths; `undefined` takes one out. */
  readonly files?: Readonly<Record<string, string | undefined>>;
}

export function madeUpPackage({ folder = "one", manifest = {}, files = {} }: Change = {}): PackedPackage {
  const fields = { ...manifestOf(folder), ...manifest };
  const all = { ...filesOf(folder), "package.json": JSON.stringify(fields), ...files };
  const present = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    folder,
    manifest: JSON.parse(all["package.json"] ?? "{}") as PackedManifest,
    tarball: `${folder}.tgz`,
    tarballBytes: 1_000,
    files: new Map(present.map(([path, text]) => [path, new TextEncoder().encode(text)])),
  };
}

function manifestOf(folder: string): Record<string, unknown> {
  return {
    name: `@hashlog/${folder}`,
    version: "1.2.3",
    description: "one module",
    keywords: ["module"],
    license: "MIT",
    type: "module",
    exports: {
      ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
      "./package.json": "./package.json",
    },
    publishConfig: { access: "public", provenance: true },
  };
}

function filesOf(folder: string): Record<string, string | undefined> {
  const map = JSON.stringify({ version: 3, sources: ["../src/index.ts"], mappings: "" });
  return {
    LICENSE: LICENSE_TEXT,
    "README.md": `# @hashlog/${folder}\n`,
    "src/index.ts": "export const one: number = 1;\n",
    "dist/index.js": "export const one = 1;\n//# sourceMappingURL=index.js.map",
    "dist/index.js.map": map,
    "dist/index.d.ts": "export declare const one: number;\n//# sourceMappingURL=index.d.ts.map",
    "dist/index.d.ts.map": map,
  };
}
