import type { StorePlace } from "./recount.ts";
import { readFile } from "./recount.ts";

/** Every file of the directory but the lock's, with its bytes: to show that nothing was touched. */
export async function snapshotOf({ fileSystem, directory }: StorePlace): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of (await fileSystem.list(directory)).sort()) {
    const path = fileSystem.join(directory, name);
    const isFile = !name.startsWith("hashlog.lock-") && (await fileSystem.stat(path))?.kind === "file";
    if (isFile) found[name] = Buffer.from(await readFile(fileSystem, path)).toString("base64");
  }
  return found;
}
