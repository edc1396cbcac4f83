/**
 * A job queue whose process is killed (SIGKILL) in the middle of its work. The queue is opened again, and in the end every job is
 * done: once, but for those few that were under way when the process died; and none that was finished before is done again.
 *
 *     npm run examples -- 010
 */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { JobQueue } from "./job-queue.ts";
import { isStuck, print, PRINTERS } from "./printer.ts";

const JOBS = 120;
const KILL_AFTER = 50;
const JAMS_AT = 90;

const [role, ...paths] = process.argv.slice(2);
if (role === "print") await printUntilKilled(paths[0]!, paths[1]!);
else await main();

/** What the process does that is going to be killed: it prints, tells its parent of every job that is finished, and jams. */
async function printUntilKilled(directory: string, printed: string): Promise<void> {
  process.on("disconnect", () => process.exit()); // nobody is left to kill it
  const queue = await JobQueue.open(directory);
  await print(queue, printed, (id) => process.send?.(id), JAMS_AT);
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "hashlog-jobs-"));
  const [directory, printed] = [join(folder, "queue"), join(folder, "printed")];
  try {
    const ids = Array.from({ length: JOBS }, (_, number) => String(number).padStart(4, "0"));
    const filled = await JobQueue.open(directory);
    await Promise.all(ids.map((id) => filled.add(id, `print page ${id}`)));
    assert.equal(await filled.add(ids[0]!, "the same once more"), false);
    assert.equal(await filled.waiting(), JOBS);
    await filled.close();
    console.log(`${JOBS} jobs wait.`);

    const finished = await printAndKill([directory, printed]);
    console.log(`Killed when ${finished.length} were finished.`);

    const queue = await JobQueue.open(directory);
    console.log(`Opened again: ${await queue.waiting()} jobs wait, those among them that were under way.`);
    const rest: string[] = [];
    await print(queue, printed, (id) => rest.push(id));
    for (const id of rest) assert.ok(!finished.includes(id), `job ${id} was finished, and was printed again`);

    // How often each page was printed.
    const lines = (await readFile(printed, "utf8")).trim().split("\n");
    const times = (id: string): number => lines.filter((line) => line === id).length;
    for (const id of ids) {
      const job = await queue.get(id);
      assert.equal(job?.state, "done");
      assert.ok(times(id) >= 1 && times(id) <= job.attempts, `job ${id} was printed ${times(id)} times`);
      if (isStuck({ ...job, attempts: 1 })) assert.ok(job.attempts > 1, `job ${id} was not tried again`);
    }
    for (const id of finished) assert.equal(times(id), 1);
    assert.ok(lines.length <= JOBS + PRINTERS);
    assert.equal(await queue.waiting(), 0);
    assert.equal(await queue.take(), undefined);
    await queue.close();
    console.log(
      `All are done. Printed twice, of those under way at the kill: ${lines.length - JOBS}; of all others: none.`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Starts the printing process and kills it in the middle. Resolves to the jobs of which it told that they are finished. */
async function printAndKill(paths: readonly string[]): Promise<string[]> {
  const worker = fork(fileURLToPath(import.meta.url), ["print", ...paths]);
  const told: string[] = [];
  worker.on("message", (id) => {
    told.push(id as string);
    if (told.length === KILL_AFTER) worker.kill("SIGKILL");
  });
  await once(worker, "exit");
  assert.ok(
    told.length >= KILL_AFTER && told.length < JOBS,
    "the process was not killed in the middle; see its error above",
  );
  return told;
}
