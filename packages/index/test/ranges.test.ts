import { describe, expect, test, vi } from "vitest";
import { hashKeydir, type Keydir, type KeydirFactory, type RecordLocation } from "@hashlog/index";
import { pagesOf } from "../src/testing/contract-support.ts";
import { OrderNodes } from "../src/order-nodes.ts";

const HASH_KEY = Uint8Array.from({ length: 16 }, (_, i) => i * 3);

function newKeydir(): Keydir {
  const make: KeydirFactory = hashKeydir;
  return make({ hashKey: HASH_KEY });
}

function locationAt(offset: number): RecordLocation {
  return { segmentSlot: 1, offset, valueBytes: 10, expiresAtMs: 0 };
}

function keyOf(number: number): Uint8Array {
  return new TextEncoder().encode(`key ${String(number).padStart(9, "0")}`);
}

function put(keydir: Keydir, number: number): void {
  const key = keyOf(number);
  keydir.put(key, 0, key.length, locationAt(number), locationAt(0));
}

/** Keys 0 to `count - 1`, in an order that has nothing to do with their size. */
function filled(count: number): Keydir {
  const keydir = newKeydir();
  for (let i = 0; i < count; i++) put(keydir, (i * 7919) % count);
  return keydir;
}

function order(keydir: Keydir): number {
  const ordering = keydir.beginOrdering();
  let steps = 1;
  while (!ordering.step()) steps++;
  return steps;
}

/** The number of each key in order, as its bytes tell it, and where the keydir says that its record lies. */
function inOrder(keydir: Keydir): [number: number, offset: number][] {
  expect(keydir.isOrdered).toBe(true);
  const view = keydir.openView();
  const cursor = view.openCursor();
  const all: [number, number][] = [];
  for (let page = cursor.nextPage(); page !== undefined; page = cursor.nextPage()) {
    for (let i = 0; i < page.count; i++) {
      const key = page.keys.subarray(i === 0 ? 0 : page.keyEnds[i - 1], page.keyEnds[i]);
      all.push([Number(new TextDecoder().decode(key).slice("key ".length)), page.offsets[i]!]);
    }
  }
  view.close();
  return all;
}

