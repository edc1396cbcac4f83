/** How long opening a store takes by each of the three roads, and the memory of a key. */
import { closeSync, openSync, readSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { createHistogram } from "node:perf_hooks";
import { bytes, open } from "@hashlog/engine";
import { crc32, parseFileName } from "@hashlog/format";
import type { ByteStore } from "../byte-store.ts";
import { untilHinted } from "../hints.ts";
import { NumberedKeys } from "../numbered-keys.ts";

/** The store that is opened. */
export interface OpeningTask {
  readonly directory: string;
  readonly keys: number;
  readonly valueBytes: number;
}

export type Road = "checkpoint" | "hints" | "scan";
/** From the one that needs most files to the one that needs fewest: what another one needs is removed before. */
export const ROADS: readonly Road[] = ["checkpoint", "hints", "scan"];

/** How filling it went. */
export interface Filled {
  readonly seconds: number;
  readonly fileBytes: number;
  readonly segments: number;
  /** Of the keydir, for each key besides its own bytes. */
  readonly keydirBytesPerKey: number;
  /** How long the event loop was held while it was filled, by one batch of a thousand at a time. */
  readonly heldMs: { readonly p99: number; readonly most: number };
  readonly closeSeconds: number;
}

/** How one opening went. */
export interface Opened {
  readonly seconds: number;
  /** A bare loop that reads the same files into fresh memory and checksums them, in the same process just after. */
  readonly bareSeconds: number;
  /** Of the files that it reads. */
  readonly bytesRead: number;
  /** By which the process has grown, for each key besides its own bytes. */
  readonly residentBytesPerKey: number;
}

const BATCH = 1000;
/** Small, so that nearly everything lies in sealed segments: the active one has no hint file and is always scanned. */
const SEGMENT_BYTES_MAX = 16 * 2 ** 20;
const CHUNK_BYTES = 2 ** 20;
/** For as long it is waited that the background writes what is missing. */
export const HINTS_SECONDS_MOST = 300;
const SAMPLES = 1000;

/** The store that all of this is about. */
export function openStore({ directory }: Pick<OpeningTask, "directory">): Promise<ByteStore> {
  return open(directory, {
    keys: bytes,
    values: bytes,
    sync: "never",
    segmentBytesMax: SEGMENT_BYTES_MAX,
    compaction: false,
  });
}

/** How batches of a thousand went. */
export interface Batches {
  readonly seconds: number;
  /** How long each held the event loop. */
  readonly heldMs: { readonly p99: number; readonly most: number };
}

/** Does so much in batches of a thousand, one at a time, and lets others have their turn between them. */
export async function inBatches(
  store: ByteStore,
  count: number,
  operationAt: (index: number) => Parameters<ByteStore["batch"]>[0][number],
): Promise<Batches> {
  const held = createHistogram();
  const begun = performance.now();
  let turned = begun;
  for (let first = 0; first < count; first += BATCH) {
    const length = Math.min(BATCH, count - first);
    await store.batch(Array.from({ length }, (_, index) => operationAt(first + index)));
    await new Promise((resolve) => setImmediate(resolve));
    const now = performance.now();
    held.record(Math.max(1, Math.round((now - turned) * 1000)));
    turned = now;
  }
  const heldMs = { p99: held.percentile(99) / 1000, most: held.max / 1000 };
  return { seconds: (performance.now() - begun) / 1000, heldMs };
}

/** The entry of a number. */
export function putOf(number: number, valueBytes: number): { type: "put"; key: Buffer; value: Buffer } {
  return { type: "put", key: keyOf(number), value: valueOf(number, valueBytes) };
}

/** Puts every key once, in no order, and closes the store. */
export async function fillStore(task: OpeningTask): Promise<Filled> {
  const { keys, valueBytes } = task;
  const store = await openStore(task);
  const numbered = new NumberedKeys(keys);
  const { seconds, heldMs } = await inBatches(store, keys, (index) => putOf(numbered.scattered(index), valueBytes));
  await store.sync();
  const { keydirBytes, fileBytes, segments } = store.stats();
  await untilHinted(store, task.directory, HINTS_SECONDS_MOST);
  const closing = performance.now();
  await store.close();
  return {
    seconds,
    fileBytes,
    segments: segments.length,
    keydirBytesPerKey: keydirBytes / keys - NumberedKeys.BYTES,
    heldMs,
    closeSeconds: (performance.now() - closing) / 1000,
  };
}

/** Removes what leads another way, opens the store, and looks whether it is what was put in. */
export async function openBy(task: OpeningTask, road: Road): Promise<Opened> {
  const read = await removeWhatLeadsElsewhere(task.directory, road);
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  const begun = performance.now();
  const store = await openStore(task);
  const seconds = (performance.now() - begun) / 1000;
  globalThis.gc?.();
  const resident = process.memoryUsage.rss() - before;
  const taken = store.stats().open.road;
  if (taken !== road) throw new Error(`the store was opened by ${taken} and not by ${road}`);
  check(store, task);
  await store.close();
  const { bareSeconds, bytesRead } = await readBare(read);
  return { seconds, bareSeconds, bytesRead, residentBytesPerKey: resident / task.keys - NumberedKeys.BYTES };
}

/** Checkpoints and hints are caches: without them the same store opens by a longer road. Returns what is read by that one. */
async function removeWhatLeadsElsewhere(directory: string, road: Road): Promise<string[]> {
  const read: string[] = [];
  for (const name of await readdir(directory)) {
    const kind = parseFileName(name)?.kind;
    const path = join(directory, name);
    if ((kind === "checkpoint" && road !== "checkpoint") || (kind === "hint" && road === "scan")) await rm(path);
    else if (kind === (road === "hints" ? "hint" : road === "scan" ? "segment" : road)) read.push(path);
  }
  return read;
}

async function readBare(paths: readonly string[]): Promise<{ bareSeconds: number; bytesRead: number }> {
  let bytesRead = 0;
  const begun = performance.now();
  for (const path of paths) {
    const { size } = await stat(path);
    const fd = openSync(path, "r");
    const memory = new Uint8Array(size);
    for (let at = 0; at < size; at += CHUNK_BYTES) {
      const count = Math.min(CHUNK_BYTES, size - at);
      readSync(fd, memory, at, count, at);
      crc32(memory, at, at + count);
    }
    closeSync(fd);
    bytesRead += size;
  }
  return { bareSeconds: (performance.now() - begun) / 1000, bytesRead };
}

function check(store: ByteStore, { keys, valueBytes }: OpeningTask): void {
  if (store.stats().keys !== keys) throw new Error(`the store has ${store.stats().keys} keys instead of ${keys}`);
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const number = Math.floor((sample * keys) / SAMPLES);
    const value = store.getSync(keyOf(number));
    if (value === undefined || Buffer.compare(value, valueOf(number, valueBytes)) !== 0) {
      throw new Error(`the value of key ${number} is another one`);
    }
  }
}

export function keyOf(number: number): Buffer {
  return NumberedKeys.write(Buffer.alloc(NumberedKeys.BYTES), number);
}

function valueOf(number: number, valueBytes: number): Buffer {
  const value = Buffer.alloc(valueBytes, number & 0xff);
  if (valueBytes >= 4) value.writeUInt32LE(number, 0);
  return value;
}
