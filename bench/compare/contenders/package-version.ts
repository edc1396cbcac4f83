import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";

/** Of a package that this folder depends on. */
export function packageVersion(name: string): string {
  const { version } = JSON.parse(readFileSync(findPackageJSON(name, import.meta.url)!, "utf8")) as { version: string };
  return version;
}
