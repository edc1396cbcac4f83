import type { Keydir, RecordLocation } from "../keydir.ts";
import { type SeededRandom, withSeeds } from "./contract-random.ts";
import {
  Caller,
  type ContractPart,
  drain,
  ensureEntries,
  ensureHolds,
  ensureRefused,
  keyOf,
  locationOf,
  finish,
} from "./contract-support.ts";

interface LoadedRecord {
  readonly name: string;
  readonly sequence: number;
  /** `undefined` for a tombstone. */
  readonly location: RecordLocation | undefined;
}

/** Loading from records in any order: the highest sequence of each key counts. */
export const loadingContract: ContractPart = (test, make) => {
  test("loading nothing leaves an empty keydir", () => {
    const keydir = make();
    finish(keydir.beginLoad());
    ensureHolds(new Caller(keydir), new Map());
  });

  test("every order of the same records gives the same keydir", () => {
    const records: LoadedRecord[] = [
      { name: "kept", sequence: 1, location: locationOf(1) },
      { name: "kept", sequence: 2 ** 32 + 5, location: locationOf(5, 50) },
      { name: "kept", sequence: 4, location: undefined },
      { name: "gone", sequence: 2 ** 53 - 1, location: undefined },
      { name: "gone", sequence: 2 ** 53 - 2, location: locationOf(6) },
    ];
    for (const order of ordersOf(records)) ensureHolds(loaded(make(), order), new Map([["kept", locationOf(5, 50)]]));
  });

  test("a tombstone without a put leaves nothing behind", () => {
    const caller = loaded(make(), [{ name: "a", sequence: 7, location: undefined }]);
    ensureHolds(caller, new Map());
    caller.put(keyOf("a"), locationOf(1));
    ensureHolds(caller, new Map([["a", locationOf(1)]]));
  });

  test("many records of many keys, shuffled, give what the highest sequences say", () => {
    withSeeds([1, 2, 3, 4], (random) => {
      const records = randomRecords(random, 4000);
      const newest = new Map<string, LoadedRecord>();
      for (const record of records) newest.set(record.name, record);
      const expected = new Map<string, RecordLocation>();
      for (const { name, location } of newest.values()) if (location !== undefined) expected.set(name, location);
      ensureHolds(loaded(make(), records), expected);
      ensureHolds(loaded(make(), records.toReversed()), expected);
      ensureHolds(loaded(make(), random.shuffled(records)), expected);
    });
  });

  test("of two records with one sequence the same one is kept for the same calls", () => {
    const records = [1, 2, 3].map((seed) => ({ name: "a", sequence: 5, location: locationOf(seed) }));
    const once = loaded(make(), records);
    const again = loaded(make(), records);
    ensureEntries(drain(once.keydir.openView()), drain(again.keydir.openView()), "the second loading");
  });

  test("of a put and a tombstone with one sequence the put is kept, in whatever order they come", () => {
    const records: LoadedRecord[] = [
      { name: "a", sequence: 5, location: locationOf(5, 50) },
      { name: "a", sequence: 5, location: undefined },
      { name: "a", sequence: 4, location: locationOf(4) },
      { name: "b", sequence: 6, location: locationOf(6, 60) },
      { name: "b", sequence: 6, location: undefined },
      { name: "b", sequence: 7, location: undefined },
    ];
    for (const order of ordersOf(records)) ensureHolds(loaded(make(), order), new Map([["a", locationOf(5, 50)]]));
  });

  test("a loaded keydir is one like any other", () => {
    withSeeds([5], (random) => {
      const caller = loaded(make(), [
        { name: "a", sequence: 2, location: locationOf(2) },
        { name: "b", sequence: 3, location: locationOf(3, 9) },
      ]);
      const entries = new Map([
        ["a", locationOf(2)],
        ["b", locationOf(3, 9)],
      ]);
      for (let i = 0; i < 3000; i++) {
        const name = `key ${random.below(1000)}`;
        caller.put(keyOf(name), locationOf(i));
        entries.set(name, locationOf(i));
      }
      caller.delete(keyOf("a"));
      entries.delete("a");
      ensureHolds(caller, entries);
    });
  });

  test("only an empty keydir is loaded", () => {
    const caller = new Caller(make());
    caller.put(keyOf("a"), locationOf(1));
    ensureRefused(() => caller.keydir.beginLoad(), "INDEX_NOT_EMPTY");
    ensureHolds(caller, new Map([["a", locationOf(1)]]));
    caller.delete(keyOf("a"));
    const loader = caller.keydir.beginLoad();
    loader.put(keyOf("b"), 0, 1, 1, locationOf(2));
    finish(loader);
    ensureHolds(caller, new Map([["b", locationOf(2)]]));
  });
};

function loaded(keydir: Keydir, records: readonly LoadedRecord[]): Caller {
  const loader = keydir.beginLoad();
  const around = new Uint8Array(64);
  for (const { name, sequence, location } of records) {
    const key = keyOf(name);
    around.fill(0x77);
    around.set(key, 3);
    if (location === undefined) loader.delete(around, 3, 3 + key.length, sequence);
    else loader.put(around, 3, 3 + key.length, sequence, location);
  }
  finish(loader);
  return new Caller(keydir);
}

/** Records with ascending sequences; some keys come often, some end in a tombstone. */
function randomRecords(random: SeededRandom, count: number): LoadedRecord[] {
  const records: LoadedRecord[] = [];
  let sequence = 0;
  for (let i = 0; i < count; i++) {
    sequence += 1 + random.below(3);
    const name = `key ${random.below(random.below(count) + 1)}`;
    const location = random.below(3) === 0 ? undefined : locationOf(sequence, random.below(4) === 0 ? sequence : 0);
    records.push({ name, sequence, location });
  }
  return records;
}

function* ordersOf<Element>(elements: readonly Element[]): Generator<Element[]> {
  if (elements.length === 0) yield [];
  for (let i = 0; i < elements.length; i++) {
    const others = [...elements.slice(0, i), ...elements.slice(i + 1)];
    for (const order of ordersOf(others)) yield [elements[i], ...order];
  }
}
