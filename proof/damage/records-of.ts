import {
  newRecordFields,
  placeOf,
  readRecord,
  scanFrames,
  segmentFileName,
  SEGMENT_HEADER_BYTES,
} from "@hashlog/format";
import { bytesSource } from "@hashlog/format";
import { DIRECTORY } from "../world/text-store.ts";
import type { SmallStore } from "./stores.ts";

/** A record of a store that is whole. */
export interface PlacedRecord {
  readonly key: string;
  readonly sequence: number;
  readonly segmentId: number;
  readonly path: string;
  readonly offset: number;
  readonly end: number;
}

/** The newest record of every key in the files of a store that is whole, tombstones included. */
export async function newestRecords({ image, manifest }: SmallStore): Promise<ReadonlyMap<string, PlacedRecord>> {
  const newest = new Map<string, PlacedRecord>();
  const fields = newRecordFields();
  const text = new TextDecoder();
  for (const listed of manifest.segments) {
    const path = `${DIRECTORY}/${segmentFileName(listed.segmentId)}`;
    const content = image.bytes(path)!;
    const bytes = listed.state === "sealed" ? content.subarray(0, listed.sealedBytes) : content;
    await scanFrames(bytesSource(bytes), {
      place: placeOf(listed.identity),
      from: SEGMENT_HEADER_BYTES,
      onFrame: (frame) => {
        const shift = frame.end - frame.payloadEnd;
        for (let at = frame.payloadStart; at < frame.payloadEnd; at = fields.end) {
          readRecord(frame.bytes, at, frame.payloadEnd, fields);
          const key = text.decode(frame.bytes.subarray(fields.keyStart, fields.keyEnd));
          const { sequence } = fields;
          if (sequence <= (newest.get(key)?.sequence ?? 0)) continue;
          const { segmentId } = listed;
          newest.set(key, { key, sequence, segmentId, path, offset: at + shift, end: fields.end + shift });
        }
      },
    });
  }
  return newest;
}
