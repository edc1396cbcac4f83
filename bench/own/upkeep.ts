/** How fast a store is verified, and how long a backup by links takes. */
import { closeSync, openSync, readSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { verify } from "@hashlog/engine";
import { crc32, parseFileName } from "@hashlog/format";
import { openStore, putOf, inBatches, type OpeningTask } from "./opening.ts";

/** How one verification went. */
export interface VerifiedStore {
  readonly seconds: number;
  readonly bytesRead: number;
  readonly records: number;
  /** A loop that only reads the same files and checksums them, just before. */
  readonly bareSeconds: number;
}

/** How one backup went. */
export interface BackedUp {
  readonly seconds: number;
  /** What the sync of the active segment took, measured by itself just before. */
  readonly syncSeconds: number;
  readonly linked: number;
  /** Of another backup into the same directory, after some more writes. */
  readonly againSeconds: number;
}

const CHUNK_BYTES = 2 ** 20;

/** Verifies the store of that task, which is closed. */
export async function verifyStore({ directory }: OpeningTask): Promise<VerifiedStore> {
  const bareSeconds = await readBare(directory);
  const begun = performance.now();
  const { findings, bytesRead, records } = await verify(directory);
  const seconds = (performance.now() - begun) / 1000;
  if (findings.length > 0) throw new Error(`the store is damaged: ${findings[0]!.what}`);
  return { seconds, bytesRead, records, bareSeconds };
}

/** Backs the store of that task up, twice. */
export async function backUpStore(task: OpeningTask): Promise<BackedUp> {
  const { directory, keys, valueBytes } = task;
  const target = `${directory}-backup`;
  const store = await openStore(task);
  try {
    await inBatches(store, Math.min(keys, 10_000), (index) => putOf(index, valueBytes));
    const syncing = performance.now();
    await store.sync();
    const syncSeconds = (performance.now() - syncing) / 1000;
    const begun = performance.now();
    const { linked } = await store.backup(target);
    const seconds = (performance.now() - begun) / 1000;
    await inBatches(store, Math.min(keys, 10_000), (index) => putOf(index, valueBytes));
    const again = performance.now();
    await store.backup(target);
    const againSeconds = (performance.now() - again) / 1000;
    return { seconds, syncSeconds, linked, againSeconds };
  } finally {
    await store.close();
    await rm(target, { recursive: true, force: true });
  }
}

async function readBare(directory: string): Promise<number> {
  const chunk = new Uint8Array(CHUNK_BYTES);
  const begun = performance.now();
  for (const name of await readdir(directory)) {
    const kind = parseFileName(name)?.kind;
    if (kind !== "segment" && kind !== "hint" && kind !== "checkpoint") continue;
    const path = join(directory, name);
    const { size } = await stat(path);
    const fd = openSync(path, "r");
    for (let at = 0; at < size; at += CHUNK_BYTES) {
      const count = readSync(fd, chunk, 0, Math.min(CHUNK_BYTES, size - at), at);
      crc32(chunk, 0, count);
    }
    closeSync(fd);
  }
  return (performance.now() - begun) / 1000;
}
