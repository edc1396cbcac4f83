import assert from "node:assert/strict";
import { bytes, open, type Clock, type OpenOptions, type Store, type StoreStats } from "@hashlog/engine";
import { parseFileName } from "@hashlog/format";
import { memoryFileSystem, type FileSystem } from "@hashlog/fs-io";

import { checkInvariants } from "./check-invariants.ts";
import { readFile, type StorePlace } from "./recount.ts";

/** The roads by which an opening can fill the keydir: each leaves out what the one before could use. */
const ROADS: readonly { readonly name: string; readonly without: readonly string[] }[] = [
  { name: "checkpoint", without: [] },
  { name: "hints", without: ["checkpoint"] },
  { name: "scan", without: ["checkpoint", "hint"] },
];

/**
 * Opens a closed store by checkpoint, by hints and by scanning, each time from a copy in memory, and checks that all
 * three are the same store.
 */
export async function checkRoads(place: StorePlace, clock: Clock): Promise<void> {
  const seen: unknown[] = [];
  for (const { name, without } of ROADS) {
    const copy = await copyStore(place, without);
    const options = { fileSystem: copy.fileSystem, clock, keys: bytes, values: bytes, compaction: false };
    const db = await open(copy.directory, options as unknown as OpenOptions<Uint8Array, Uint8Array>);
    const found = { contents: await contents(db), stats: lasting(db.stats()) };
    seen.push(found);
    // Compared as text: thousands of entries, each time.
    assert.equal(`${name} ${JSON.stringify(found)}`, `${name} ${JSON.stringify(seen[0])}`);
    await checkInvariants(db as unknown as Store<never, never, never>, options as never);
    await db.close();
  }
}

/** A copy of the store in a file system in memory, without its files of those kinds. */
export async function copyStore(place: StorePlace, without: readonly string[] = []): Promise<StorePlace> {
  const fileSystem = memoryFileSystem();
  const directory = "/copy";
  await fileSystem.makeDirectory(directory);
  for (const name of await place.fileSystem.list(place.directory)) {
    const kind = parseFileName(name)?.kind;
    if (kind === undefined || kind === "lock" || without.includes(kind)) continue;
    await writeFile(
      fileSystem,
      fileSystem.join(directory, name),
      await readFile(place.fileSystem, place.fileSystem.join(place.directory, name)),
    );
  }
  return { fileSystem, directory };
}

/** Makes a file of these bytes, in place of the one that is there. */
export async function writeFile(fileSystem: FileSystem, path: string, content: Uint8Array): Promise<void> {
  await fileSystem.remove(path).catch(() => undefined);
  const file = await fileSystem.create(path);
  file.append(content, 0, content.length);
  await file.close();
}

async function contents(db: Store<Uint8Array, Uint8Array>): Promise<string[]> {
  const lines: string[] = [];
  for await (const [key, value] of db.entries()) {
    lines.push(`${Buffer.from(key).toString("latin1")}=${Buffer.from(value).toString("latin1")}`);
  }
  return lines.sort();
}

// What must not depend on the road. The keydir's slack does, and when it was looked what has expired; counters begin anew.
function lasting(stats: StoreStats): object {
  const left = ["keydirBytes", "open", "failures", "checkpoints", "expiredBytes", "expiredAsOfMs", "segments"];
  return {
    ...Object.fromEntries(Object.entries(stats).filter(([name]) => !left.includes(name))),
    segments: stats.segments.map(({ expiredRecords: _records, expiredBytes: _bytes, ...rest }) => rest),
  };
}
