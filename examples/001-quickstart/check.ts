import type { Store } from "@hashlog/engine";
import { isDeepStrictEqual } from "node:util";
import { readFacts, sameFile, type FileFacts } from "./file-facts.ts";
import { showProgress } from "./progress.ts";
import type { SeededRandom } from "./random.ts";

const SAMPLES = 3000;
const AT_ONCE = 50;

/** Reads entries at random, in the three ways there are, and looks at the files again. */
export async function checkAgainstDisk(
  store: Store<string, FileFacts>,
  expected: ReadonlyMap<string, FileFacts>,
  random: SeededRandom,
): Promise<string[]> {
  const paths = random.choose([...expected.keys()], SAMPLES);
  console.log(`\nReading ${paths.length} of them at random and looking at the files again`);
  const progress = showProgress("checked", paths.length);
  const failures: string[] = [];
  let changed = 0;
  for (let at = 0; at < paths.length; at += AT_ONCE) {
    const chunk = paths.slice(at, at + AT_ONCE);
    const many = await store.getMany(chunk);
    for (const [index, path] of chunk.entries()) {
      const known = expected.get(path);
      const answers = [many[index], await store.get(path), store.getSync(path)];
      if (!answers.every((answer) => isDeepStrictEqual(answer, known))) failures.push(`${path} is not what was stored`);
      const now = readFacts(path);
      if (now === undefined || known === undefined || now.modifiedMs !== known.modifiedMs) changed += 1;
      else if (!sameFile(now, known)) failures.push(`${path} is not what is on the disk`);
    }
    progress.update(at + chunk.length);
  }
  progress.stop();
  console.log(
    `  ${failures.length} wrong${changed === 0 ? "" : `; ${changed} files were changed by somebody meanwhile`}`,
  );
  return failures;
}

/** Iterates over the whole store: nothing is missing, nothing is too much, every value is right. */
export async function checkEverything(
  store: Store<string, FileFacts>,
  expected: ReadonlyMap<string, FileFacts>,
): Promise<string[]> {
  const failures: string[] = [];
  const seen = new Set<string>();
  const progress = showProgress("compared", expected.size);
  for await (const [path, facts] of store.entries()) {
    if (!isDeepStrictEqual(facts, expected.get(path))) failures.push(`${path} is not what it should be`);
    if (seen.has(path)) failures.push(`${path} came twice`);
    seen.add(path);
    if (seen.size % 1000 === 0) progress.update(seen.size);
  }
  progress.update(seen.size);
  progress.stop();
  for (const path of expected.keys()) if (!seen.has(path)) failures.push(`${path} is missing`);
  console.log(`  ${seen.size} entries, ${failures.length} wrong`);
  return failures;
}
