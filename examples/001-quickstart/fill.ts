import type { BatchOperation, Store } from "@hashlog/engine";
import { HASHED_BYTES_MAX, readFacts, type FileFacts } from "./file-facts.ts";
import { filesBelow, foldersToStore } from "./find-files.ts";
import { showProgress } from "./progress.ts";

const FILES_MAX = 60_000;
const BATCH = 500;

/** Stores every file that it finds, in batches, until there are no more or the time is up. */
export async function fill(
  store: Store<string, FileFacts>,
  expected: Map<string, FileFacts>,
  budgetMs: number,
): Promise<void> {
  const folders = foldersToStore();
  console.log(`\nStoring every file below ${folders.join(" and ")}`);
  console.log(`  at most ${FILES_MAX} files, ${budgetMs / 1000} s, and ${HASHED_BYTES_MAX / 1024} KiB hashed of each`);
  const paths = findPaths(folders);
  const started = performance.now();
  const progress = showProgress("stored", paths.length);
  let looked = 0;
  while (looked < paths.length && performance.now() - started < budgetMs) {
    const chunk = paths.slice(looked, looked + BATCH);
    const operations = chunk.flatMap((path): BatchOperation<string, FileFacts>[] => {
      const facts = readFacts(path);
      return facts === undefined ? [] : [{ type: "put", key: path, value: facts }];
    });
    // A batch is there as a whole or not at all, and durable when its promise resolves.
    await store.batch(operations);
    for (const operation of operations) {
      if (operation.type === "put") expected.set(operation.key, operation.value);
    }
    looked += chunk.length;
    progress.update(looked);
  }
  progress.stop();
  const seconds = (performance.now() - started) / 1000;
  console.log(`  ${expected.size} files in ${seconds.toFixed(1)} s; ${looked - expected.size} could not be read`);
  if (looked < paths.length) console.log(`  the time was up: ${paths.length - looked} were left out`);
}

/** The dependencies come first, then the rest, as far as the limit. Names that are not valid Unicode are left out. */
function findPaths(folders: readonly string[]): string[] {
  const paths: string[] = [];
  for (const folder of folders) {
    for (const path of filesBelow(folder)) {
      if (paths.length === FILES_MAX) return paths;
      if (path.isWellFormed() && !path.includes("\u{FFFD}")) paths.push(path);
    }
  }
  return paths;
}
