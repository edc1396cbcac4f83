/** The package alone, as it is installed from its tarball: a frame is written, found again, and not believed once it is torn. */
import assert from "node:assert/strict";
import {
  bytesSource,
  crc32,
  FRAME_HEADER_BYTES,
  placeOf,
  recordBytes,
  scanFrames,
  sealFrame,
  writeRecordHeader,
  type ScannedFrame,
} from "@hashlog/format";

export async function use(): Promise<void> {
  const place = placeOf(0x1f2e_3d4c_5b6a_7988n);
  const frame = frameOf("key", "value", place);

  const read = async (bytes: Uint8Array): Promise<[number[], string]> => {
    const sequences: number[] = [];
    const onFrame = ({ header }: ScannedFrame): void => void sequences.push(header.firstSequence);
    const end = await scanFrames(bytesSource(bytes), { place, from: 0, expectedSequence: 7, onFrame });
    return [sequences, end.kind];
  };
  assert.deepEqual(await read(frame), [[7], "end"]);
  assert.deepEqual(await read(frame.subarray(0, frame.length - 1)), [[], "unreadable"]);

  // The check value of CRC-32 that is in every description of it.
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf4_3926);
}

function frameOf(key: string, value: string, place: ReturnType<typeof placeOf>): Uint8Array {
  const bytes = FRAME_HEADER_BYTES + recordBytes(key.length, value.length, false);
  const frame = new Uint8Array(bytes);
  const at = writeRecordHeader(frame, FRAME_HEADER_BYTES, 7, key.length, value.length, false, 0);
  frame.set(new TextEncoder().encode(key + value), at);
  const header = { recordCount: 1, firstSequence: 7, floor: 0, acknowledgedWhenSynced: true, sparse: false };
  sealFrame(frame, 0, bytes, header, place, 0);
  return frame;
}
