import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Folders that are on every machine that has come as far as running this: the installed dependencies, and more. */
export function foldersToStore(): string[] {
  const installed = fileURLToPath(new URL("../../node_modules/.pnpm", import.meta.url));
  return [installed, "/usr/share"].filter((folder) => existsSync(folder));
}

/** Every ordinary file below the folder, in no particular order. Links are not followed, unreadable folders skipped. */
export function* filesBelow(folder: string): Generator<string> {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}
