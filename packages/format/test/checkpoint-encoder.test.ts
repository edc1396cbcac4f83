import { expect, test } from "vitest";
import { CheckpointEncoder, type CheckpointHeader } from "../src/index.ts";

const header: CheckpointHeader = {
  storeId: 1n,
  checkpointId: 9,
  layout: "flat-keydir 1",
  shardCount: 1,
  replay: { segmentId: 5, offset: 4_000, sequence: 90 },
  segments: [],
};

test("A shard goes to the sink as it is, uncopied", () => {
  const given: Uint8Array[] = [];
  const encoder = new CheckpointEncoder(header, (piece) => given.push(piece));
  const shard = new Uint8Array(64);
  encoder.shard(0, shard);
  encoder.finish();
  expect(given).toContain(shard);
  expect(given).toHaveLength(3); // the header, the shard, the table: nothing empty in between
});

test("Of an empty shard nothing goes to the sink", () => {
  const given: number[] = [];
  const encoder = new CheckpointEncoder(header, (piece) => given.push(piece.length));
  expect(given).toHaveLength(1);
  encoder.shard(0, new Uint8Array(0));
  expect(given).toHaveLength(1);
  encoder.finish();
  expect(given).toHaveLength(2);
});

test("Shards come in order, each once, and all before the end", () => {
  const encoder = new CheckpointEncoder({ ...header, shardCount: 2 }, () => {});
  const shard = new Uint8Array(8);
  const refusal = (argument: string, value: unknown, message: string) =>
    expect.objectContaining({ code: "FORMAT_INVALID_ARGUMENT", argument, value, message });
  expect(() => encoder.shard(1, shard)).toThrow(refusal("index", 1, "index must be an integer from 0 to 0"));
  encoder.shard(0, shard);
  expect(() => encoder.shard(0, shard)).toThrow(refusal("index", 0, "index must be an integer from 1 to 1"));
  expect(() => encoder.finish()).toThrow(refusal("shardCount", 1, "shardCount must be how many shards were written"));
  encoder.shard(1, shard);
  expect(() => encoder.shard(2, shard)).toThrow(refusal("index", 2, "index must be an integer from 2 to 1"));
  encoder.finish();
  expect(() => encoder.finish()).toThrow(refusal("finish", undefined, "finish must be called once"));
});
