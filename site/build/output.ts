/** The directory that the site goes to. */
import { readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ROOT } from "../../scripts/setup.mjs";

/** Where it goes if nobody says otherwise. */
const OUTPUT = join(ROOT, "site", "dist");

/**
 * Empties the directory, if a site is in it, so that pages which are no more do not stay.
 * @throws Error for a directory with anything else in it
 */
export async function emptyOutput(directory: string): Promise<void> {
  const found = await namesIn(directory);
  // What a building that failed has left in the usual place is no site, but it is ours.
  const isSite = resolve(directory) === OUTPUT || (await namesIn(join(directory, "assets"))).includes("sections.js");
  if (found.length > 0 && !isSite)
    throw new Error(`${directory} holds something else than a site: choose another --out`);
  await rm(directory, { recursive: true, force: true });
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
