import { recordBytes } from "@hashlog/format";
import { describe, expect, test } from "vitest";
import { SHARE_OF_DELETES, SHARE_WITH_TTL, valueBytes, Workload, type Write } from "./workload.ts";

const LIVE_BYTES = 5 * 2 ** 20;
const WRITES = 20_000;

function writes(seed: number, count: number): { write: Write; copy: string }[] {
  const workload = new Workload(LIVE_BYTES, seed);
  return Array.from({ length: count }, () => {
    const write = workload.write();
    return { write, copy: JSON.stringify(write) };
  });
}

describe("the workload of the soak", () => {
  test("begins with about as many live bytes as are asked for, each key once", () => {
    const seen = new Set<string>();
    let bytes = 0;
    let entries = 0;
    for (const { key, value } of new Workload(LIVE_BYTES, 3).first()) {
      seen.add(key.toString());
      entries += 1;
      bytes += recordBytes(key.length, value.length, false);
    }
    expect(seen.size).toBe(entries);
    expect(Math.abs(bytes / LIVE_BYTES - 1)).toBeLessThan(0.1);
  });

  test("mixes deletes and puts that expire among puts that stay", () => {
    const all = writes(4, WRITES).map(({ write }) => write);
    const deletes = all.filter(({ kind }) => kind === "delete").length;
    const ttls = all.flatMap((write) => (write.kind === "put" && write.ttlMs !== undefined ? [write.ttlMs] : []));
    expect(deletes / WRITES).toBeCloseTo(SHARE_OF_DELETES, 2);
    expect(ttls.length / WRITES).toBeCloseTo(SHARE_WITH_TTL, 2);
    expect(Math.min(...ttls)).toBeGreaterThanOrEqual(1000);
    expect(Math.max(...ttls)).toBeLessThanOrEqual(60_000);
  });

  test("has values of 100 to 4096 bytes, 1024 on average", () => {
    const bytes = Array.from({ length: 100_000 }, (_, index) => valueBytes(index / 100_000));
    expect(bytes[0]).toBe(100);
    expect(valueBytes(1 - 2 ** -32)).toBe(4096);
    expect(Math.abs(bytes.reduce((sum, each) => sum + each, 0) / bytes.length - 1024)).toBeLessThan(5);
  });

  test("writes values that tell whose they are", () => {
    const workload = new Workload(LIVE_BYTES, 5);
    let puts = 0;
    for (let index = 0; index < 1000; index += 1) {
      const write = workload.write();
      if (write.kind === "delete") continue;
      puts += 1;
      const number = Number(write.key.toString());
      expect(Workload.belongs(number, write.value)).toBe(true);
      expect(Workload.belongs(number + 1, write.value)).toBe(false);
      expect(Workload.belongs(number, write.value.subarray(0, 50))).toBe(false);
    }
    expect(puts).toBeGreaterThan(500);
  });

  test("is the same for the same seed", () => {
    const copies = (seed: number): string[] => writes(seed, 100).map(({ copy }) => copy);
    expect(copies(6)).toEqual(copies(6));
    expect(copies(6)).not.toEqual(copies(7));
  });
});
