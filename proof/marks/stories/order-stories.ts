import { open, utf8, type Store } from "@hashlog/engine";
import { hashKeydir, IndexError, type Keydir, type KeydirFactory } from "@hashlog/index";
import { systemClock } from "@hashlog/fs-io";
import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { DIRECTORY } from "../../world/text-store.ts";
import { altered } from "../../../test/support/altered.ts";
import { must, mustFail, type Story } from "./story.ts";

type TextStore = Store<string, string>;

const NOWHERE = { segmentSlot: 1, offset: 2, valueBytes: 3, expiresAtMs: 0 };

/** The index of a store alone, beside the names that have to be in it. */
class Named {
  readonly keydir: Keydir = hashKeydir({ hashKey: new Uint8Array(16) });
  readonly names = new Set<string>();

  /** An entry that expires is longer: it moves. */
  put(name: string, expiresAtMs: number = 0): void {
    const key = new TextEncoder().encode(name);
    this.keydir.put(key, 0, key.length, { ...NOWHERE, expiresAtMs }, { ...NOWHERE });
    this.names.add(name);
  }

  delete(name: string): void {
    const key = new TextEncoder().encode(name);
    this.keydir.delete(key, 0, key.length, { ...NOWHERE });
    this.names.delete(name);
  }

  order(): void {
    const ordering = this.keydir.beginOrdering();
    while (!ordering.step());
  }

  /** Demands that all names are there in their order, forward and back. */
  mustBeInOrder(): void {
    const sorted = [...this.names].toSorted();
    must(areSame(this.#range(false), sorted), "all names are in order");
    must(areSame(this.#range(true), sorted.toReversed()), "all names are in order, the last one first");
  }

  #range(reverse: boolean): string[] {
    const view = this.keydir.openView();
    const cursor = view.openCursor({ reverse });
    const names: string[] = [];
    for (let page = cursor.nextPage(); page !== undefined; page = cursor.nextPage()) {
      const text = new TextDecoder().decode(page.keys);
      for (let index = 0; index < page.count; index += 1) {
        names.push(text.slice(index === 0 ? 0 : page.keyEnds[index - 1], page.keyEnds[index]));
      }
    }
    view.close();
    return names;
  }
}

function areSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((one, index) => one === others[index]);
}

/** Numbers below a prime, in an order that has nothing to do with their size. */
function* scattered(prime: number): Generator<number> {
  for (let index = 0; index < prime; index += 1) yield (index * 7919 + 13) % prime;
}

const padded = (number: number): string => `key/${String(number).padStart(6, "0")}`;

/** A store with so many keys, whose index is of this kind. */
async function storeOf(count: number, index: KeydirFactory, onYield: () => void = () => undefined): Promise<TextStore> {
  const clock = {
    ...systemClock,
    yield: () => {
      onYield();
      return Promise.resolve();
    },
  };
  const fileSystem = new SimulatedDisk().boot();
  const store = await open(DIRECTORY, { fileSystem, sync: "never", values: utf8, index, clock });
  await store.batch(Array.from({ length: count }, (_, number) => ({ type: "put", key: padded(number), value: "old" })));
  return store;
}

async function keysOf(keys: AsyncIterable<string>): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const key of keys) all.push(key);
  return all;
}

