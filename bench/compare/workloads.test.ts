import { describe, expect, test } from "vitest";
import { SeededRandom } from "../random.ts";
import type { Contender } from "./contender.ts";
import { plainMap } from "./contenders/plain-map.ts";
import { takesPart, WHOLE } from "./plan.ts";
import { KeySpace } from "./key-space.ts";
import { Stopwatch } from "./stopwatch.ts";
import { fill, makeValues, workload, WORKLOADS, type Ground } from "./workloads.ts";
import { ENTRANTS } from "./contenders/all.ts";

const KEYS = 3210;

/** What was asked of the store. */
interface Counted {
  readonly store: Contender;
  readonly calls: { batch: number; put: number; get: number; getSync: number; inFlight: number; inFlightMost: number };
  readonly written: Set<string>;
}

async function counted(): Promise<Counted> {
  const map = await plainMap.open({ directory: "", durability: "not synced", valueBytes: 100 });
  const calls = { batch: 0, get: 0, getSync: 0, put: 0, inFlight: 0, inFlightMost: 0 };
  const written = new Set<string>();
  const later = async <T>(call: () => Promise<T>): Promise<T> => {
    calls.inFlight += 1;
    calls.inFlightMost = Math.max(calls.inFlightMost, calls.inFlight);
    const result = call();
    await new Promise((resolve) => setImmediate(resolve));
    calls.inFlight -= 1;
    return result;
  };
  const store: Contender = {
    ...map,
    batch: (keys, values) => {
      calls.batch += 1;
      for (const key of keys) written.add(key.toString());
      return later(() => map.batch(keys, values));
    },
    put: (key, value) => {
      calls.put += 1;
      written.add(key.toString());
      return later(() => map.put(key, value));
    },
    get: (key) => {
      calls.get += 1;
      return later(() => map.get(key));
    },
    getSync: (key) => {
      calls.getSync += 1;
      return map.getSync!(key);
    },
  };
  return { store, calls, written };
}

function ground(store: Contender, seconds: number): Ground {
  const random = new SeededRandom(1);
  const values = makeValues(100, random);
  return { store, keys: new KeySpace(KEYS), values, valueBytes: 100, random, watch: new Stopwatch(seconds) };
}

describe("every workload", () => {
  test("to load is to put every key once", async () => {
    const { store, calls, written } = await counted();
    const one = ground(store, Infinity);
    await workload("load").run(one);
    expect([...written].map(Number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: KEYS }, (_, index) => 2 * index),
    );
    expect(calls).toMatchObject({ batch: 4, inFlightMost: 1 });
    expect(one.watch.measured.operations).toBe(KEYS);
  });

  test.each([
    { name: "overwrite", does: ["batch"], atOnce: 1 },
    { name: "put", does: ["put"], atOnce: 1024 },
    { name: "durable-put", does: ["put"], atOnce: 1 },
    { name: "durable-put-256", does: ["put"], atOnce: 256 },
    { name: "get", does: ["get"], atOnce: 256 },
    { name: "getSync", does: ["getSync"], atOnce: 0 },
    { name: "getSync-zipf", does: ["getSync"], atOnce: 0 },
    { name: "miss", does: ["getSync"], atOnce: 0 },
    { name: "ycsb-a", does: ["get", "put"], atOnce: 64 },
    { name: "ycsb-b", does: ["get", "put"], atOnce: 64 },
    { name: "ycsb-c", does: ["get"], atOnce: 64 },
    { name: "ycsb-d", does: ["get", "put"], atOnce: 64 },
    { name: "ycsb-f", does: ["get", "put"], atOnce: 64 },
  ] as const)(
    "$name does $does, $atOnce at once, on keys that are there, until its time is over",
    async ({ name, does, atOnce }) => {
      const { store, calls, written } = await counted();
      const one = ground(store, 0.05);
      await fill(store, one.keys, one.values);
      const filled = written.size;
      Object.assign(calls, { batch: 0, inFlightMost: 0 });
      await workload(name).run(one);
      const { operations, seconds, latencyNs, loopLateMs } = one.watch.measured;
      expect(
        Object.entries(calls)
          .filter(([call, count]) => call in store && count > 0)
          .map(([call]) => call),
      ).toEqual(does);
      expect(calls.inFlightMost).toBe(atOnce);
      expect(operations).toBeGreaterThanOrEqual(atOnce);
      expect(seconds).toBeGreaterThanOrEqual(0.05);
      expect(latencyNs.most).toBeGreaterThanOrEqual(latencyNs.p50);
      expect(latencyNs.p50).toBeGreaterThan(0);
      expect(loopLateMs === null).toBe(atOnce === 0);
      // Only one of them inserts.
      expect(written.size > filled).toBe(name === "ycsb-d");
      expect(one.keys.count).toBe(written.size);
    },
  );

  test("fails where a store gives another value, or none, or one that is not there", async () => {
    const { store } = await counted();
    const one = ground(store, 0.01);
    await expect(workload("getSync").run(one)).rejects.toThrow("nothing");
    await fill(store, one.keys, makeValues(99, one.random));
    await expect(workload("get").run(one)).rejects.toThrow("99");
    const losing = { ...store, get: async () => undefined };
    await expect(workload("ycsb-c").run({ ...one, store: losing })).rejects.toThrow("nothing");
    const finding = { ...store, getSync: () => new Uint8Array(100) };
    await expect(workload("miss").run({ ...one, store: finding })).rejects.toThrow("not there");
  });

  test("is known by its name", () => {
    expect(() => workload("scan")).toThrow(/scan.*getSync/);
    expect(WORKLOADS.map(({ name }) => workload(name).name)).toEqual(WORKLOADS.map(({ name }) => name));
  });

  test("is done by Hashlog, and by no store that cannot", () => {
    const [hashlog, ...others] = ENTRANTS;
    expect(WORKLOADS.every((one) => takesPart(hashlog!, one))).toBe(true);
    const medea = others.find(({ name }) => name === "medea")!;
    const asked = WORKLOADS.filter((one) => takesPart(medea, one));
    expect(asked.some(({ needs, durability }) => needs.includes("getSync") || durability === "synced")).toBe(false);
    expect(asked.map(({ name }) => name)).toContain("get");
    expect(new Set(WHOLE.flatMap(({ workloads }) => workloads))).toEqual(new Set(WORKLOADS.map(({ name }) => name)));
  });
});
