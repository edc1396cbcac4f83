/**
 * How fast a store is verified, of small values and of large ones, beside a bare loop that reads and checksums the same files; and
 * how long a backup by links takes, beside the sync of the active segment that is a part of it.
 *
 *     npm run bench:upkeep -- --megabytes 512 --keys 10000000 --rounds 3
 */
import { measureBackups, measureVerifying } from "./own/run.ts";
import { settings } from "./settings.ts";
import { inTemporaryDirectory } from "./temporary-directory.ts";

const { megabytes, keys, rounds } = settings("bench:upkeep", {
  megabytes: { usual: 512, least: 1, what: "MB of values in the stores that are verified" },
  keys: { usual: 10_000_000, least: 1000, what: "entries of the store that is backed up" },
  rounds: { usual: 3, least: 1, what: "how often each is measured" },
});

await inTemporaryDirectory("bench-upkeep", async (directory) => {
  const parts = { directory, say: (line: string) => console.log(line) };
  for (const valueBytes of [100, 1024, 4096, 16_384]) {
    await measureVerifying({ keys: Math.ceil((megabytes * 1e6) / valueBytes), valueBytes, rounds }, parts);
  }
  await measureBackups({ keys, valueBytes: 100, rounds }, parts);
});
