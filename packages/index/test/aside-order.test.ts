import { describe, expect, test } from "vitest";
import { AsideOrder } from "../src/aside-order.ts";
import { Shards } from "../src/shards.ts";

const HERE = { segmentSlot: 1, offset: 2, valueBytes: 3, expiresAtMs: 0 };

/** So many keys of that length, all in shard 77: their hash bits are made up, as nobody looks for them here. */
function aside(count: number, keyBytes: number): Shards {
  const shards = new Shards(new Uint8Array(16));
  const shard = shards.own(77);
  const key = new Uint8Array(keyBytes);
  for (let i = 0; i < count; i++) {
    new DataView(key.buffer).setUint32(0, Math.imul(i, 0x9e37_79b1));
    const place = Math.floor((i * 2 ** 24) / count);
    shard.insert(shard.locate(place, key, 0, keyBytes), place, key, 0, keyBytes, HERE);
  }
  return shards;
}

/** How many keys are in order after each step. */
function stepsOf(shards: Shards): number[] {
  const order = new AsideOrder(shards);
  const counts: number[] = [];
  for (let done = false; !done && counts.length < 1000;) {
    done = order.step();
    counts.push(order.order.count);
  }
  return counts;
}

describe("what was put aside is put in order", () => {
  test("in steps of some 500 keys, until all are, each once", () => {
    const counts = stepsOf(aside(4000, 8));
    expect(counts.at(-1)).toBe(4000);
    expect(counts.length).toBeGreaterThanOrEqual(4);
    for (const [step, count] of counts.entries()) expect(count - (counts[step - 1] ?? 0)).toBeLessThan(1100);
  });

  test("in steps of fewer where the keys are long", () => {
    const counts = stepsOf(aside(1000, 700));
    expect(counts.at(-1)).toBe(1000);
    // A key of 700 bytes counts as three; and a slice holds half a page of keys at most, which are 187.
    for (const [step, count] of counts.entries()) expect(count - (counts[step - 1] ?? 0)).toBeLessThan(512 / 3 + 200);
  });

  test("at once where there is none", () => {
    expect(stepsOf(aside(0, 8))).toEqual([0]);
  });
});
