import type { BatchOperation, Store } from "@hashlog/engine";
import type { FileFacts } from "./file-facts.ts";
import { showProgress } from "./progress.ts";
import type { SeededRandom } from "./random.ts";

const BATCH = 500;

/** Stores a part of the entries again and deletes another, so that there is something to compact. */
export async function change(
  store: Store<string, FileFacts>,
  expected: Map<string, FileFacts>,
  random: SeededRandom,
): Promise<void> {
  console.log("\nOverwriting about a third of them and deleting about a fifth");
  const paths = [...expected.keys()];
  const progress = showProgress("changed", paths.length);
  let overwritten = 0;
  let deleted = 0;
  for (let at = 0; at < paths.length; at += BATCH) {
    const operations: BatchOperation<string, FileFacts>[] = [];
    for (const path of paths.slice(at, at + BATCH)) {
      const lot = random.below(15);
      const facts = expected.get(path);
      if (lot < 5 && facts !== undefined) {
        operations.push({ type: "put", key: path, value: { ...facts, stored: facts.stored + 1 } });
      } else if (lot < 8) operations.push({ type: "delete", key: path });
    }
    await store.batch(operations);
    for (const operation of operations) {
      if (operation.type === "put") expected.set(operation.key, operation.value);
      else expected.delete(operation.key);
      if (operation.type === "put") overwritten += 1;
      else deleted += 1;
    }
    progress.update(Math.min(at + BATCH, paths.length));
  }
  progress.stop();
  console.log(`  ${overwritten} overwritten, ${deleted} deleted, ${expected.size} left`);
}