/** Keys that are kept in order, while they come, go and move, and are read as of an earlier moment. */
export const orderStories: readonly Story[] = [
  {
    title: "keys are in order however they come and go, and wherever their entries move",
    marks: [
      "order/heads-taken-anew",
      "order/shared-with-neighbours",
      "order/one-more-node",
      "order/nodes-joined",
      "order/node-moved",
      "order/root-moved",
      "order/root-lowered",
      "order/shard-laid-out-anew",
    ],
    tell: async () => {
      const named = new Named();
      named.order();
      // So many that there are three levels of nodes.
      for (const number of scattered(17_011)) named.put(padded(number));
      for (const name of ["", "k", "key", "key/", "other"]) named.put(name);
      named.mustBeInOrder();
      for (const number of scattered(17_011)) if (number % 3 === 0) named.put(padded(number), 12_345);
      named.mustBeInOrder();
      for (const keptOf of [2, 16, Infinity]) {
        for (const number of scattered(17_011)) if (number % keptOf !== 1) named.delete(padded(number));
        named.mustBeInOrder();
      }
      for (const name of [...named.names]) named.delete(name);
      for (let number = 0; number < 300; number += 1) named.put(padded(number));
      named.mustBeInOrder();
    },
  },
  {
    title: "keys that are written and deleted while all are put in order are in order, each once",
    marks: ["order/key-deleted-before-its-turn", "order/key-put-in-order-by-a-write"],
    tell: async () => {
      const named = new Named();
      for (let number = 0; number < 4000; number += 2) named.put(padded(number));
      const ordering = named.keydir.beginOrdering();
      for (let from = 0; !ordering.step(); from += 300) {
        for (let number = from; number < from + 300; number += 3) {
          named.delete(padded(number));
          if (number % 2 === 1) named.put(padded(number));
          if (number % 4 === 0) named.put(padded(number));
        }
      }
      named.mustBeInOrder();
    },
  },
  {
    title: "keys are not put in order any further when nobody waits for it, and are when somebody asks again",
    marks: ["order/given-up"],
    tell: async () => {
      const leaving = new AbortController();
      const store = await storeOf(2000, hashKeydir, () => leaving.abort());
      await mustFail(keysOf(store.keys({ gte: "", signal: leaving.signal })), "HASHLOG_ABORTED");
      await store.put("in between", "new");
      const keys = await keysOf(store.keys({ gte: "" }));
      must(keys.length === 2001 && areSame(keys, keys.toSorted()), "all keys are in order");
      await store.close();
    },
  },
  {
    title: "a store whose keys have no room to be in order says so, and is a store still",
    marks: ["order/no-room"],
    tell: async () => {
      let refusals = 2;
      const store = await storeOf(2000, (options) => {
        const keydir = hashKeydir(options);
        const beginOrdering: Keydir["beginOrdering"] = () => {
          if (refusals-- > 0) throw new IndexError("INDEX_FULL", "there is no memory");
          return keydir.beginOrdering();
        };
        return altered(keydir, { beginOrdering });
      });
      for (const range of [{ gte: "" }, { reverse: true }]) {
        await mustFail(keysOf(store.keys(range)), "HASHLOG_NOT_SUPPORTED");
        await store.put("a", "1");
        must((await keysOf(store.keys())).length === 2001, "all keys are there");
      }
      must((await keysOf(store.keys({ gte: "" }))).length === 2001, "there was room the third time");
      await store.close();
    },
  },
  {
    title:
      "a snapshot shows what there was, in order and one by one, though every key is another since, and many more are",
    marks: ["view/place-that-was-put-aside", "view/range-goes-on-in-another-page"],
    tell: async () => {
      const store = await storeOf(3000, hashKeydir);
      const snapshot = store.snapshot();
      const before = await keysOf(snapshot.keys({ gte: "" }));
      const more = Array.from({ length: 4500 }, (_, number) => padded(number));
      const isDeleted = (_key: string, number: number): boolean => number % 3 === 0;
      await store.batch(more.map((key) => ({ type: "put", key: `key/${key}`, value: "new" })));
      await store.batch(more.map((key) => ({ type: "put", key, value: "new" })));
      await store.batch(more.filter(isDeleted).map((key) => ({ type: "delete", key })));
      await store.compact();
      for (const reverse of [false, true]) {
        const keys = await keysOf(snapshot.keys({ reverse, gte: "" }));
        must(areSame(keys, reverse ? before.toReversed() : before), "the same keys are shown");
      }
      for (const key of ["key/000000", "key/000001", "key/002999"]) {
        must(snapshot.getSync(key) === "old", `${key} is the old one`);
      }
      must(!snapshot.has("key/003000"), "what came later is not shown");
      must((await store.count({ gte: "" })) === 7500, "the store holds what was written");
      snapshot.close();
      await store.close();
    },
  },
  {
    title: "a snapshot that is asked for a range late puts in order first, a piece at a time, what was written since",
    marks: ["view/aside-put-in-order-later"],
    tell: async () => {
      const store = await storeOf(3000, hashKeydir);
      const before = await keysOf(store.keys({ gte: "" }));
      const [early, late] = [store.snapshot(), store.snapshot()];
      await store.batch(before.map((key) => ({ type: "put", key, value: "new" })));
      await store.batch(before.map((key) => ({ type: "delete", key })));
      must(areSame(await keysOf(early.keys({ gte: "" })), before), "all that there was is shown");
      must(
        areSame(await keysOf(late.keys({ reverse: true, limit: 3 })), before.slice(-3).toReversed()),
        "the last ones too",
      );
      must((await late.count({ gte: before[1000]!, lt: before[2000]! })) === 1000, "and a part of it");
      must((await keysOf(store.keys({ gte: "" }))).length === 0, "the store holds nothing any more");
      early.close();
      late.close();
      await store.close();
    },
  },
];
