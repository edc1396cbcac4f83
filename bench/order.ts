/**
 * What the order of the keys costs: how long it takes to put all keys of a store in order when it is first asked for, how long
 * that holds the event loop, how many bytes a key it takes, and at what rate point operations go on where it is kept, beside
 * a store that keeps none. The two take turns, so that what else the machine does befalls them alike.
 *
 *     npm run bench:order -- --keys 1000000 --value-bytes 100 --rounds 5
 */
import { join } from "node:path";
import { bytes, open } from "@hashlog/engine";
import type { ByteStore } from "./byte-store.ts";
import { median } from "./median.ts";
import { NumberedKeys } from "./numbered-keys.ts";
import { settings } from "./settings.ts";
import { inTemporaryDirectory } from "./temporary-directory.ts";

const {
  keys: KEYS,
  "value-bytes": VALUE_BYTES,
  rounds: ROUNDS,
} = settings("bench:order", {
  keys: { usual: 1_000_000, least: 1000, what: "keys of the store" },
  "value-bytes": { usual: 100, least: 0, what: "bytes of a value" },
  rounds: { usual: 5, least: 1, what: "how often each is measured" },
});
/** Writes that wait together, as those of a busy service do. */
const AT_ONCE = 1000;
/** Operations of one measurement. */
const OPERATIONS = Math.floor(Math.min(KEYS, 100_000) / AT_ONCE) * AT_ONCE;
const numbered = new NumberedKeys(KEYS * 2);
const value = new Uint8Array(VALUE_BYTES);

type Operate = (store: ByteStore, index: number) => unknown;

/** In this order: what the first has put the last deletes. */
const POINT_OPERATIONS: readonly (readonly [string, Operate])[] = [
  ["put of a new key", (store, index) => store.put(keyOf(KEYS + index), value)],
  ["put over a value", (store, index) => store.put(keyOf(index), value)],
  ["get", (store, index) => store.get(keyOf(index))],
  ["getSync", (store, index) => store.getSync(keyOf(index))],
  ["has", (store, index) => store.has(keyOf(index))],
  ["delete", (store, index) => store.delete(keyOf(KEYS + index))],
];

await inTemporaryDirectory("bench-order", async (directory) => {
  const plain = await filled(join(directory, "plain"), false);
  const ordered = await filled(join(directory, "ordered"), true);
  await comparePoints(plain, ordered);
  await putInOrder(plain);
  await plain.close();
  await ordered.close();
});

async function filled(directory: string, ordered: boolean): Promise<ByteStore> {
  const store: ByteStore = await open(directory, { keys: bytes, values: bytes, sync: "never", ordered });
  for (let from = 0; from < KEYS; from += AT_ONCE) {
    const count = Math.min(AT_ONCE, KEYS - from);
    const puts = Array.from({ length: count }, (_, index) => ({
      type: "put" as const,
      key: keyOf(from + index),
      value,
    }));
    await store.batch(puts);
  }
  return store;
}

/** The first `KEYS` of the numbers are those of the store; the others are new, and lie between them. */
function keyOf(index: number): Uint8Array {
  return numbered.at(numbered.scattered(index));
}

async function comparePoints(...stores: readonly [ByteStore, ByteStore]): Promise<void> {
  const rates = POINT_OPERATIONS.map((): [number[], number[]] => [[], []]);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [at, [, operate]] of POINT_OPERATIONS.entries()) {
      for (const which of [round % 2, 1 - (round % 2)]) rates[at]![which]!.push(await rateOf(stores[which]!, operate));
    }
  }
  console.log(`\noperations a second, ${AT_ONCE} waiting together`);
  console.log(`  ${"".padEnd(20)} ${"plain".padStart(10)} ${"ordered".padStart(10)}`);
  for (const [at, [title]] of POINT_OPERATIONS.entries()) {
    const [plain, ordered] = rates[at]!.map(median) as [number, number];
    const ratio = `${(ordered / plain).toFixed(2)} of the rate`;
    console.log(`  ${title.padEnd(20)} ${rounded(plain)} ${rounded(ordered)}  ${ratio}`);
  }
}

async function rateOf(store: ByteStore, operate: Operate): Promise<number> {
  const begun = performance.now();
  for (let from = 0; from < OPERATIONS; from += AT_ONCE) {
    const some: unknown[] = [];
    for (let index = from; index < from + AT_ONCE; index += 1) some.push(operate(store, index));
    await Promise.all(some);
  }
  return (OPERATIONS / (performance.now() - begun)) * 1000;
}

/** The first range that is asked for, and what else has its turn meanwhile. */
async function putInOrder(store: ByteStore): Promise<void> {
  const before = store.stats().keydirBytes;
  let longest = 0;
  let last = performance.now();
  let isRunning = true;
  const beat = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (isRunning) setImmediate(beat);
  };
  setImmediate(beat);
  const begun = performance.now();
  await store.keys({ limit: 1, gte: new Uint8Array(0) }).next();
  const taken = performance.now() - begun;
  isRunning = false;
  const each = (store.stats().keydirBytes - before) / KEYS;
  console.log(`\nputting ${KEYS} keys in order took ${Math.round(taken)} ms, and ${each.toFixed(1)} bytes a key;`);
  console.log(`the event loop was held for ${longest.toFixed(1)} ms at most`);
}

function rounded(rate: number): string {
  return Math.round(rate).toLocaleString("en-US").padStart(10);
}
