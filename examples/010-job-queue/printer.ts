/** The work: pages are printed, four at a time. A page that was printed is a line in a file, which shows how often it was. */
import { appendFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { Job, JobQueue } from "./job-queue.ts";

export const PRINTERS = 4;

/** Whether the paper gets stuck, which for every thirtieth page it does the first time. */
export function isStuck({ id, attempts }: Job): boolean {
  return Number(id) % 30 === 29 && attempts === 1;
}

/**
 * Prints until no job waits; a page that gets stuck is given back. `onFinished` hears of each job that is done, and safe. A printer
 * that has jammed stays so.
 */
export async function print(
  queue: JobQueue,
  file: string,
  onFinished: (id: string) => void,
  jamsAt = Infinity,
): Promise<void> {
  const printer = async (): Promise<void> => {
    for (let job = await queue.take(); job !== undefined; job = await queue.take()) {
      if (Number(job.id) >= jamsAt) await new Promise(() => {});
      if (isStuck(job)) {
        await queue.giveBack(job.id);
        continue;
      }
      appendFileSync(file, `${job.id}\n`);
      await setTimeout(1 + (Number(job.id) % 5)); // a kill here leaves a page that was printed, and is not known to be
      await queue.finish(job.id);
      onFinished(job.id);
    }
  };
  await Promise.all(Array.from({ length: PRINTERS }, printer));
}