describe("the order of a hash keydir", () => {
  test("is made in steps of some hundred keys, and tells how far it is", () => {
    const keydir = filled(20_011);
    const ordering = keydir.beginOrdering();
    expect(keydir.beginOrdering()).toBe(ordering);
    let before = 0;
    while (!ordering.step()) {
      expect(ordering.keysDone - before).toBeLessThanOrEqual(512);
      expect(ordering.keysDone).toBeGreaterThanOrEqual(before);
      before = ordering.keysDone;
    }
    expect(ordering.keysDone).toBe(20_011);
  });

  test("takes at most 12 bytes a key, whether the keys were there before or come later", () => {
    const before = filled(50_021);
    const plain = before.memoryBytes;
    order(before);
    expect((before.memoryBytes - plain) / before.size).toBeLessThan(12);
    const later = newKeydir();
    order(later);
    for (let i = 0; i < 50_021; i++) put(later, (i * 7919) % 50_021);
    expect((later.memoryBytes - plain) / later.size).toBeLessThan(12);
  });

  test("is part of the keydir's memory, as long as there is one", () => {
    const keydir = newKeydir();
    order(keydir);
    const before = filled(3001);
    const plain = before.memoryBytes;
    order(before);
    expect(before.memoryBytes).toBeGreaterThanOrEqual(plain + 3001 * 8);
    const loader = keydir.beginLoad();
    while (!loader.finish());
    expect([keydir.isOrdered, keydir.memoryBytes]).toEqual([false, newKeydir().memoryBytes]);
  });

  test("follows the entries that move: their headers grow, and shards are laid out anew", () => {
    const count = 30_011;
    const keydir = filled(count);
    order(keydir);
    const offsetOf = (number: number): number => 100_000 + number;
    for (let number = 0; number < count; number++) {
      const key = keyOf(number);
      // With an expiry the header has a word more: the entry goes elsewhere, and others come to where it was.
      keydir.put(key, 0, key.length, { ...locationAt(offsetOf(number)), expiresAtMs: 1 }, locationAt(0));
    }
    expect(inOrder(keydir)).toEqual(Array.from({ length: count }, (_, number) => [number, offsetOf(number)]));
    for (let number = 0; number < count; number++) {
      if (number % 4 !== 0) keydir.delete(keyOf(number), 0, 13, locationAt(0));
    }
    // Of some hundred entries three quarters are gone: no shard keeps that much garbage.
    for (let number = count; number < count + 500; number++) put(keydir, number);
    const left = Array.from({ length: Math.ceil(count / 4) }, (_, i) => [4 * i, offsetOf(4 * i)]);
    const added = Array.from({ length: 500 }, (_, i) => [count + i, count + i]);
    expect(inOrder(keydir)).toEqual([...left, ...added]);
  });

  test("has a key once that was deleted and put again before its turn came, and none that was deleted", () => {
    const keydir = filled(5003);
    const ordering = keydir.beginOrdering();
    ordering.step();
    for (let number = 0; number < 5003; number += 3) keydir.delete(keyOf(number), 0, 13, locationAt(0));
    for (let number = 0; number < 5003; number += 6) put(keydir, number);
    while (!ordering.step());
    const expected = Array.from({ length: 5003 }, (_, number) => [number, number]);
    expect(inOrder(keydir)).toEqual(expected.filter((_, number) => number % 6 !== 3));
  });

  test("is little of few keys", () => {
    const keydir = filled(20);
    const plain = keydir.memoryBytes;
    order(keydir);
    // A node of 127 keys, and no room for more.
    expect(keydir.memoryBytes - plain).toBe(1024);
  });

  test.each([{ reverse: false }, { reverse: true }])(
    "of a view that has put aside every other key gives each of them once, as it was: %o",
    ({ reverse }) => {
      const keydir = filled(300);
      order(keydir);
      const view = keydir.openView();
      const change = (number: number, key: Uint8Array): void => {
        if (number % 4 === 0) keydir.delete(key, 0, key.length, locationAt(0));
        else keydir.put(key, 0, key.length, locationAt(1000), locationAt(0));
      };
      for (let number = 0; number < 300; number += 2) change(number, keyOf(number));
      // The first and the last ones are there no more, for those who look now.
      for (const number of [1, 2, 3, 297, 298, 299]) keydir.delete(keyOf(number), 0, 13, locationAt(0));
      const offsets: number[] = [];
      for (const entries of [1, 7, 4096]) {
        const cursor = view.openCursor({ reverse });
        for (let page = cursor.nextPage(entries); page !== undefined; page = cursor.nextPage(entries)) {
          offsets.push(...page.offsets);
        }
        const all = Array.from({ length: 300 }, (_, number) => number);
        expect(offsets.splice(0)).toEqual(reverse ? all.toReversed() : all);
      }
      view.close();
      view.close();
    },
  );

  test("costs a range a search, and what it gives", () => {
    const looked = vi.spyOn(OrderNodes.prototype, "words");
    const costOf = (keydir: Keydir, from: number, entries: number): number => {
      const view = keydir.openView();
      const cursor = view.openCursor({ from: keyOf(from) });
      // The first page of a view puts in order what the view has put aside: nothing.
      cursor.nextPage(1);
      looked.mockClear();
      expect(cursor.nextPage(entries)?.count).toBe(entries);
      view.close();
      return looked.mock.calls.length;
    };
    const [small, large] = [filled(1009), filled(100_003)];
    order(small);
    order(large);
    const [ofSmall, ofLarge] = [costOf(small, 500, 100), costOf(large, 50_000, 100)];
    // A level more of nodes, and no more than that.
    expect(ofLarge - ofSmall).toBeLessThan(20);
    expect(costOf(large, 50_000, 200) - ofLarge).toBeLessThan(250);
    looked.mockRestore();
  });

  test("is given up, with its memory, when there is none left, and the keydir goes on without it", () => {
    const keydir = filled(5000);
    const plain = keydir.memoryBytes;
    const ordering = keydir.beginOrdering();
    ordering.step();
    const full = new RangeError("no memory");
    const add = vi.spyOn(OrderNodes.prototype, "add").mockImplementation(() => {
      throw full;
    });
    expect(() => {
      while (!ordering.step());
    }).toThrow(full);
    add.mockRestore();
    expect([keydir.isOrdered, keydir.memoryBytes]).toEqual([false, plain]);
    expect(ordering.step()).toBe(true);
    // Its view is closed: nothing is put aside any more.
    for (let i = 0; i < 1000; i++) put(keydir, i);
    expect(keydir.memoryBytes).toBe(plain);
    put(keydir, 5000);
    expect(keydir.size).toBe(5001);
    expect(order(keydir)).toBeGreaterThan(5);
  });

  test("that cannot take another key refuses it, and changes nothing", () => {
    const keydir = newKeydir();
    order(keydir);
    for (let i = 0; i < 127; i++) put(keydir, i);
    const full = new RangeError("no memory");
    const add = vi.spyOn(OrderNodes.prototype, "add").mockImplementation(() => {
      throw full;
    });
    expect(() => put(keydir, 1000)).toThrow(full);
    add.mockRestore();
    expect(keydir.size).toBe(127);
    expect(keydir.find(keyOf(1000), 0, 13, locationAt(0))).toBe(false);
    put(keydir, 1000);
    const view = keydir.openView();
    expect(view.openCursor().nextPage()?.count).toBe(128);
    view.close();
  });

  test("of what a view has put aside is kept from its first cursor on, and freed with the view", () => {
    const keydir = filled(2003);
    order(keydir);
    const view = keydir.openView();
    for (let i = 0; i < 500; i++) put(keydir, i);
    const without = keydir.memoryBytes;
    expect(view.openCursor().nextPage(1)?.offsets[0]).toBe(0);
    expect(keydir.memoryBytes).toBeGreaterThan(without);
    for (let i = 500; i < 1000; i++) keydir.delete(keyOf(i), 0, 13, locationAt(0));
    for (let i = 3000; i < 3500; i++) put(keydir, i);
    const cursor = view.openCursor({ from: keyOf(400), reverse: true });
    let count = 0;
    for (let page = cursor.nextPage(64); page !== undefined; page = cursor.nextPage(64)) count += page.count;
    expect(count).toBe(1603);
    const open = keydir.memoryBytes;
    view.close();
    // Fifteen hundred keys of 13 bytes, and their order.
    expect(open - keydir.memoryBytes).toBeGreaterThan(1500 * (13 + 8));
  });

  test("stays when its ordering is abandoned that has come to its end", () => {
    const keydir = filled(1000);
    const ordering = keydir.beginOrdering();
    while (!ordering.step());
    ordering.abandon();
    expect(keydir.isOrdered).toBe(true);
    expect(inOrder(keydir)).toHaveLength(1000);
  });

  test("cannot be begun while the keydir is loaded", () => {
    const keydir = newKeydir();
    const loader = keydir.beginLoad();
    expect(() => keydir.beginOrdering()).toThrow(expect.objectContaining({ code: "INDEX_INVALID_ARGUMENT" }));
    while (!loader.finish());
    expect(order(keydir)).toBe(1);
  });

  test("gives long keys in small pages, and passes by fewer of them at once", () => {
    const keydir = newKeydir();
    order(keydir);
    const key = new Uint8Array(20_000);
    const longKey = (number: number): Uint8Array => {
      new DataView(key.buffer).setUint32(0, number);
      return key;
    };
    for (let number = 0; number < 100; number++) {
      keydir.put(longKey(number), 0, key.length, locationAt(number), locationAt(0));
    }
    const view = keydir.openView();
    const all = view.openCursor();
    const pages = [...pagesOf(() => all.nextPage())];
    expect(pages.reduce((sum, { count }) => sum + count, 0)).toBe(100);
    for (const page of pages) expect(page.keys.length).toBeLessThanOrEqual(256 * 1024 + key.length);
    for (let number = 100; number < 500; number++) {
      keydir.put(longKey(number), 0, key.length, locationAt(number), locationAt(0));
    }
    const cursor = view.openCursor({ from: longKey(100).slice() });
    // Each is worth as much as 79 short ones, of which a page passes by 4,096.
    expect([...pagesOf(() => cursor.nextPage())].length).toBeGreaterThan((400 * 79) / 4096);
    view.close();
  });

  test("passes by thousands of keys that a view does not have", () => {
    const keydir = newKeydir();
    order(keydir);
    put(keydir, 20_000);
    const view = keydir.openView();
    for (let i = 0; i < 10_000; i++) put(keydir, i);
    // What is aside is put in order first, and then passed by.
    const [cursor, scan] = [view.openCursor(), view.openScan()];
    const pages = [...pagesOf(() => cursor.nextPage())];
    expect(pages.at(-1)?.offsets[0]).toBe(20_000);
    expect(pages.reduce((sum, { count }) => sum + count, 0)).toBe(1);
    // None of them has taken longer for how much was written since.
    expect(pages.length).toBeGreaterThan(10_000 / 512);
    expect([...pagesOf(() => scan.nextPage())].length).toBeGreaterThan(10_000 / 4096);
    view.close();
  });
});
