/**
 * A worker of the campaign: a process of its own, that takes every n-th task, tells what it has done, and stops at the
 * first counterexample, which it makes small before it tells of it.
 */
import { Counterexample } from "../crashing/counterexample.ts";
import { SeenImages } from "../crashing/seen-images.ts";
import { shrink } from "../crashing/shrink.ts";
import { MarkCoverage } from "../marks/marks.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { tasksOf } from "./tasks.ts";

const TELL_EVERY_MS = 500;

process.once("message", (order: ToWorker) => {
  void work(order).then(
    () => process.disconnect(),
    (error: unknown) => {
      tell({ type: "broken", message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      process.disconnect();
    },
  );
});
// Nobody is there any more who would want to know.
process.once("disconnect", () => process.exit());

async function work({ agenda, index, workers, deadlineMs, gatherMarks, shrinkMs }: ToWorker): Promise<void> {
  const seen = new SeenImages();
  const marks = gatherMarks ? await MarkCoverage.start() : undefined;
  const done = new Map<string, number>();
  let told = Date.now();
  const report = async (): Promise<void> => {
    told = Date.now();
    const { crashes, recoveries } = seen;
    const hit = marks === undefined ? [] : [...(await marks.hit())];
    tell({ type: "progress", done: [...done], crashes, recoveries, images: seen.takeFresh(), marks: hit });
    done.clear();
  };
  let number = 0;
  for (const task of tasksOf(agenda)) {
    number += 1;
    if (number % workers !== index) continue;
    if (Date.now() >= deadlineMs) break;
    try {
      await task.run(seen);
    } catch (error) {
      if (!(error instanceof Counterexample)) throw error;
      await report();
      const small = await shrink(error, { milliseconds: shrinkMs });
      tell({
        type: "counterexample",
        part: task.part,
        found: error.message,
        case: small.case,
        message: small.violation.message,
      });
      return;
    }
    done.set(task.part, (done.get(task.part) ?? 0) + 1);
    if (Date.now() - told > TELL_EVERY_MS) await report();
  }
  await report();
}

function tell(message: FromWorker): void {
  process.send!(message);
}
