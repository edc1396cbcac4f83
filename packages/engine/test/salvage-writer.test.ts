import { bytesSource, placeOf, scanFrames, segmentFileName, SEGMENT_HEADER_BYTES } from "@hashlog/format";
import { memoryFileSystem } from "@hashlog/fs-io";
import { expect, test } from "vitest";
import { systemRandom } from "../src/random.ts";
import { SalvageWriter } from "../src/repair/salvage-writer.ts";
import { readFile } from "./support/recount.ts";
import { utf8Bytes } from "./support/values.ts";

const DIRECTORY = "/store";

async function newWriter(bytesMax?: number): Promise<{ writer: SalvageWriter; read: () => Promise<Uint8Array> }> {
  const fileSystem = memoryFileSystem();
  await fileSystem.makeDirectory(DIRECTORY);
  const writer = await SalvageWriter.create({ fileSystem, directory: DIRECTORY, random: systemRandom }, 7, 3, bytesMax);
  return { writer, read: () => readFile(fileSystem, fileSystem.join(DIRECTORY, segmentFileName(7))) };
}

test("what is written reads back, in frames of bounded length, with its lowest and highest sequence", async () => {
  const { writer, read } = await newWriter();
  const key = new Uint8Array(60_000);
  for (const sequence of [9, 4, 12, 5]) writer.addTombstone(key, sequence);
  const sealed = await writer.finish();
  expect(sealed).toMatchObject({ state: "sealed", segmentId: 7, merged: true, lowestSequence: 4, highestSequence: 12 });
  const bytes = await read();
  expect(bytes.length).toBe(sealed!.sealedBytes);
  const frames: object[] = [];
  const end = await scanFrames(bytesSource(bytes), {
    place: placeOf(sealed!.identity),
    from: SEGMENT_HEADER_BYTES,
    onFrame: ({ header: { recordCount, firstSequence, floor, sparse } }) => {
      frames.push({ recordCount, firstSequence, floor, sparse });
    },
  });
  expect(end.kind).toBe("end");
  expect(frames).toEqual([
    { recordCount: 2, firstSequence: 4, floor: 3, sparse: true },
    { recordCount: 2, firstSequence: 5, floor: 3, sparse: true },
  ]);
});

test("a segment of nothing is not to be listed", async () => {
  const { writer } = await newWriter();
  expect(await writer.finish()).toBeUndefined();
});

test("what does not fit into one segment is refused", async () => {
  const { writer } = await newWriter(200);
  const key = utf8Bytes("key");
  for (let sequence = 1; sequence <= 6; sequence += 1) writer.addTombstone(key, sequence);
  expect(() => writer.addTombstone(key, 7)).toThrow(expect.objectContaining({ code: "HASHLOG_NOT_SUPPORTED" }));
  await writer.close();
});
