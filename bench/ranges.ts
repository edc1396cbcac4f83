/**
 * How long ranges take, beside classic-level and lmdb, and beside the bare reads that a log of values cannot do without: a
 * hundred keys from a random start, and all of the store in order, with and without values. All hold the same entries, were
 * loaded in the same random order, and give what they give as bytes, each in the quickest way that it has. They take turns,
 * so that what else the machine does befalls them alike.
 *
 *     npm run bench:ranges -- --keys 1000000 --value-bytes 100 --rounds 5
 */
import { closeSync, openSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bytes, open } from "@hashlog/engine";
import { ClassicLevel } from "classic-level";
import { open as openLmdb } from "lmdb";
import { median } from "./median.ts";
import { NumberedKeys } from "./numbered-keys.ts";
import { settings } from "./settings.ts";
import { inTemporaryDirectory } from "./temporary-directory.ts";

const BATCH = 1000;
const RANGE = 100;
/** How many short ranges are read in one measurement. */
const RANGES = 1000;
const {
  keys: KEYS,
  "value-bytes": VALUE_BYTES,
  rounds: ROUNDS,
} = settings("bench:ranges", {
  keys: { usual: 1_000_000, least: RANGE * 2, what: "entries of each store" },
  "value-bytes": { usual: 100, least: 0, what: "bytes of a value" },
  rounds: { usual: 5, least: 1, what: "how often each is measured" },
});
const numbered = new NumberedKeys(KEYS);

/** What is measured: how many entries a range gave, so that nobody wins by giving fewer. */
interface Contender {
  readonly name: string;
  load(entries: Iterable<readonly [Buffer, Buffer]>): Promise<void>;
  range(from: Buffer, limit: number, withValues: boolean): Promise<number>;
  close(): Promise<void>;
}

