/**
 * A worker of the campaign: a process of its own, that takes every n-th task, tells what it has done, and stops at the
 * first counterexample, which it makes small before it tells of it.
 */
import { Counterexample } from "../crashing/counterexample.ts";
import { SeenImages } from "../crashing/seen-images.ts";
import { shrink } from "../crashing/shrink.ts";
import { FaultCounterexample, shrinkFaultCase } from "../faults/explore-fault-case.ts";
import type { FromWorker, Told, ToWorker } from "./messages.ts";
import { shareOf } from "./tasks.ts";

const TELL_EVERY_MS = 500;
/** How long a counterexample may be made smaller. */
const SHRINKS_MS = 30_000;

process.once("message", (order: ToWorker) => {
  void work(order)
    .then(
      () => tell({ type: "done" }),
      (error: unknown) =>
        tell({ type: "broken", message: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
    // Not before all is told: what is still to be sent is dropped.
    .then(() => process.disconnect());
});
// Nobody is there any more who would want to know.
process.once("disconnect", () => process.exit());

async function work({ agenda, index, workers, deadlineMs }: ToWorker): Promise<void> {
  const log = new WorkLog();
  for (const task of shareOf(agenda, { index, workers })) {
    if (Date.now() >= deadlineMs) break;
    log.begin(task.part);
    try {
      await task.run(log.seen);
    } catch (error) {
      if (!(error instanceof Counterexample || error instanceof FaultCounterexample)) throw error;
      log.tell();
      const small = await shrunk(error);
      await tell({
        type: "counterexample",
        part: task.title ?? task.part,
        found: told(error),
        small: told(small),
      });
      return;
    }
    log.end();
  }
  log.tell();
}

type Found = Counterexample | FaultCounterexample;

function shrunk(found: Found): Promise<Found> {
  const limits = { milliseconds: SHRINKS_MS };
  return found instanceof Counterexample ? shrink(found, limits) : shrinkFaultCase(found, limits);
}

function told({ case: given, violation }: Found): Told {
  return { case: given, property: violation.property.id, message: violation.message };
}

/** What this worker has done, and has not told yet. */
class WorkLog {
  readonly seen = new SeenImages();
  #part = "";
  #cases = 0;
  #crashesTold = 0;
  #recoveriesTold = 0;
  #toldAt = Date.now();

  /** A case of that part begins. */
  begin(part: string): void {
    if (part !== this.#part && this.#cases > 0) this.tell();
    this.#part = part;
  }

  end(): void {
    this.#cases += 1;
    if (Date.now() - this.#toldAt > TELL_EVERY_MS) this.tell();
  }

  tell(): void {
    if (this.#part === "") return;
    const { crashes, recoveries } = this.seen;
    const { user, system } = process.cpuUsage();
    void tell({
      type: "progress",
      part: this.#part,
      cases: this.#cases,
      crashes: crashes - this.#crashesTold,
      recoveries: recoveries - this.#recoveriesTold,
      cpuSeconds: (user + system) / 1e6,
      images: this.seen.takeFresh(),
    });
    this.#cases = 0;
    this.#crashesTold = crashes;
    this.#recoveriesTold = recoveries;
    this.#toldAt = Date.now();
  }
}

/** Resolves when it is on its way. */
function tell(message: FromWorker): Promise<void> {
  return new Promise((resolve) => process.send!(message, () => resolve()));
}
