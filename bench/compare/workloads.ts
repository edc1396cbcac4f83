/** What every contender is asked to do. */
import { NumberedKeys } from "../numbered-keys.ts";
import { SeededRandom } from "../random.ts";
import { Zipf } from "../zipf.ts";
import type { Contender, Doing, Durability } from "./contender.ts";
import type { KeySpace } from "./key-space.ts";
import type { Stopwatch } from "./stopwatch.ts";

/** One kind of work. */
export interface Workload {
  readonly name: WorkloadName;
  readonly title: string;
  readonly durability: Durability;
  readonly needs: readonly Doing[];
  /** Whether it goes through all keys once, however long that takes; else it is stopped when its time is over. */
  readonly isWhole?: boolean;
  run(ground: Ground): Promise<void>;
}

export type WorkloadName =
  | "load"
  | "overwrite"
  | "put"
  | "getSync"
  | "getSync-zipf"
  | "get"
  | "miss"
  | "ycsb-a"
  | "ycsb-b"
  | "ycsb-c"
  | "ycsb-d"
  | "ycsb-f"
  | "durable-put"
  | "durable-put-256";

/** What it works on. */
export interface Ground {
  readonly store: Contender;
  readonly keys: KeySpace;
  readonly values: readonly Buffer[];
  readonly valueBytes: number;
  readonly random: SeededRandom;
  readonly watch: Stopwatch;
}

const BATCH = 1000;
const ZIPF_EXPONENT = 0.99;

/** In the order in which they are run: what changes the store most comes last. */
export const WORKLOADS: readonly Workload[] = [
  {
    name: "load",
    title: "load, batches of 1,000",
    durability: "not synced",
    needs: ["batch"],
    isWhole: true,
    run: (ground) => batches(ground, ground.keys.count, (index) => ground.keys.scattered(index)),
  },
  {
    name: "getSync",
    title: "random `getSync`",
    durability: "not synced",
    needs: ["getSync"],
    run: (ground) => readsSync(ground, uniform(ground)),
  },
  {
    name: "getSync-zipf",
    title: "skewed `getSync` (Zipf 0.99)",
    durability: "not synced",
    needs: ["getSync"],
    run: (ground) => readsSync(ground, skewed(ground)),
  },
  {
    name: "miss",
    title: "miss",
    durability: "not synced",
    needs: ["getSync"],
    run: ({ store, keys, random, watch }) =>
      watch.sync(() => {
        if (store.getSync!(keys.missing(random.integer(keys.count))) !== undefined)
          throw new Error("found what is not there");
      }),
  },
  {
    name: "get",
    title: "`await get`, 256 in flight",
    durability: "not synced",
    needs: ["get"],
    run: (ground) => {
      const next = uniform(ground);
      return ground.watch.inFlight(256, () => ground.store.get(ground.keys.at(next())), { check: checking(ground) });
    },
  },
  ycsb("a", "half reads, half updates", { reads: 0.5 }),
  ycsb("b", "95 % reads, 5 % updates", { reads: 0.95 }),
  ycsb("c", "reads only", { reads: 1 }),
  ycsb("d", "95 % reads of the latest, 5 % inserts", { reads: 0.95, isOfLatest: true }),
  ycsb("f", "half reads, half read-modify-writes", { reads: 0.5, readsFirst: true }),
  {
    name: "put",
    title: "`put`, 1,024 in flight",
    durability: "not synced",
    needs: ["put"],
    run: (ground) => puts(ground, 1024),
  },
  {
    name: "overwrite",
    title: "overwrite, batches of 1,000",
    durability: "not synced",
    needs: ["batch"],
    run: (ground) => batches(ground, Infinity, uniform(ground)),
  },
  {
    name: "durable-put",
    title: "durable `put`, one at a time",
    durability: "synced",
    needs: ["put"],
    run: (ground) => puts(ground, 1),
  },
  {
    name: "durable-put-256",
    title: "durable `put`, 256 in flight",
    durability: "synced",
    needs: ["put"],
    run: (ground) => puts(ground, 256),
  },
];

/** @throws Error where there is none of that name */
export function workload(name: string): Workload {
  const found = WORKLOADS.find((one) => one.name === name);
  if (found === undefined)
    throw new Error(`there is no workload "${name}": ${WORKLOADS.map((one) => one.name).join(", ")}`);
  return found;
}

/** Fills the store without measuring anything. */
export async function fill(store: Contender, keys: KeySpace, values: readonly Buffer[]): Promise<void> {
  const batch = new Batch();
  for (let from = 0; from < keys.count; from += BATCH) {
    await batch.write(store, keys, values, Math.min(BATCH, keys.count - from), (at) => keys.scattered(from + at));
  }
}

