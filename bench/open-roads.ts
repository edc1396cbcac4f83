/**
 * How long opening a store takes by each of the three roads: from its checkpoint, from the hint files of its segments, and by
 * scanning the segments. The store is the same each time, and what it holds is compared each time.
 *
 *     npm run bench:open -- --keys 1000000 --value-bytes 100 --rounds 3
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bytes, open, type Store } from "@hashlog/engine";
import { crc32, parseFileName } from "@hashlog/format";

const { values: options } = parseArgs({
  options: {
    keys: { type: "string", default: "1000000" },
    "value-bytes": { type: "string", default: "100" },
    rounds: { type: "string", default: "3" },
  },
});
const KEYS = Number(options.keys);
const VALUE_BYTES = Number(options["value-bytes"]);
const ROUNDS = Number(options.rounds);
const KEY_BYTES = 16;
const BATCH = 1000;

/** Small, so that nearly everything lies in sealed segments: the active one has no hint file and is always scanned. */
const SEGMENT_BYTES_MAX = 16 * 2 ** 20;

type Bytes = Uint8Array;
type Road = "checkpoint" | "hints" | "scan";

const directory = await mkdtemp(join(tmpdir(), "hashlog-bench-open-"));
try {
  await load();
  const wanted = await digestOfStore();
  for (const road of ["checkpoint", "hints", "scan"] as const) {
    for (let round = 0; round < ROUNDS; round++) await measure(road, wanted);
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}

function openStore(): Promise<Store<Bytes, Bytes, Bytes | string>> {
  const keys = { name: "bytes", encode: (key: Bytes) => key, decode: (key: Bytes) => key };
  return open(directory, { keys, values: bytes, sync: "never", segmentBytesMax: SEGMENT_BYTES_MAX });
}

async function load(): Promise<void> {
  const store = await openStore();
  const started = performance.now();
  for (let first = 0; first < KEYS; first += BATCH) {
    const count = Math.min(BATCH, KEYS - first);
    const operations = Array.from({ length: count }, (_, index) => ({
      type: "put" as const,
      key: keyOf(first + index),
      value: valueOf(first + index),
    }));
    await store.batch(operations);
  }
  const loaded = performance.now();
  await store.sync();
  const { keydirBytes, fileBytes, segments } = store.stats();
  print(
    "load (not synced)",
    loaded - started,
    `${(fileBytes / 2 ** 20).toFixed(0)} MiB in ${segments.length} segments`,
  );
  const perKey = keydirBytes / KEYS;
  console.log(
    `keydir: ${perKey.toFixed(1)} bytes a key, ${(perKey - KEY_BYTES).toFixed(1)} on top of the key's own ${KEY_BYTES}`,
  );
  const closing = performance.now();
  await store.close();
  print("close, with its checkpoint", performance.now() - closing, "");
}

async function measure(road: Road, wanted: string): Promise<void> {
  await removeWhatLeadsElsewhere(road);
  const started = performance.now();
  const store = await openStore();
  const took = performance.now() - started;
  const taken = store.stats().open.road;
  const memory = store.stats().keydirBytes / KEYS;
  print(`open: ${taken}`, took, `${memory.toFixed(1)} bytes a key`);
  const digest = await digestOf(store);
  await store.close();
  if (taken !== road) throw new Error(`the store was opened by ${taken} and not by ${road}`);
  if (digest !== wanted) throw new Error(`opened by ${road}, the store holds something else`);
}

/** Checkpoints and hints are caches: without them the same store opens by a longer road. */
async function removeWhatLeadsElsewhere(road: Road): Promise<void> {
  for (const name of await readdir(directory)) {
    const kind = parseFileName(name)?.kind;
    if ((kind === "checkpoint" && road !== "checkpoint") || (kind === "hint" && road === "scan")) {
      await rm(join(directory, name));
    }
  }
}

async function digestOfStore(): Promise<string> {
  const store = await openStore();
  const digest = await digestOf(store);
  await store.close();
  return digest;
}

/** The same for the same entries, in whatever order they come: two sums over each entry's checksums. */
async function digestOf(store: Store<Bytes, Bytes, Bytes | string>): Promise<string> {
  let count = 0;
  let sum = 0;
  let mixed = 0;
  for await (const [key, value] of store.entries()) {
    const keyCrc = crc32(key);
    const valueCrc = crc32(value);
    count += 1;
    sum = (sum + (keyCrc ^ valueCrc)) % 2 ** 32;
    mixed = (mixed + (Math.imul(keyCrc, 0x9e3779b1) ^ Math.imul(valueCrc, 0x85ebca6b))) >>> 0;
  }
  return `${count} entries, ${sum.toString(16)}-${mixed.toString(16)}`;
}

/** Different for each number, and not in order: a multiplication by an odd number only permutes. */
function keyOf(number: number): Bytes {
  const key = Buffer.alloc(KEY_BYTES);
  key.writeUInt32LE(Math.imul(number, 0x9e3779b1) >>> 0, 0);
  key.writeUInt32LE(number, 4);
  key.writeUInt32LE(Math.imul(number, 0x85ebca6b) >>> 0, 8);
  return key;
}

function valueOf(number: number): Bytes {
  const value = Buffer.alloc(VALUE_BYTES, number & 0xff);
  if (VALUE_BYTES >= 4) value.writeUInt32LE(number, 0);
  return value;
}

function print(what: string, tookMs: number, more: string): void {
  const rate = `${((KEYS / tookMs) * 1000).toExponential(2)} keys/s`;
  console.log(`${what.padEnd(28)} ${tookMs.toFixed(0).padStart(7)} ms  ${rate}  ${more}`);
}
