import type { Keydir, KeydirCursor, KeydirRange, KeydirView, RecordLocation } from "../keydir.ts";
import { type SeededRandom, withSeeds } from "./contract-random.ts";
import {
  pagesOf,
  addEntries,
  Caller,
  type ContractPart,
  ensure,
  ensureEntries,
  ensureEqual,
  ensureLocation,
  ensureRefused,
  keyOf,
  locationOf,
  nameOf,
  finish,
} from "./contract-support.ts";

/** Ranges: the keys of a view in the order of their bytes, whatever happens meanwhile. */
export const rangesContract: ContractPart = (test, make) => {
  test("a keydir keeps no order before it is told to, and its views have no cursors", () => {
    const { keydir } = filled(make(), ["a", "b"]);
    ensureEqual(keydir.isOrdered, false, "isOrdered");
    const view = keydir.openView();
    ensureRefused(() => view.openCursor(), "INDEX_NOT_ORDERED");
    const ordering = keydir.beginOrdering();
    ensureRefused(() => view.openCursor(), "INDEX_NOT_ORDERED");
    while (!ordering.step());
    ensureEqual(keydir.isOrdered, true, "isOrdered");
    ensureEqual(namesOf(view.openCursor()).join(), "a,b", "a view of before, once there is an order");
    ensureEqual(ordering.step(), true, "a step when all is done");
    ensureEqual(keydir.beginOrdering().step(), true, "a step of another ordering, when all is done");
    view.close();
  });

  test("keys are in the order of their bytes, the shorter first where one begins the other", () => {
    const names = [
      "",
      "\0",
      "\0\0",
      "\0\x01",
      "\x01",
      "a",
      "a\0",
      "a\0\0\0\0",
      "a\0b",
      "aa",
      "ab",
      "abcd",
      "abcd\0",
      "abcde",
    ];
    names.push("abcdf", "abce", "b", "\x7f", "\x80", "\xff", "\xff\0", "\xff\xff", "\xff\xff\xff\xff\xff");
    const sorted = names.toSorted();
    for (const shift of [0, 5, 11]) {
      const caller = filled(make(), [...names.slice(shift), ...names.slice(0, shift)]);
      order(caller.keydir);
      ensureNames(caller.keydir, {}, sorted);
      ensureNames(caller.keydir, { reverse: true }, sorted.toReversed());
      for (const [index, name] of sorted.entries()) {
        ensureNames(caller.keydir, { from: bytesOf(name) }, sorted.slice(index));
        ensureNames(caller.keydir, { to: bytesOf(name), reverse: true }, sorted.slice(0, index).toReversed());
      }
    }
  });

  test("a range has its first key, and not the one that it ends at; one that ends before it begins is empty", () => {
    const { keydir } = filled(make(), ["b", "d", "f", "h"]);
    order(keydir);
    const range = (from: string, to: string): KeydirRange => ({ from: keyOf(from), to: keyOf(to) });
    for (const [from, to, expected] of [
      ["b", "h", "b,d,f"],
      ["a", "i", "b,d,f,h"],
      ["c", "g", "d,f"],
      ["c", "d", ""],
      ["d", "d", ""],
      ["h", "b", ""],
      ["", "c", "b"],
    ] as const) {
      ensureNames(keydir, range(from, to), expected.split(",").filter(Boolean));
      ensureNames(keydir, { ...range(from, to), reverse: true }, expected.split(",").filter(Boolean).toReversed());
    }
  });

  test("a bound may be longer than a key can be", () => {
    const longest = "k".repeat(65_535);
    const { keydir } = filled(make(), [longest, "l"]);
    order(keydir);
    ensureNames(keydir, { from: bytesOf(`${longest}\0`) }, ["l"]);
    ensureNames(keydir, { to: bytesOf(`${longest}\0`) }, [longest]);
  });

  test("an empty keydir can be put in order, and filled then, and emptied", () => {
    const caller = filled(make(), []);
    order(caller.keydir);
    ensureNames(caller.keydir, {}, []);
    for (const name of ["b", "c", "a"]) caller.put(keyOf(name), locationOf(1));
    ensureNames(caller.keydir, {}, ["a", "b", "c"]);
    for (const name of ["b", "a", "c"]) caller.delete(keyOf(name));
    ensureNames(caller.keydir, {}, []);
    ensureNames(caller.keydir, { reverse: true }, []);
  });

  test("what changes while the keys are put in order is in order with the rest", () => {
    const names = Array.from({ length: 6000 }, (_, i) => `key ${i}`);
    const caller = filled(make(), names);
    const there = new Set(names);
    const ordering = caller.keydir.beginOrdering();
    for (let step = 0; !ordering.step(); step++) {
      for (const name of [`new ${step}`, `key ${step * 3}`]) {
        caller.put(keyOf(name), locationOf(step, step % 2));
        there.add(name);
      }
      caller.delete(keyOf(`key ${5999 - step * 5}`));
      there.delete(`key ${5999 - step * 5}`);
      if (step % 3 !== 0) continue;
      caller.delete(keyOf(`new ${step}`));
      there.delete(`new ${step}`);
    }
    ensureNames(caller.keydir, {}, [...there].toSorted());
  });

  test("an ordering that was given up leaves no order, and can be begun again", () => {
    const names = Array.from({ length: 3000 }, (_, i) => `key ${i}`);
    const caller = filled(make(), names);
    const ordering = caller.keydir.beginOrdering();
    ensureEqual(ordering.step(), false, "whether one step puts 3,000 keys in order");
    ordering.abandon();
    ensureEqual(caller.keydir.isOrdered, false, "isOrdered");
    caller.delete(keyOf("key 7"));
    order(caller.keydir);
    ensureNames(caller.keydir, {}, names.filter((name) => name !== "key 7").toSorted());
    caller.keydir.beginOrdering().abandon();
    ensureEqual(caller.keydir.isOrdered, true, "isOrdered after giving up what was done");
  });

  test("loading ends the order, and what was loaded can be put in order", () => {
    const source = filled(make(), ["c", "a", "b"]).keydir;
    const loaded = make();
    order(loaded);
    for (let shard = 0; shard < source.shardCount; shard++) loaded.loadShard(shard, source.dumpShard(shard));
    ensureEqual(loaded.isOrdered, false, "isOrdered after loading a dump");
    order(loaded);
    ensureNames(loaded, {}, ["a", "b", "c"]);
    const replayed = make();
    order(replayed);
    const loader = replayed.beginLoad();
    for (const [sequence, name] of ["c", "a", "b"].entries()) {
      loader.put(bytesOf(name), 0, 1, sequence + 1, locationOf(sequence));
    }
    finish(loader);
    ensureEqual(replayed.isOrdered, false, "isOrdered after loading records");
    order(replayed);
    ensureNames(replayed, { reverse: true }, ["c", "b", "a"]);
  });

  test("pages have as many entries as were asked for, at most, and all that a view says of them", () => {
    const names = Array.from({ length: 5000 }, (_, i) => `key ${i}`);
    const caller = filled(make(), names);
    order(caller.keydir);
    const view = caller.keydir.openView();
    for (const most of [1, 7, 100, undefined]) {
      const cursor = view.openCursor({ from: keyOf("key 2"), to: keyOf("key 3") });
      const listed = new Map<string, RecordLocation>();
      for (const page of pagesOf(() => cursor.nextPage(most))) {
        ensure(page.count <= (most ?? Infinity), `${page.count} entries in a page of ${most}`);
        addEntries(page, listed);
      }
      ensureEqual(cursor.nextPage(most), undefined, "a page after the last one");
      const expected = names.filter((name) => name >= "key 2" && name < "key 3");
      ensureEntries(listed, new Map(expected.map((name) => [name, locationOf(names.indexOf(name))])), "the range");
    }
    const all = view.openCursor();
    ensure((all.nextPage()?.count ?? 0) < 5000, "a page should be bounded, not hold 5,000 keys");
    for (const most of [0, -1, 1.5, Number.NaN]) ensureRefused(() => all.nextPage(most), "INDEX_INVALID_ARGUMENT");
    view.close();
  });

  test("a cursor shows the keys as of its view, page by page, under changes to everything", () => {
    withSeeds([1, 2, 3, 4], (random) => {
      const names = Array.from({ length: 4000 }, (_, i) => `key ${i * 3}`);
      const caller = filled(make(), names);
      order(caller.keydir);
      const expected = new Map(names.map((name, i) => [name, locationOf(i)]));
      const view = caller.keydir.openView();
      for (const reverse of [false, true]) {
        const cursor = view.openCursor({ reverse });
        const listed = new Map<string, RecordLocation>();
        for (const page of pagesOf(() => cursor.nextPage(300))) {
          addEntries(page, listed);
          changeMany(caller, random, 12_000);
        }
        ensureEntries(listed, expected, "the cursor");
        const sorted = names.toSorted();
        ensureEqual([...listed.keys()].join(), (reverse ? sorted.toReversed() : sorted).join(), "the order");
      }
      view.close();
    });
  });

  test("the bounds are the caller's own, and so is a page", () => {
    const { keydir } = filled(make(), ["a", "b", "c", "d"]);
    order(keydir);
    const view = keydir.openView();
    const [from, to] = [keyOf("b"), keyOf("d")];
    const cursor = view.openCursor({ from, to });
    from.fill(0);
    to.fill(0);
    const page = cursor.nextPage(1);
    page?.keys.fill(0);
    ensureEqual(namesOf(cursor).join(), "c", "the rest");
    view.close();
  });

  test("a cursor of a closed view refuses to be read", () => {
    const { keydir } = filled(make(), ["a", "b"]);
    order(keydir);
    const view = keydir.openView();
    const cursor = view.openCursor();
    view.close();
    ensureRefused(() => cursor.nextPage(), "INDEX_CLOSED");
    ensureRefused(() => view.openCursor(), "INDEX_CLOSED");
  });

  test("in order, a keydir answers with random calls as a sorted Map does", () => {
    withSeeds([1, 2, 3, 4, 5, 6], (random) => new Run(new Caller(make()), random).steps(3000));
  });
};