/** Values of so many bytes, of which half can be compressed, as those of applications can. */
export function makeValues(valueBytes: number, random: SeededRandom): Buffer[] {
  return Array.from({ length: 64 }, () => {
    const value = Buffer.alloc(valueBytes);
    for (let at = 0; at < valueBytes / 2; at += 1) value[at] = random.integer(256);
    return value;
  });
}

/** The keys and values of a batch, in buffers that are used again. */
class Batch {
  readonly #buffers = Array.from({ length: BATCH }, () => Buffer.alloc(NumberedKeys.BYTES));
  #written = 0;

  async write(
    store: Contender,
    keys: KeySpace,
    values: readonly Buffer[],
    count: number,
    indexAt: (at: number) => number,
  ): Promise<void> {
    const some = this.#buffers.slice(0, count);
    for (const [at, buffer] of some.entries()) keys.write(buffer, indexAt(at));
    const theirs = some.map(() => values[this.#written++ % values.length]!);
    await store.batch(some, theirs);
  }
}

async function batches(
  { store, keys, values, watch }: Ground,
  most: number,
  indexAt: (at: number) => number,
): Promise<void> {
  const batch = new Batch();
  let written = 0;
  const next = (): Promise<void> => {
    const from = written;
    const count = Math.min(BATCH, most - written);
    written += count;
    watch.also(count - 1);
    return batch.write(store, keys, values, count, (at) => indexAt(from + at));
  };
  await watch.inFlight(1, next, { more: () => written < most });
}

function puts({ store, keys, values, random, watch }: Ground, inFlight: number): Promise<void> {
  let written = 0;
  return watch.inFlight(inFlight, () =>
    store.put(keys.at(random.integer(keys.count)), values[written++ % values.length]!),
  );
}

function readsSync({ store, keys, valueBytes, watch }: Ground, next: () => number): Promise<void> {
  return watch.sync(() => check(store.getSync!(keys.at(next())), valueBytes));
}

function checking({ valueBytes }: Ground): (value: Uint8Array | undefined) => void {
  return (value) => check(value, valueBytes);
}

function check(value: Uint8Array | undefined, valueBytes: number): void {
  if (value?.length !== valueBytes)
    throw new Error(`a value of ${valueBytes} bytes came back as ${value?.length ?? "nothing"}`);
}

function uniform({ keys, random }: Ground): () => number {
  return () => random.integer(keys.count);
}

/** The keys that are asked for most lie anywhere. */
function skewed({ keys, random }: Ground): () => number {
  const zipf = new Zipf(keys.count, ZIPF_EXPONENT, () => random.fraction());
  return () => keys.scattered(zipf.next() - 1);
}

interface YcsbMix {
  readonly reads: number;
  /** The most recently inserted keys are asked for most, and writes insert. */
  readonly isOfLatest?: boolean;
  /** A write reads the value first. */
  readonly readsFirst?: boolean;
}

/** The core workloads of B. F. Cooper et al., "Benchmarking cloud serving systems with YCSB" (2010), 64 in flight. */
function ycsb(letter: "a" | "b" | "c" | "d" | "f", what: string, { reads, isOfLatest, readsFirst }: YcsbMix): Workload {
  return {
    name: `ycsb-${letter}`,
    title: `YCSB ${letter.toUpperCase()}: ${what}, 64 in flight`,
    durability: "not synced",
    needs: ["get", "put"],
    run: async (ground) => {
      const { store, keys, values, random, watch } = ground;
      const zipf = new Zipf(keys.count, ZIPF_EXPONENT, () => random.fraction());
      const next = isOfLatest === true ? () => keys.count - zipf.next() : skewed(ground);
      const toBeRead = checking(ground);
      let written = 0;
      const modify = async (key: Buffer, index: number, value: Buffer): Promise<void> => {
        toBeRead(await store.get(key));
        await store.put(keys.at(index), value);
      };
      const insert = async (index: number, value: Buffer): Promise<void> => {
        await store.put(keys.at(index), value);
        keys.inserted(index);
      };
      let asked = 0;
      let found = 0;
      const one = (): Promise<unknown> => {
        if (random.fraction() < reads) {
          asked += 1;
          return store.get(keys.at(next()));
        }
        const value = values[written++ % values.length]!;
        if (isOfLatest === true) return insert(keys.insert(), value);
        const index = next();
        return readsFirst === true ? modify(keys.at(index), index, value) : store.put(keys.at(index), value);
      };
      // What was read is bytes; what was written, something else or nothing.
      await watch.inFlight(64, one, {
        check: (result) => {
          if (!(result instanceof Uint8Array)) return;
          found += 1;
          toBeRead(result);
        },
      });
      if (found !== asked) throw new Error(`${asked - found} of ${asked} values came back as nothing`);
    },
  };
}
