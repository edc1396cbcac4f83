import type { KeydirScan, KeydirView, RecordLocation } from "../keydir.ts";
import { type SeededRandom, withSeeds } from "./contract-random.ts";
import {
  addPage,
  Caller,
  type ContractPart,
  ensureEntries,
  ensureEqual,
  ensureHolds,
  ensureLocation,
  locationOf,
  nameOf,
} from "./contract-support.ts";

interface OpenView {
  readonly view: KeydirView;
  readonly scan: KeydirScan;
  readonly entries: ReadonlyMap<string, RecordLocation>;
  readonly listed: Map<string, RecordLocation>;
}

/** Everything at random, against a plain `Map`. */
export const modelContract: ContractPart = (test, make) => {
  for (const keys of [1, 30, 3000]) {
    test(`with ${keys} keys and random calls it answers as a Map does`, () => {
      withSeeds([1, 2, 3, 4, 5], (random) => new Run(new Caller(make()), random, keys).steps(6000));
    });
  }
};

class Run {
  readonly #caller: Caller;
  readonly #random: SeededRandom;
  readonly #keys: readonly Uint8Array[];
  readonly #entries = new Map<string, RecordLocation>();
  #views: OpenView[] = [];

  constructor(caller: Caller, random: SeededRandom, keys: number) {
    this.#caller = caller;
    this.#random = random;
    this.#keys = Array.from({ length: keys }, (_, i) => randomKey(random, i));
  }

  steps(count: number): void {
    for (let step = 0; step < count; step++) {
      // By turns the keydir fills and empties.
      this.#step(Math.floor(step / 1500) % 2 === 0 ? 6 : 2);
      ensureEqual(this.#caller.keydir.size, this.#entries.size, `size after step ${step}`);
    }
    ensureHolds(this.#caller, this.#entries);
    for (const open of this.#views) {
      while (addPage(open.scan, open.listed));
      ensureEntries(open.listed, open.entries, "a view at the end");
    }
  }

  #step(puts: number): void {
    const key = this.#random.pick(this.#keys);
    const name = nameOf(key);
    const present = this.#entries.get(name);
    const choice = this.#random.below(20);
    if (choice < puts) this.#put(key, name);
    else if (choice < 8) this.#delete(key, name);
    else if (choice < 11) this.#relocate(key, name);
    else if (choice < 13) this.#deleteIfAt(key, name);
    else if (choice < 17) ensureLocation(this.#caller.find(key), present, "find");
    else this.#view(key, name);
  }

  #put(key: Uint8Array, name: string): void {
    const location = this.#location();
    ensureLocation(this.#caller.put(key, location), this.#entries.get(name), "the replaced location");
    this.#entries.set(name, location);
  }

  #delete(key: Uint8Array, name: string): void {
    ensureLocation(this.#caller.delete(key), this.#entries.get(name), "the removed location");
    this.#entries.delete(name);
  }

  #relocate(key: Uint8Array, name: string): void {
    const present = this.#entries.get(name);
    const expected = this.#random.below(4) === 0 ? this.#location() : (present ?? this.#location());
    const target = this.#location();
    const moves = liesAt(present, expected);
    ensureEqual(this.#caller.relocate(key, expected, target), moves, "relocate");
    if (moves) this.#entries.set(name, target);
  }

  #deleteIfAt(key: Uint8Array, name: string): void {
    const present = this.#entries.get(name);
    const expected = this.#random.below(4) === 0 ? this.#location() : (present ?? this.#location());
    const deletes = liesAt(present, expected);
    ensureEqual(this.#caller.deleteIfAt(key, expected), deletes, "deleteIfAt");
    if (deletes) this.#entries.delete(name);
  }

  /** Opens a view, looks at one, reads a page of one, or closes one that has ended. */
  #view(key: Uint8Array, name: string): void {
    if (this.#views.length < 3 && this.#random.below(50) === 0) {
      const entries = new Map(this.#entries);
      const view = this.#caller.keydir.openView();
      this.#views.push({ view, scan: view.openScan(), entries, listed: new Map() });
    }
    if (this.#views.length === 0) return;
    const open = this.#random.pick(this.#views);
    ensureLocation(this.#caller.find(key, open.view), open.entries.get(name), "find in a view");
    ensureEqual(open.view.size, open.entries.size, "the size of a view");
    if (this.#random.below(40) !== 0 || addPage(open.scan, open.listed)) return;
    ensureEntries(open.listed, open.entries, "a view");
    open.view.close();
    this.#views = this.#views.filter((other) => other !== open);
  }

  #location(): RecordLocation {
    const random = this.#random;
    const location = locationOf(random.below(1_000_000), random.below(4) === 0 ? random.below(2 ** 40) : 0);
    return random.below(10) === 0 ? { ...location, valueBytes: random.below(2 ** 32) } : location;
  }
}

function liesAt(present: RecordLocation | undefined, expected: RecordLocation): boolean {
  return present !== undefined && present.segmentSlot === expected.segmentSlot && present.offset === expected.offset;
}

/** Mostly short keys that differ in their first bytes, some long ones that differ in their last. */
function randomKey(random: SeededRandom, i: number): Uint8Array {
  const length =
    random.below(40) === 0 ? 100 + random.below(random.below(30) === 0 ? 60_000 : 300) : 4 + random.below(20);
  const key = new Uint8Array(length).fill(random.below(256));
  const at = random.below(2) === 0 ? 0 : length - 4;
  new DataView(key.buffer).setUint32(at, i);
  return key;
}
