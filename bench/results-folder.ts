import { access, constants, mkdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/**
 * The folder that results go to, made where it is not there yet. It is asked for before anything is measured, so that nobody
 * waits for an hour to be told that it will not do.
 *
 * @throws Error in words for the user
 */
export async function resultsFolder(given?: string): Promise<string> {
  const folder = given === undefined ? join(import.meta.dirname, "results") : resolve(given);
  try {
    await make(folder);
    await access(folder, constants.W_OK);
  } catch (error) {
    throw new Error(`results cannot be written to ${folder}: ${(error as Error).message}`, { cause: error });
  }
  return folder;
}

/** One folder at a time: `recursive` tries for ever where the file system has folders of its own only, as in /proc. */
async function make(folder: string): Promise<void> {
  const kind = await stat(folder).then(
    (found) => (found.isDirectory() ? "folder" : "other"),
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "missing";
      throw error;
    },
  );
  if (kind === "folder") return;
  if (kind === "other") throw new Error("it is no folder");
  await make(dirname(folder));
  await mkdir(folder);
}
