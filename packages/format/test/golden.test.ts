import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  bytesSource,
  checkpointFileName,
  type CheckpointHeader,
  decodeManifest,
  decodeSegmentHeader,
  hintFileName,
  MANIFEST_NAME,
  placeOf,
  readCheckpoint,
  readHint,
  segmentFileName,
} from "../src/index.ts";
import { encodeAll } from "./golden-v1-encode.ts";
import * as v1 from "./golden-v1-inputs.ts";
import { scan } from "./support.ts";

const directory = new URL("./golden/v1/", import.meta.url);

function golden(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, directory)));
}

/** What the golden manifest says of the golden checkpoint. */
function namedCheckpoint(): { id: number; bytes: number; crc: number } {
  const decoded = decodeManifest(golden(MANIFEST_NAME));
  if (decoded.kind !== "ok" || decoded.value.checkpoint === undefined) throw new Error("the golden manifest is bad");
  return decoded.value.checkpoint;
}

test("The files of version 1 are those that there were", () => {
  expect(readdirSync(directory).sort()).toEqual([...encodeAll().keys()].sort());
});

test.each([...encodeAll()])("%s is written as it always was", (name, bytes) => {
  expect(Buffer.from(bytes).toString("hex")).toBe(Buffer.from(golden(name)).toString("hex"));
});

test("The golden segment reads as it was meant", async () => {
  const bytes = golden(segmentFileName(v1.segmentId));
  const value = { segmentId: v1.segmentId, identity: v1.segmentIdentity };
  expect(decodeSegmentHeader(bytes)).toEqual({ kind: "ok", value });
  expect(await scan(bytes, { place: placeOf(v1.segmentIdentity), expectedSequence: 1 })).toEqual({
    frames: v1.segmentFrames,
    end: { kind: "end", offset: bytes.length },
  });
});

test("The golden merged segment reads as it was meant", async () => {
  const bytes = golden(segmentFileName(v1.mergedSegmentId));
  const value = { segmentId: v1.mergedSegmentId, identity: v1.mergedIdentity };
  expect(decodeSegmentHeader(bytes)).toEqual({ kind: "ok", value });
  expect(await scan(bytes, { place: placeOf(v1.mergedIdentity) })).toEqual({
    frames: v1.mergedFrames,
    end: { kind: "end", offset: v1.mergedBytes },
  });
});

test("The golden hint reads as it was meant", async () => {
  const found: object[] = [];
  const segment = { segmentId: v1.segmentId, identity: v1.segmentIdentity, sealedBytes: v1.sealedBytes };
  const reading = await readHint(bytesSource(golden(hintFileName(v1.segmentId))), segment, (entry) => {
    const { bytes, keyStart, keyEnd, ...rest } = entry;
    found.push({ ...rest, key: bytes.slice(keyStart, keyEnd) });
  });
  expect(reading).toEqual({ kind: "ok", totals: v1.hintTotals });
  expect(found).toEqual(
    v1.hintEntries.map(({ record: { key, sequence, value, expiresAtMs }, offset }) => {
      return { key, sequence, offset, valueBytes: value?.length ?? 0, tombstone: value === undefined, expiresAtMs };
    }),
  );
});

test("The golden hint says of the golden segment what a scan of it says", async () => {
  const { frames } = await scan(golden(segmentFileName(v1.segmentId)), { place: placeOf(v1.segmentIdentity) });
  const newest = new Map(frames.flatMap((frame) => frame.records.map((record) => [String(record.key), record])));
  const bySequence = [...newest.values()].toSorted((a, b) => a.sequence - b.sequence);
  expect(v1.hintEntries.map(({ record }) => record)).toEqual(bySequence);
  expect(frames.flatMap((frame) => frame.records)).toHaveLength(v1.hintTotals.recordCount);
});

test("The golden checkpoint reads as it was meant", async () => {
  const { id: checkpointId, bytes, crc } = namedCheckpoint();
  const { storeId } = v1.checkpointHeader;
  const shards: Uint8Array[] = [];
  let header: CheckpointHeader | undefined;
  const content = golden(checkpointFileName(checkpointId));
  const reading = await readCheckpoint(
    bytesSource(content),
    { storeId, checkpointId, bytes, crc },
    {
      header(value) {
        header = value;
        return true;
      },
      shard: (_, bytes) => shards.push(bytes),
    },
  );
  expect(reading).toEqual({ kind: "ok" });
  expect(header).toEqual(v1.checkpointHeader);
  expect(shards).toEqual(v1.checkpointShards);
});

test("The golden manifest reads as it was meant", () => {
  const { bytes, crc } = namedCheckpoint();
  expect(decodeManifest(golden(MANIFEST_NAME))).toEqual({ kind: "ok", value: v1.manifest({ bytes, crc }) });
});
