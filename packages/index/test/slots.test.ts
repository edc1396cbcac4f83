import { describe, expect, test } from "vitest";
import { closeGap, emptySlot, grownSlots, homeOf, isFull, isSparse, slotsFor } from "../src/slots.ts";

/** The hash bits of what stands in a slot, in these tests: they are its content less one. */
const placeOf = (slot: number): number => slot - 1;
const slotOf = (place: number): number => place + 1;
/** The lowest hash bits whose home is that slot of `slots`. */
const placeAt = (home: number, slots: number): number => Math.ceil((home * 2 ** 24) / slots);

describe("a table", () => {
  test("has every home within it, in the order of the hash bits, and as many for one as for another", () => {
    for (const slots of [1, 8, 9, 1000]) {
      expect(homeOf(0, slots)).toBe(0);
      expect(homeOf(2 ** 24 - 1, slots)).toBe(slots - 1);
      for (const home of [0, slots >> 1, slots - 1]) {
        expect(homeOf(placeAt(home, slots), slots)).toBe(home);
        if (home > 0) expect(homeOf(placeAt(home, slots) - 1, slots)).toBe(home - 1);
      }
    }
  });

  test("is full before more than 84 in a hundred of its slots are taken, and so has always one that is empty", () => {
    expect([83, 84].map((count) => isFull(count, 100))).toEqual([false, true]);
    for (let slots = 1; slots < 200; slots++) {
      const most = Array.from({ length: slots + 1 }, (_, count) => count).findIndex((count) => isFull(count, slots));
      expect(most).toBe(Math.floor(slots * 0.84));
      expect(most).toBeLessThan(slots);
    }
  });

  test("doubles while it is small, grows by less than half then, and by more while it is loaded", () => {
    expect([1, 3, 4, 8, 63].map((slots) => grownSlots(slots))).toEqual([8, 8, 8, 16, 126]);
    expect([64, 100, 1001].map((slots) => grownSlots(slots))).toEqual([93, 145, 1452]);
    expect([1, 8, 100].map((slots) => grownSlots(slots, true))).toEqual([8, 24, 300]);
    for (let slots = 1; slots < 2000; slots++) expect(isFull(Math.floor(slots * 0.84), grownSlots(slots))).toBe(false);
  });

  test("is made with seven of ten slots taken, and eight slots at least", () => {
    expect([0, 5, 6, 7, 70, 71].map(slotsFor)).toEqual([8, 8, 9, 10, 100, 102]);
    for (let count = 0; count < 500; count++) expect(isFull(count, slotsFor(count))).toBe(false);
  });

  test("is sparse when less than 35 in a hundred of its slots are taken, unless it is small anyway", () => {
    expect([34, 35].map((count) => isSparse(count, 100))).toEqual([true, false]);
    expect([isSparse(0, 16), isSparse(0, 17)]).toEqual([false, true]);
    // One that was just made, or has just grown, is not.
    for (let count = 0; count < 500; count++) expect(isSparse(count, slotsFor(count))).toBe(false);
  });
});

describe("a slot", () => {
  test("that is empty is looked for from the home on, over the end and to the beginning", () => {
    const slots = new Uint32Array(8);
    expect(emptySlot(slots, placeAt(6, 8))).toBe(6);
    slots[6] = slotOf(placeAt(6, 8));
    expect(emptySlot(slots, placeAt(6, 8))).toBe(7);
    slots[7] = slotOf(placeAt(7, 8));
    expect(emptySlot(slots, placeAt(6, 8))).toBe(0);
    expect(emptySlot(slots, placeAt(3, 8))).toBe(3);
  });

  /** The slots by the homes of what stands in them; `.` for none. */
  const told = (slots: Uint32Array): string =>
    [...slots].map((slot) => (slot === 0 ? "." : homeOf(placeOf(slot), slots.length))).join("");

  test.each([
    // What follows stands at its home and stays, or moves up to the gap if it had been pushed beyond it.
    ["0.......", 0, "........"],
    ["01......", 0, ".1......"],
    ["00......", 0, "0......."],
    ["001.....", 0, "01......"],
    ["0012....", 1, "012....."],
    ["00.0....", 0, "0..0...."],
    // Over the end of the table.
    ["7.....67", 7, "......67"],
    ["6.....66", 6, "......66"],
    ["60....66", 7, "0.....66"],
    ["01.....7", 7, "01......"],
    ["7......7", 7, ".......7"],
    ["71.....7", 7, ".1.....7"],
    ["77.....7", 0, "7......7"],
  ])("of %s that is emptied, number %d, leaves %s", (before, gap, after) => {
    const slots = Uint32Array.from(before, (home) => (home === "." ? 0 : slotOf(placeAt(Number(home), 8))));
    expect(told(slots)).toBe(before);
    closeGap(slots, gap, placeOf);
    expect(told(slots)).toBe(after);
  });
});
