import {
  Caller,
  type ContractPart,
  ensure,
  ensureHolds,
  ensureLocation,
  keyOf,
  locationOf,
} from "./contract-support.ts";

/** The two compare-and-sets that make a merge harmless: what it moves or drops must still lie where it was. */
export const movesContract: ContractPart = (test, make) => {
  test("relocate moves a key that lies exactly where it was expected", () => {
    const caller = new Caller(make());
    const target = { segmentSlot: 9, offset: 0, valueBytes: 77, expiresAtMs: 12 };
    caller.put(keyOf("a"), { segmentSlot: 3, offset: 0, valueBytes: 77, expiresAtMs: 12 });
    ensure(
      caller.relocate(keyOf("a"), { segmentSlot: 3, offset: 0, valueBytes: 0, expiresAtMs: 0 }, target),
      "slot and offset alone decide, and an offset of 0 is one like any other",
    );
    ensureHolds(caller, new Map([["a", target]]));
  });

  test("relocate may give a key every kind of location", () => {
    const caller = new Caller(make());
    let before = locationOf(1);
    caller.put(keyOf("a"), before);
    for (const target of [locationOf(2, 99), { ...locationOf(3), valueBytes: 2 ** 32 - 1 }, locationOf(4)]) {
      ensure(caller.relocate(keyOf("a"), before, target), "it lies where it was put");
      ensureHolds(caller, new Map([["a", target]]));
      before = target;
    }
  });

  test("relocate changes nothing of a key that lies elsewhere or is absent", () => {
    const caller = new Caller(make());
    const here = { segmentSlot: 3, offset: 100, valueBytes: 5, expiresAtMs: 0 };
    caller.put(keyOf("a"), here);
    for (const expected of [
      { ...here, offset: 99 },
      { ...here, segmentSlot: 4 },
      { ...here, segmentSlot: 0, offset: 0 },
    ]) {
      ensure(!caller.relocate(keyOf("a"), expected, locationOf(9)), "it lies elsewhere");
    }
    ensure(!caller.relocate(keyOf("b"), here, locationOf(9)), "b is absent");
    ensureHolds(caller, new Map([["a", here]]));
  });

  test("relocate does not bring back a key that was deleted, nor overwrite a newer put", () => {
    const caller = new Caller(make());
    caller.put(keyOf("deleted"), locationOf(1));
    caller.put(keyOf("newer"), locationOf(2));
    caller.delete(keyOf("deleted"));
    caller.put(keyOf("newer"), locationOf(3));
    ensure(!caller.relocate(keyOf("deleted"), locationOf(1), locationOf(8)), "it was deleted");
    ensure(!caller.relocate(keyOf("newer"), locationOf(2), locationOf(9)), "it was put again");
    ensureHolds(caller, new Map([["newer", locationOf(3)]]));
  });

  test("deleteIfAt removes a key that lies exactly where it was expected, and no other", () => {
    const caller = new Caller(make());
    const here = { segmentSlot: 3, offset: 100, valueBytes: 5, expiresAtMs: 6 };
    caller.put(keyOf("a"), here);
    ensure(!caller.deleteIfAt(keyOf("a"), { ...here, offset: 101 }), "it lies elsewhere in the segment");
    ensure(!caller.deleteIfAt(keyOf("a"), { ...here, segmentSlot: 2 }), "it lies in another segment");
    ensure(!caller.deleteIfAt(keyOf("b"), here), "b is absent");
    ensureHolds(caller, new Map([["a", here]]));
    ensure(caller.deleteIfAt(keyOf("a"), { ...here, valueBytes: 0, expiresAtMs: 0 }), "slot and offset alone decide");
    ensureHolds(caller, new Map());
    ensure(!caller.deleteIfAt(keyOf("a"), here), "it is gone");
    ensureLocation(caller.put(keyOf("a"), here), undefined, "what it replaces afterwards");
  });
};
