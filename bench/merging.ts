/**
 * How fast a merge copies what is live, how long it holds the event loop, and what the segments take afterwards, of what is
 * live: of small values and of large ones, in the thread of the store and in one of its own. A twentieth of the keys is
 * overwritten before each merge, so that there is something to merge; nothing else goes on.
 *
 *     npm run bench:merging -- --megabytes 256 --rounds 3
 */
import { measureMerging } from "./own/run.ts";
import { settings } from "./settings.ts";
import { inTemporaryDirectory } from "./temporary-directory.ts";

const { megabytes, rounds } = settings("bench:merging", {
  megabytes: { usual: 256, least: 1, what: "MB of live records" },
  rounds: { usual: 3, least: 1, what: "how often each is measured" },
});

await inTemporaryDirectory("bench-merging", async (directory) => {
  for (const valueBytes of [100, 4096]) {
    for (const inWorker of [false, true]) {
      const given = { liveBytes: megabytes * 1_000_000, valueBytes, rounds, inWorker };
      await measureMerging(given, { directory, say: (line) => console.log(line) });
    }
  }
});
