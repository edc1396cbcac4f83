import type { RecordLocation } from "../keydir.ts";
import { withSeeds } from "./contract-random.ts";
import {
  addPage,
  Caller,
  type ContractPart,
  drain,
  ensure,
  ensureEntries,
  ensureEqual,
  ensureHolds,
  ensureLocation,
  ensureRefused,
  keyOf,
  locationOf,
} from "./contract-support.ts";

/** Views: all entries as of one moment, whatever happens afterwards. */
export const viewsContract: ContractPart = (test, make) => {
  test("a view lists every key once, in pages, and then ends", () => {
    const caller = new Caller(make());
    const entries = filled(caller, 20_000);
    const view = caller.keydir.openView();
    ensureEqual(view.size, 20_000, "the size of the view");
    let pages = 0;
    const listed = new Map<string, RecordLocation>();
    const scan = view.openScan();
    while (addPage(scan, listed)) pages++;
    ensureEntries(listed, entries, "the view");
    ensure(pages > 1, "a page should be bounded, not hold 20,000 keys");
    ensureEqual(scan.nextPage(), undefined, "a page after the last one");
    ensureEntries(drain(view), entries, "the view, scanned once more");
    ensureLocation(caller.find(keyOf("key 77"), view), locationOf(77), "find after the last page");
    view.close();
  });

  test("a view shows what was overwritten, moved or deleted as it was, and hides what was added", () => {
    const caller = new Caller(make());
    const entries = filled(caller, 100);
    const view = caller.keydir.openView();
    caller.put(keyOf("key 1"), locationOf(1001, 5));
    caller.delete(keyOf("key 2"));
    caller.relocate(keyOf("key 3"), locationOf(3), locationOf(1003));
    caller.deleteIfAt(keyOf("key 4"), locationOf(4));
    caller.put(keyOf("added"), locationOf(1005));
    caller.delete(keyOf("key 6"));
    caller.put(keyOf("key 6"), locationOf(1006));
    caller.put(keyOf("added and deleted"), locationOf(1007));
    caller.delete(keyOf("added and deleted"));
    ensureEqual(view.size, 100, "the size of the view");
    for (const name of [...entries.keys(), "added", "added and deleted", "never there"]) {
      ensureLocation(caller.find(keyOf(name), view), entries.get(name), `the view's "${name}"`);
    }
    ensureEntries(drain(view), entries, "the view");
    view.close();
    const now = new Map(entries).set("key 1", locationOf(1001, 5)).set("key 3", locationOf(1003));
    now.set("added", locationOf(1005)).set("key 6", locationOf(1006));
    now.delete("key 2");
    now.delete("key 4");
    ensureHolds(caller, now);
  });

  test("calls that change nothing leave no trace in a view", () => {
    const caller = new Caller(make());
    const entries = filled(caller, 10);
    const view = caller.keydir.openView();
    caller.delete(keyOf("absent"));
    caller.deleteIfAt(keyOf("key 1"), locationOf(2));
    caller.relocate(keyOf("key 1"), locationOf(2), locationOf(3));
    ensureEntries(drain(view), entries, "the view");
    view.close();
  });

  test("find leaves its target alone when the view does not hold the key", () => {
    const caller = new Caller(make());
    const view = caller.keydir.openView();
    caller.put(keyOf("a"), locationOf(1));
    const found = locationOf(7, 7);
    ensure(!view.find(keyOf("a"), 0, 1, found), "a was added later");
    ensure(!view.find(keyOf("b"), 0, 1, found), "b was never there");
    ensureLocation(found, locationOf(7, 7), "the target");
    view.close();
  });

  test("a view that is read page by page stays what it was under changes to everything", () => {
    withSeeds([1, 2, 3], (random) => {
      const caller = new Caller(make());
      const entries = filled(caller, 8000);
      const view = caller.keydir.openView();
      const listed = new Map<string, RecordLocation>();
      // Between the pages keys go and come, so that whatever the keydir is made of shrinks and grows in between.
      const scan = view.openScan();
      for (let round = 0; addPage(scan, listed); round++) {
        for (let i = 0; i < 4000; i++) {
          const key = keyOf(`key ${random.below(12_000)}`);
          if (round % 2 === 0) caller.delete(key);
          else caller.put(key, locationOf(random.below(100_000), random.below(2)));
        }
      }
      ensureEntries(listed, entries, "the view");
      for (let i = 0; i < 12_000; i += 7) {
        ensureLocation(caller.find(keyOf(`key ${i}`), view), entries.get(`key ${i}`), `the view's key ${i}`);
      }
      view.close();
    });
  });

  test("views of different moments do not disturb each other", () => {
    const caller = new Caller(make());
    const entries = new Map<string, RecordLocation>();
    const views = [0, 1, 2, 3].map((moment) => {
      for (let i = moment; i < 60; i += moment + 1) {
        caller.put(keyOf(`key ${i}`), locationOf(moment * 100 + i));
        entries.set(`key ${i}`, locationOf(moment * 100 + i));
      }
      caller.delete(keyOf(`key ${moment}`));
      entries.delete(`key ${moment}`);
      return { view: caller.keydir.openView(), entries: new Map(entries) };
    });
    views[1].view.close();
    caller.delete(keyOf("key 7"));
    for (const moment of [3, 0, 2]) {
      ensureEntries(drain(views[moment].view), views[moment].entries, `the view of moment ${moment}`);
      views[moment].view.close();
    }
  });

  test("a page belongs to the caller", () => {
    const caller = new Caller(make());
    const entries = filled(caller, 50);
    const view = caller.keydir.openView();
    const page = view.openScan().nextPage();
    const kept = page?.keys.slice();
    for (let i = 0; i < 50; i++) caller.put(keyOf(`key ${i}`), locationOf(i + 1000));
    caller.put(keyOf("more"), locationOf(1));
    ensureEqual(String(page?.keys), String(kept), "the keys of a page after changes");
    for (const array of [
      page?.keys,
      page?.keyEnds,
      page?.segmentSlots,
      page?.offsets,
      page?.valueBytes,
      page?.expiresAtMs,
    ]) {
      array?.fill(0);
    }
    for (const [name, location] of entries) ensureLocation(caller.find(keyOf(name), view), location, name);
    view.close();
  });

  test("a closed view refuses to be read, may be closed again, and leaves the keydir as it is", () => {
    const caller = new Caller(make());
    const entries = filled(caller, 10);
    const view = caller.keydir.openView();
    const scan = view.openScan();
    view.close();
    view.close();
    ensureRefused(() => scan.nextPage(), "INDEX_CLOSED");
    ensureRefused(() => view.openScan(), "INDEX_CLOSED");
    ensureRefused(() => caller.find(keyOf("key 1"), view), "INDEX_CLOSED");
    caller.put(keyOf("key 1"), locationOf(1001));
    ensureHolds(caller, entries.set("key 1", locationOf(1001)));
  });
};

/** Puts `key 0` to `key ${count - 1}` with `locationOf` their number. */
function filled(caller: Caller, count: number): Map<string, RecordLocation> {
  const entries = new Map<string, RecordLocation>();
  for (let i = 0; i < count; i++) {
    caller.put(keyOf(`key ${i}`), locationOf(i));
    entries.set(`key ${i}`, locationOf(i));
  }
  return entries;
}
