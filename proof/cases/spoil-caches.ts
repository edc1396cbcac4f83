import { parseFileName } from "@hashlog/format";
import type { FileSystem } from "@hashlog/fs-io";
import { DIRECTORY } from "../world/text-store.ts";

/** What befalls the caches of a store while nobody has it open. The first is the harmless choice. */
export type Spoiling = "nothing" | "no checkpoint" | "no hints" | "no caches" | "damaged" | "exchanged";

export const SPOILINGS: readonly Spoiling[] = [
  "nothing",
  "no checkpoint",
  "no hints",
  "no caches",
  "damaged",
  "exchanged",
];

/**
 * Spoils the caches: removes some, or flips a bit in the middle of each, or gives each the content of another of its kind,
 * so that it is whole and stale. `earlier` is what a checkpoint held some time ago, where that is known.
 */
export async function spoilCaches(fileSystem: FileSystem, how: Spoiling, earlier?: Uint8Array): Promise<void> {
  if (how === "no checkpoint") await removeCaches(fileSystem, "checkpoint");
  if (how === "no hints") await removeCaches(fileSystem, "hints");
  if (how === "no caches") await removeCaches(fileSystem, "both");
  const checkpoints = how === "damaged" || how === "exchanged" ? await readCaches(fileSystem, "checkpoint") : [];
  const hints = how === "damaged" || how === "exchanged" ? await readCaches(fileSystem, "hint") : [];
  if (how === "damaged") {
    for (const { path, bytes } of [...checkpoints, ...hints]) await rewrite(fileSystem, path, flipped(bytes));
  }
  if (how === "exchanged") {
    for (const [index, { path }] of hints.entries()) {
      await rewrite(fileSystem, path, hints[(index + 1) % hints.length]!.bytes);
    }
    for (const { path } of earlier === undefined ? [] : checkpoints) await rewrite(fileSystem, path, earlier!);
  }
}

/** Removes caches of the store while nobody has it open. */
export async function removeCaches(fileSystem: FileSystem, which: "checkpoint" | "hints" | "both"): Promise<void> {
  for (const name of await fileSystem.list(DIRECTORY)) {
    const kind = parseFileName(name)?.kind;
    const goes = (kind === "checkpoint" && which !== "hints") || (kind === "hint" && which !== "checkpoint");
    if (goes) await fileSystem.remove(fileSystem.join(DIRECTORY, name));
  }
}

/** The content of every checkpoint, or of every hint, in the order of their names. */
export async function readCaches(
  fileSystem: FileSystem,
  kind: "checkpoint" | "hint",
): Promise<{ readonly path: string; readonly bytes: Uint8Array }[]> {
  const names = (await fileSystem.list(DIRECTORY)).filter((name) => parseFileName(name)?.kind === kind).toSorted();
  const caches = [];
  for (const name of names) {
    const path = fileSystem.join(DIRECTORY, name);
    const file = await fileSystem.openRead(path);
    const bytes = new Uint8Array(file.size());
    file.readSync(bytes, 0, bytes.length, 0);
    await file.close();
    caches.push({ path, bytes });
  }
  return caches;
}

async function rewrite(fileSystem: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  await fileSystem.remove(path);
  const file = await fileSystem.create(path);
  file.append(bytes, 0, bytes.length);
  await file.close();
}

function flipped(bytes: Uint8Array): Uint8Array {
  const damaged = bytes.slice();
  const middle = damaged.length >>> 1;
  if (damaged.length > 0) damaged[middle] = damaged[middle]! ^ 0x10;
  return damaged;
}
