/**
 * A process that contends for a store, again and again, until it had it a number of times or is killed. While it has it,
 * it counts on. What it does is noted in a file that all contenders append to: its order is the order of what happened.
 */
import { HashlogError, open, utf8, type Store } from "@hashlog/engine";
import { nodeFileSystem } from "@hashlog/fs-io";
import { appendFileSync } from "node:fs";
import type { Contention } from "../properties/p16-single-writer.ts";
import { COUNT, type Contest } from "./contest-order.ts";
import { deadlyFs } from "./deadly-fs.ts";
import { Reaper, report } from "./reaper.ts";

async function contend(contest: Contest): Promise<void> {
  const reaper = new Reaper(contest.death, () => note(contest, "is killed"));
  for (let turn = 0; turn < contest.turns; turn += 1) {
    const store = await openAtLast(contest, reaper);
    note(contest, "has it");
    reaper.begin("writing");
    const next = Number((await store.get(COUNT)) ?? 0) + 1;
    note(contest, "counts", next);
    await store.put(COUNT, String(next));
    note(contest, "counted", next);
    reaper.end("writing");
    note(contest, "gives up");
    reaper.begin("closing");
    await store.close();
    reaper.end("closing");
  }
}

async function openAtLast(contest: Contest, reaper: Reaper): Promise<Store<string, string>> {
  reaper.begin("opening");
  for (;;) {
    try {
      const store = await openOnce(contest, reaper);
      reaper.end("opening");
      return store;
    } catch (error) {
      if (!isLocked(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

function openOnce({ directory }: Contest, reaper: Reaper): Promise<Store<string, string>> {
  return open(directory, { fileSystem: nodeFileSystem({ fs: deadlyFs(reaper) }), values: utf8 });
}

function note({ who, notes }: Contest, what: Contention["what"], number?: number): void {
  appendFileSync(notes, `${JSON.stringify({ who, what, number } satisfies Record<string, unknown>)}\n`);
}

function isLocked(error: unknown): boolean {
  return HashlogError.is(error) && error.code === "HASHLOG_LOCKED";
}

/** Opens the store once, and tells its parent what came of it. What it gets it keeps. */
async function tryOnce(contest: Contest): Promise<void> {
  const outcome = await openOnce(contest, new Reaper(contest.death)).then(
    () => "has it",
    (error: unknown) => (HashlogError.is(error) ? error.code : String(error)),
  );
  process.send!(outcome);
}

process.once("disconnect", () => process.exit());
process.on("message", (contest: Contest) => {
  if (contest.turns === 0) void tryOnce(contest);
  else
    contend(contest).then(
      () => process.exit(),
      (error: unknown) => report(["fails", String(error)]),
    );
});
process.send!("ready");
