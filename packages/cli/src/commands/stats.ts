import { LOCK_NAME } from "@hashlog/format";
import type { FileSystem } from "@hashlog/fs-io";
import type { AnyStore, ReadCommand } from "../command.ts";
import { storeFigures, type StoreFigures } from "../figures.ts";
import { isWritable } from "../store-access.ts";
import { pairs } from "../table.ts";
import { number, plural, share, size } from "../words.ts";

export const stats: ReadCommand<object> = {
  kind: "read",
  name: "stats",
  summary: "print what the store is made of",
  details:
    "Live is what a key points to; dead is what was overwritten or deleted, and tombstones: a merge frees it. Keys that have expired are " +
    "among the keys until then. Versions count the writes, and pass over numbers after a crash.",
  parameters: [],
  examples: ["hashlog stats ./store", "hashlog stats ./store --json"],
  async run(store, _given, { host: { fileSystem }, output, json }) {
    const figures = await storeFigures(store);
    const sharedVolume = await fileSystem.sharedVolume(store.directory).catch(() => undefined);
    if (json) return output.json({ ...figures, sharedVolume });
    const { liveBytes, deadBytes, expiredBytes, keydirBytes, keys } = figures;
    const records = liveBytes + deadBytes;
    return output.line(
      pairs([
        ["store", figures.directory],
        ["keys", number(keys)],
        ["last write", figures.sequence === 0 ? "none" : `version ${number(figures.sequence)}`],
        ["segments", `${number(figures.segments)}, ${size(figures.fileBytes)}`],
        ["live", `${size(liveBytes)}, ${share(liveBytes, records)} of the records`],
        [
          "dead",
          `${size(deadBytes)}, ${share(deadBytes, records)}; ${plural(figures.tombstones, "tombstone")}, ${size(figures.tombstoneBytes)}`,
        ],
        ["expired", `${size(expiredBytes)} of what is live`],
        [
          "index",
          `${size(keydirBytes)} of memory${keys < 10_000 ? "" : `, ${(keydirBytes / keys).toFixed(1)} bytes a key`}; loaded from ${ROADS[figures.road] ?? figures.road}`,
        ],
        ["writer", await writerOf(store, figures, fileSystem, sharedVolume)],
      ]),
    );
  },
};

/** Who has it open for writing, as far as that can be known here. */
async function writerOf(
  store: AnyStore,
  { writerAlive }: StoreFigures,
  fileSystem: FileSystem,
  sharedVolume: string | undefined,
): Promise<string> {
  if (isWritable(store)) return "this process";
  if (!writerAlive) return "none";
  if (sharedVolume === undefined || (await fileSystem.isLocked(store.directory, LOCK_NAME))) {
    return "another process has it open for writing";
  }
  return `not known: other machines may have it open, as it lies on a shared volume (${sharedVolume})`;
}

const ROADS: Readonly<Record<string, string>> = {
  checkpoint: "a checkpoint",
  hints: "hint files",
  scan: "the segments themselves",
};
