import { bytesSource, FormatError, readHint, recordBytes } from "@hashlog/format";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HintBuilder, hashKeydir } from "@hashlog/index";
import { Shards } from "../src/shards.ts";

const HASH_KEY = Uint8Array.from({ length: 16 }, (_, i) => i * 3);
const SEGMENT = { segmentId: 7, identity: 0x0123456789abcdefn, sealedBytes: 2 ** 32 - 1 };

interface HintRecord {
  readonly key: string;
  readonly sequence: number;
  readonly offset: number;
  readonly valueBytes: number;
  readonly tombstone: boolean;
  readonly expiresAtMs: number;
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function add(builder: HintBuilder, record: HintRecord): void {
  const { key, sequence, offset, valueBytes, expiresAtMs } = record;
  const bytes = bytesOf(`<${key}>`);
  if (record.tombstone) builder.delete(bytes, 1, bytes.length - 1, sequence, offset);
  else builder.put(bytes, 1, bytes.length - 1, sequence, offset, valueBytes, expiresAtMs);
}

/** The entries of the builder's hint in their order, and its totals. */
async function written(builder: HintBuilder): Promise<{ entries: HintRecord[]; totals: unknown }> {
  const blocks: Uint8Array[] = [];
  builder.encode(SEGMENT, (block) => blocks.push(block.slice()));
  const file = new Uint8Array(await new Blob(blocks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  const entries: HintRecord[] = [];
  const reading = await readHint(bytesSource(file), SEGMENT, (entry) => {
    const { bytes, keyStart, keyEnd, sequence, offset, valueBytes, tombstone, expiresAtMs } = entry;
    const key = String.fromCharCode(...bytes.subarray(keyStart, keyEnd));
    entries.push({ key, sequence, offset, valueBytes, tombstone, expiresAtMs });
  });
  if (reading.kind !== "ok") throw new Error(reading.reason);
  return { entries, totals: reading.totals };
}

function byKey(one: HintRecord, other: HintRecord): number {
  return one.key < other.key ? -1 : 1;
}

/** Records of one segment, one after another, with ascending sequences. */
const segmentRecords = fc
  .array(
    fc.record({
      key: fc.oneof(fc.constantFrom("a", "b", "c", ""), fc.string({ unit: "binary-ascii", maxLength: 40 })),
      valueBytes: fc.oneof(fc.nat(200), fc.nat(2_000_000)),
      tombstone: fc.boolean(),
      expiresAtMs: fc.oneof(fc.constant(0), fc.nat(2 ** 45)),
      gap: fc.nat(3),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((drafts) => {
    let offset = 64;
    let sequence = 0;
    return drafts.map(({ key, valueBytes, tombstone, expiresAtMs, gap }): HintRecord => {
      const value = tombstone ? { valueBytes: 0, expiresAtMs: 0 } : { valueBytes, expiresAtMs };
      const record = { key, sequence: (sequence += gap + 1), offset, tombstone, ...value };
      offset += recordBytes(key.length, value.valueBytes, value.expiresAtMs !== 0);
      return record;
    });
  });

describe("a hint builder", () => {
  test("writes the newest record of every key, and the totals of all records, whatever their order", async () => {
    await fc.assert(
      fc.asyncProperty(segmentRecords, fc.infiniteStream(fc.nat()), async (records, randomness) => {
        const builder = new HintBuilder({ hashKey: HASH_KEY });
        const shuffled = records
          .map((record) => ({ record, at: Number(randomness.next().value) }))
          .sort((one, other) => one.at - other.at);
        for (const { record } of shuffled) add(builder, record);
        const { entries, totals } = await written(builder);
        const newest = new Map(records.map((record) => [record.key, record]));
        expect(entries.sort(byKey)).toEqual([...newest.values()].sort(byKey));
        const tombstones = records.filter(({ tombstone }) => tombstone);
        const sum = (some: HintRecord[]): number =>
          some.reduce((bytes, { key, valueBytes, expiresAtMs }) => {
            return bytes + recordBytes(key.length, valueBytes, expiresAtMs !== 0);
          }, 0);
        expect(totals).toEqual({
          entryCount: newest.size,
          recordCount: records.length,
          recordBytes: sum(records),
          tombstoneCount: tombstones.length,
          tombstoneBytes: sum(tombstones),
          lowestSequence: records[0].sequence,
          highestSequence: records[records.length - 1].sequence,
          expiringCount: records.filter(({ expiresAtMs }) => expiresAtMs !== 0).length,
        });
        expect({ entryCount: newest.size, ...builder.totals }).toEqual(totals);
      }),
      { numRuns: 60 },
    );
  });

  test("writes the put of a put and a tombstone with the same sequence, whichever comes first", async () => {
    const put = { key: "a", sequence: 5, offset: 64, valueBytes: 9, tombstone: false, expiresAtMs: 1000 };
    const tombstone = { key: "a", sequence: 5, offset: 128, valueBytes: 0, tombstone: true, expiresAtMs: 0 };
    for (const records of [
      [put, tombstone],
      [tombstone, put],
    ]) {
      const builder = new HintBuilder({ hashKey: HASH_KEY });
      for (const record of records) add(builder, record);
      expect((await written(builder)).entries).toEqual([put]);
    }
  });

  test("writes the entries shard by shard", async () => {
    const builder = new HintBuilder({ hashKey: HASH_KEY });
    const shards = new Shards(HASH_KEY);
    for (let i = 0; i < 5000; i++) {
      const record = { key: `key ${i}`, sequence: i + 1, offset: 64 + i * 50, valueBytes: 20 };
      add(builder, { ...record, tombstone: i % 5 === 0, expiresAtMs: 0, valueBytes: i % 5 === 0 ? 0 : 20 });
    }
    const { entries } = await written(builder);
    const order = entries.map(({ key }) => shards.hash(bytesOf(key), 0, key.length) >>> 24);
    expect(order.length).toBe(5000);
    expect(order).toEqual([...order].sort((one, other) => one - other));
    expect(builder.memoryBytes).toBeGreaterThan(5000 * 20);
  });

  test("can be asked for its steps one by one", async () => {
    const builder = new HintBuilder({ hashKey: HASH_KEY });
    add(builder, { key: "k".repeat(5000), sequence: 1, offset: 64, valueBytes: 1, tombstone: false, expiresAtMs: 0 });
    const blocks: number[] = [];
    const steps = [...builder.encodeInSteps(SEGMENT, (block) => blocks.push(block.length))];
    expect(steps.length).toBe(256);
    const whole: number[] = [];
    builder.encode(SEGMENT, (block) => whole.push(block.length));
    expect(blocks).toEqual(whole);
  });

  test("fills a keydir with what it has gathered, tombstones left out", async () => {
    const builder = new HintBuilder({ hashKey: HASH_KEY });
    add(builder, { key: "a", sequence: 1, offset: 64, valueBytes: 5, tombstone: false, expiresAtMs: 0 });
    add(builder, { key: "b", sequence: 2, offset: 100, valueBytes: 5, tombstone: false, expiresAtMs: 9 });
    add(builder, { key: "a", sequence: 3, offset: 150, valueBytes: 0, tombstone: true, expiresAtMs: 0 });
    const keydir = hashKeydir({ hashKey: HASH_KEY });
    const loader = keydir.beginLoad();
    for (const { key, sequence, tombstone, ...place } of (await written(builder)).entries) {
      const bytes = bytesOf(key);
      if (tombstone) loader.delete(bytes, 0, bytes.length, sequence);
      else loader.put(bytes, 0, bytes.length, sequence, { segmentSlot: 4, ...place });
    }
    while (!loader.finish());
    const found = { segmentSlot: 0, offset: 0, valueBytes: 0, expiresAtMs: 0 };
    expect(keydir.size).toBe(1);
    expect(keydir.find(bytesOf("b"), 0, 1, found)).toBe(true);
    expect(found).toEqual({ segmentSlot: 4, offset: 100, valueBytes: 5, expiresAtMs: 9 });
  });

  test("refuses what no record can be", () => {
    const builder = new HintBuilder({ hashKey: HASH_KEY });
    const refusal = expect.objectContaining({ code: "INDEX_INVALID_ARGUMENT" });
    const key = new Uint8Array(4);
    expect(() => new HintBuilder({ hashKey: new Uint8Array(15) })).toThrow(refusal);
    expect(() => builder.put(key, 0, 5, 1, 64, 0, 0)).toThrow(refusal);
    expect(() => builder.put(key, 0, 4, -1, 64, 0, 0)).toThrow(refusal);
    expect(() => builder.put(key, 0, 4, 1, 2 ** 32, 0, 0)).toThrow(refusal);
    expect(() => builder.delete(key, 0, 4, 1, -1)).toThrow(refusal);
    expect(builder.totals.recordCount).toBe(0);
    expect(() => builder.encode(SEGMENT, () => {})).toThrow(FormatError);
  });

  test("keeps the first of two records with one sequence, but a put rather than a tombstone", async () => {
    const record = (offset: number, rest: Partial<HintRecord>): HintRecord => ({
      ...{ key: "a", sequence: 5, offset, valueBytes: 3, tombstone: false, expiresAtMs: 0 },
      ...rest,
    });
    const [put, another] = [record(100, {}), record(200, {})];
    const [tombstone, other] = [300, 400].map((offset) => record(offset, { tombstone: true, valueBytes: 0 }));
    const kept = async (...records: readonly HintRecord[]): Promise<HintRecord[]> => {
      const builder = new HintBuilder({ hashKey: HASH_KEY });
      for (const one of records) add(builder, one);
      return (await written(builder)).entries;
    };
    expect(await kept(put, another)).toEqual([put]);
    expect(await kept(tombstone, other)).toEqual([tombstone]);
    expect(await kept(put, tombstone)).toEqual([put]);
    expect(await kept(tombstone, put)).toEqual([put]);
  });

  test("writes keys of any length, long after short and short after long", async () => {
    const keys = ["s".repeat(255), "m".repeat(256), "l".repeat(257), "x".repeat(60_000), "y"];
    const builder = new HintBuilder({ hashKey: HASH_KEY });
    for (const [index, key] of keys.entries()) builder.put(bytesOf(key), 0, key.length, index + 1, 100 + index, 0, 0);
    const found: string[] = [];
    const blocks: Uint8Array[] = [];
    builder.encode(SEGMENT, (block) => blocks.push(block.slice()));
    const file = new Uint8Array(await new Blob(blocks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
    await readHint(bytesSource(file), SEGMENT, ({ bytes, keyStart, keyEnd }) => {
      found.push(new TextDecoder().decode(bytes.subarray(keyStart, keyEnd)));
    });
    expect(found.toSorted()).toEqual(keys.toSorted());
  });
});