await inTemporaryDirectory("bench-ranges", async (directory) => {
  const contenders = [await hashlog(directory), await classicLevel(directory), await lmdb(directory)];
  const limit = await bareReads(directory);
  for (const contender of [...contenders, limit]) {
    const begun = performance.now();
    await contender.load(entries());
    console.log(`${contender.name.padEnd(14)} loaded in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  }
  for (const [title, withValues, isWhole] of [
    [`${RANGE} keys from a random start`, false, false],
    [`${RANGE} entries from a random start`, true, false],
    ["all keys in order", false, true],
    ["all entries in order", true, true],
  ] as const) {
    await compare(title, withValues ? [...contenders, limit] : contenders, (contender, round) =>
      isWhole ? whole(contender, withValues) : short(contender, withValues, round),
    );
  }
  for (const contender of [...contenders, limit]) await contender.close();
});

async function short(contender: Contender, withValues: boolean, round: number): Promise<number> {
  let given = 0;
  for (let index = 0; index < RANGES; index += 1) {
    const start = numbered.scattered(round * RANGES + index) % (KEYS - RANGE);
    given += await contender.range(numbered.at(start), RANGE, withValues);
  }
  if (given !== RANGES * RANGE) throw new Error(`${contender.name} gave ${given} entries`);
  return given;
}

async function whole(contender: Contender, withValues: boolean): Promise<number> {
  const given = await contender.range(numbered.at(0), KEYS, withValues);
  if (given !== KEYS) throw new Error(`${contender.name} gave ${given} entries`);
  return given;
}

/** The median of each, and how many times as many entries a second the first one gives as each of the others. */
async function compare(
  title: string,
  contenders: readonly Contender[],
  measure: (contender: Contender, round: number) => Promise<number>,
): Promise<void> {
  const rates = contenders.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, contender] of contenders.entries()) {
      const begun = performance.now();
      const given = await measure(contender, round);
      rates[index]!.push((given / (performance.now() - begun)) * 1000);
    }
  }
  const [own, ...others] = rates.map(median);
  console.log(`\n${title}, entries a second`);
  for (const [index, { name }] of contenders.entries()) {
    const rate = index === 0 ? own! : others[index - 1]!;
    const ratio = index === 0 ? "" : `  hashlog has ${(own! / rate).toFixed(2)} of that`;
    console.log(`  ${name.padEnd(14)} ${Math.round(rate).toLocaleString("en-US").padStart(12)}${ratio}`);
  }
}

async function hashlog(directory: string): Promise<Contender> {
  const store = await open(join(directory, "hashlog"), { keys: bytes, values: bytes, sync: "never", ordered: true });
  return {
    name: "hashlog",
    load: (all) => inBatches(all, (some) => store.batch(some.map(([key, value]) => ({ type: "put", key, value })))),
    range: async (gte, limit, withValues) => {
      let given = 0;
      if (withValues) for await (const [key, value] of store.entries({ gte, limit })) given += weight(key, value);
      else for await (const key of store.keys({ gte, limit })) given += weight(key);
      return given;
    },
    close: () => store.close(),
  };
}

async function classicLevel(directory: string): Promise<Contender> {
  const db = new ClassicLevel<Buffer, Buffer>(join(directory, "level"), {
    keyEncoding: "buffer",
    valueEncoding: "buffer",
  });
  await db.open();
  return {
    name: "classic-level",
    load: async (all) => {
      await inBatches(all, (some) => db.batch(some.map(([key, value]) => ({ type: "put", key, value }))));
      // As it would be in the long run: what was written last is in its files, and they are sorted.
      await db.compactRange(numbered.at(0), numbered.at(KEYS));
    },
    range: async (gte, limit, withValues) => {
      let given = 0;
      const iterator = withValues ? db.iterator({ gte, limit }) : db.keys({ gte, limit });
      for (;;) {
        const some = (await iterator.nextv(RANGE * 10)) as (Buffer | [Buffer, Buffer])[];
        if (some.length === 0) break;
        for (const one of some) given += Array.isArray(one) ? weight(one[0], one[1]) : weight(one);
      }
      await iterator.close();
      return given;
    },
    close: () => db.close(),
  };
}

async function lmdb(directory: string): Promise<Contender> {
  const db = openLmdb<Buffer, Buffer>({
    path: join(directory, "lmdb"),
    keyEncoding: "binary",
    encoding: "binary",
    noSync: true,
  });
  return {
    name: "lmdb",
    load: (all) =>
      inBatches(all, (some) =>
        db.transaction(() => {
          for (const [key, value] of some) void db.put(key, value);
        }),
      ),
    range: async (start, limit, withValues) => {
      let given = 0;
      if (withValues) for (const { key, value } of db.getRange({ start, limit })) given += weight(key, value);
      else for (const key of db.getKeys({ start, limit })) given += weight(key);
      return given;
    },
    close: () => db.close(),
  };
}

/**
 * The least that a store can do which keeps values in the order in which they came: one positioned read for each, of a
 * record whose place is known, in the order of the keys, and a copy of the value.
 */
async function bareReads(directory: string): Promise<Contender> {
  const path = join(directory, "bare");
  const recordBytes = 24 + NumberedKeys.BYTES + VALUE_BYTES;
  const places = new Float64Array(KEYS);
  const buffer = Buffer.alloc(recordBytes);
  let file = -1;
  return {
    name: "bare reads",
    load: async (all) => {
      const records: Buffer[] = [];
      let place = 0;
      for (const [key, value] of all) {
        places[Number(key.toString())] = place;
        records.push(Buffer.concat([Buffer.alloc(24), key, value]));
        place += recordBytes;
      }
      writeFileSync(path, Buffer.concat(records));
      file = openSync(path, "r");
    },
    range: async (from, limit) => {
      let given = 0;
      const first = Number(from.toString());
      for (let number = first; number < first + limit; number += 1) {
        readSync(file, buffer, 0, recordBytes, places[number]!);
        given += weight(buffer.subarray(24, 40), new Uint8Array(buffer.subarray(40)));
      }
      return given;
    },
    close: async () => closeSync(file),
  };
}

/** 1 for an entry that looks as it should. */
function weight(key: Uint8Array, value?: Uint8Array): number {
  if (key.length !== NumberedKeys.BYTES || (value !== undefined && value.length !== VALUE_BYTES))
    throw new Error("not an entry");
  return 1;
}

async function inBatches(
  all: Iterable<readonly [Buffer, Buffer]>,
  write: (some: readonly (readonly [Buffer, Buffer])[]) => Promise<unknown>,
): Promise<void> {
  let some: (readonly [Buffer, Buffer])[] = [];
  for (const entry of all) {
    some.push(entry);
    if (some.length < BATCH) continue;
    await write(some);
    some = [];
  }
  await write(some);
}

function* entries(): Generator<readonly [Buffer, Buffer]> {
  for (let index = 0; index < KEYS; index += 1) {
    const number = numbered.scattered(index);
    yield [numbered.at(number), Buffer.alloc(VALUE_BYTES, `value ${number} `)];
  }
}
