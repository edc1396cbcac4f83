import { segmentFileName } from "@hashlog/format";
import { DIRECTORY } from "../world/text-store.ts";
import { scanSegment, type ScannedRecord } from "./scan-segment.ts";
import type { SmallStore } from "./stores.ts";

/** A record, and in which file it lies up to where. */
export interface PlacedRecord extends ScannedRecord {
  readonly path: string;
  readonly end: number;
}

/** Every record in the files of a store that is whole, tombstones included. */
export async function recordsOf({ image, manifest }: SmallStore): Promise<readonly PlacedRecord[]> {
  const records: PlacedRecord[] = [];
  for (const listed of manifest.segments) {
    const path = `${DIRECTORY}/${segmentFileName(listed.segmentId)}`;
    for (const record of await scanSegment(image.bytes(path)!, listed)) {
      records.push({ ...record, path, end: record.offset + record.recordBytes });
    }
  }
  return records;
}
