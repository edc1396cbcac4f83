/** Two things that have to be on the disk before the next step is taken. */
import { open, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** After a crash the file holds the old text or the new one, and nothing else. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { flush: true });
  await rename(`${path}.new`, path);
  await syncFolder(dirname(path));
}

/** Makes durable which names there are in the folder. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return; // has no such thing
  const folder = await open(path);
  await folder.sync();
  await folder.close();
}
