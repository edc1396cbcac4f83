import { exploreCorpusCase, judgeCorpusCase, readCorpus, type CorpusCase } from "../campaign/corpus.ts";
import { tasksOf, type Task } from "../campaign/tasks.ts";
import { SeenImages } from "../crashing/seen-images.ts";

/**
 * What a planted bug is judged by, in the order of what it costs to see something:
 *
 * 1. each case of the corpus as it was written down;
 * 2. each with one crash at each of its steps, or one failure at each of its calls, those with the fewest operations first;
 * 3. the short campaign, as `npm test` goes through it, but for its fresh seeds: the corpus and every program of one
 *    operation, then programs by chance, with failing calls, and of more operations, in turns.
 *
 * The first two ask nothing that the third does not ask as well; they only ask it sooner.
 */
export function* agenda(): Generator<Task> {
  const corpus = readCorpus();
  for (const one of corpus) yield task(one, () => judgeCorpusCase(one));
  // Images of their own: an image that was seen here would not be crashed again in its recovery later.
  const seen = new SeenImages();
  for (const one of corpus.toSorted(byOperations)) yield task(one, () => exploreCorpusCase({ ...one, depth: 1 }, seen));
  const part = (...parts: string[]): Generator<Task> => tasksOf({ extent: "short", freshSeed: 0, parts });
  yield* part("corpus", "every program of 1");
  yield* inTurns([
    part("fixed seeds"),
    part("fixed failures"),
    part("one more operation", "one more with readers"),
    part("every program of 2"),
  ]);
}

function task({ name, story }: CorpusCase, run: () => Promise<void>): Task {
  return { part: "corpus", title: `corpus/${name}: ${story}`, run };
}

function byOperations({ case: one }: CorpusCase, { case: other }: CorpusCase): number {
  return one.operations.length - other.operations.length;
}

/** One of each, then the next of each, as long as there are any. */
function* inTurns(all: readonly Generator<Task>[]): Generator<Task> {
  for (;;) {
    const next = all.map((tasks) => tasks.next()).filter(({ done }) => done !== true);
    if (next.length === 0) return;
    for (const { value } of next) yield value as Task;
  }
}
