import { readdir } from "node:fs/promises";
import type { StoreStats } from "@hashlog/engine";
import { hintFileName } from "@hashlog/format";
import { waitUntil } from "./compare/waiting.ts";

/** A store, as far as its hints are concerned. */
interface Hinted {
  stats(): Pick<StoreStats, "segments">;
}

/** Whether each sealed segment of the open store has its hint file: large ones get theirs when the store has been quiet for a while. */
export async function hasAllHints(store: Hinted, directory: string): Promise<boolean> {
  const names = new Set(await readdir(directory));
  const sealed = store.stats().segments.filter(({ state }) => state === "sealed");
  return sealed.every(({ segmentId }) => names.has(hintFileName(segmentId)));
}

/** Waits for that. @throws Error when it takes longer than `secondsMost` */
export async function untilHinted(store: Hinted, directory: string, secondsMost: number): Promise<void> {
  const isSo = (): Promise<boolean> => hasAllHints(store, directory);
  await waitUntil(isSo, { everyMs: 20, msMost: secondsMost * 1000 });
  if (await isSo()) return;
  throw new Error(`after ${secondsMost} seconds there were segments without a hint in ${directory}`);
}
