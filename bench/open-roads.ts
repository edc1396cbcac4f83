/**
 * How long opening a store takes by each of the three roads: from its checkpoint, from the hint files of its segments, and by
 * scanning the segments, beside a bare loop that reads the same files; and the memory of a key.
 *
 *     npm run bench:open -- --keys 1000000 --value-bytes 100 --rounds 3
 */
import { measureOpening } from "./own/run.ts";
import { settings } from "./settings.ts";
import { inTemporaryDirectory } from "./temporary-directory.ts";

const {
  keys,
  "value-bytes": valueBytes,
  rounds,
} = settings("bench:open", {
  keys: { usual: 1_000_000, least: 1000, what: "entries of the store" },
  "value-bytes": { usual: 100, least: 0, what: "bytes of a value" },
  rounds: { usual: 3, least: 1, what: "how often each is measured" },
});

await inTemporaryDirectory("bench-open", async (directory) => {
  await measureOpening({ keys, valueBytes, rounds }, { directory, say: (line) => console.log(line) });
});