/** Random changes, and now and then a range of what is there, or of what was there when a view was opened. */
class Run {
  readonly #caller: Caller;
  readonly #random: SeededRandom;
  readonly #entries = new Map<string, RecordLocation>();
  readonly #prefix: string;
  #view: { readonly view: KeydirView; readonly entries: ReadonlyMap<string, RecordLocation> } | undefined;

  constructor(caller: Caller, random: SeededRandom) {
    this.#caller = caller;
    this.#random = random;
    this.#prefix = "p".repeat(random.below(12));
    order(caller.keydir);
  }

  steps(count: number): void {
    for (let step = 0; step < count; step++) {
      // By turns the keydir fills and empties.
      this.#change(Math.floor(step / 700) % 2 === 0 ? 8 : 3);
      if (step % 40 === 0) this.#look();
    }
    this.#view?.view.close();
    ensureListed(this.#caller.keydir, {}, this.#entries);
  }

  #change(puts: number): void {
    const random = this.#random;
    // Keys that were put one after the other, as well as any.
    const number = random.below(3) === 0 ? this.#entries.size : random.below(2500);
    const name = `${this.#prefix}${random.below(50) === 0 ? "q".repeat(random.below(300)) : ""}${number}`;
    const key = bytesOf(name);
    const location = locationOf(random.below(1_000_000), random.below(3) === 0 ? random.below(2 ** 40) : 0);
    if (random.below(10) < puts) {
      this.#caller.put(key, location);
      this.#entries.set(name, location);
    } else if (random.below(2) === 0) {
      this.#caller.delete(key);
      this.#entries.delete(name);
    } else {
      const present = this.#entries.get(name);
      if (present === undefined || !this.#caller.relocate(key, present, location)) return;
      this.#entries.set(name, location);
    }
  }

  #look(): void {
    const random = this.#random;
    const bound = (): Uint8Array | undefined =>
      random.below(4) === 0 ? undefined : bytesOf(`${this.#prefix}${random.below(2500)}`);
    const range = { from: bound(), to: bound(), reverse: random.below(2) === 0 };
    ensureListed(this.#caller.keydir, range, this.#entries);
    if (this.#view === undefined) {
      this.#view = { view: this.#caller.keydir.openView(), entries: new Map(this.#entries) };
      return;
    }
    ensureCursor(this.#view.view.openCursor(range), range, this.#view.entries);
    if (random.below(8) > 0) return;
    this.#view.view.close();
    this.#view = undefined;
  }
}

function filled(keydir: Keydir, names: readonly string[]): Caller {
  const caller = new Caller(keydir);
  for (const [index, name] of names.entries()) caller.put(bytesOf(name), locationOf(index));
  return caller;
}

function order(keydir: Keydir): void {
  const ordering = keydir.beginOrdering();
  while (!ordering.step());
}

function changeMany(caller: Caller, random: SeededRandom, numbers: number): void {
  for (let i = 0; i < 500; i++) {
    const key = keyOf(`key ${random.below(numbers)}`);
    if (random.below(2) === 0) caller.delete(key);
    else caller.put(key, locationOf(random.below(100_000), random.below(2)));
  }
}

/** The other way round as `nameOf`: a byte for each character. */
function bytesOf(name: string): Uint8Array {
  return Uint8Array.from(name, (character) => character.charCodeAt(0));
}

function namesOf(cursor: KeydirCursor): string[] {
  const listed = new Map<string, RecordLocation>();
  for (const page of pagesOf(() => cursor.nextPage())) addEntries(page, listed);
  return [...listed.keys()];
}

function ensureNames(keydir: Keydir, range: KeydirRange, expected: readonly string[]): void {
  const view = keydir.openView();
  ensureEqual(JSON.stringify(namesOf(view.openCursor(range))), JSON.stringify(expected), "the keys of the range");
  view.close();
}

function ensureListed(keydir: Keydir, range: KeydirRange, entries: ReadonlyMap<string, RecordLocation>): void {
  const view = keydir.openView();
  ensureCursor(view.openCursor(range), range, entries);
  view.close();
}

function ensureCursor(
  cursor: KeydirCursor,
  { from, to, reverse = false }: KeydirRange,
  entries: ReadonlyMap<string, RecordLocation>,
): void {
  const names = [...entries.keys()].filter(
    (name) => (from === undefined || name >= nameOf(from)) && (to === undefined || name < nameOf(to)),
  );
  const expected = reverse ? names.toSorted().toReversed() : names.toSorted();
  const listed = new Map<string, RecordLocation>();
  for (const page of pagesOf(() => cursor.nextPage(500))) addEntries(page, listed);
  ensureEqual([...listed.keys()].join(), expected.join(), "the keys of the range");
  for (const [name, location] of listed) ensureLocation(location, entries.get(name), `"${name.slice(0, 40)}"`);
}
