import { newRecordFields, readRecord, recordBytes } from "@hashlog/format";
import type { Clock } from "@hashlog/fs-io";
import type { Keydir, KeydirView, RecordLocation } from "@hashlog/index";
import { sameBytes } from "../manifest-file.ts";
import { newLocation } from "../segment-table.ts";
import type { ExaminedSegment } from "./examined-segment.ts";

/** A keydir, and which segment each of its slots stands for. */
export interface IndexUnderTest {
  readonly view: Pick<KeydirView, "size" | "find">;
  readonly segmentOf: (slot: number) => number | undefined;
}

/** What a keydir says otherwise than the log. */
export interface IndexDifferences {
  /** Keys that it has not, or has elsewhere than where their newest record lies. */
  readonly wrong: number;
  /** Keys that it has, and should not have. */
  readonly extra: number;
  /** Keys of which two records are equally new, as a merge that was cut off leaves them: either is right. */
  readonly ambiguous: number;
  /** Keys that it has not, and that have expired: a merge takes them out, and its inputs stay where its last edit fails. */
  readonly forgotten: number;
}

/**
 * Holds a keydir against one that was made from all records of the log. Reads records only where the two say something
 * different.
 */
export async function compareIndex(
  log: { readonly keydir: Keydir; readonly segments: ReadonlyMap<number, ExaminedSegment> },
  tested: IndexUnderTest,
  clock: Pick<Clock, "yield" | "now">,
  onKeys: (keys: number) => void,
): Promise<IndexDifferences> {
  const { keydir, segments } = log;
  const bySegment = new Map([...segments.values()].map((segment) => [segment.segmentId, segment]));
  const view = keydir.openView();
  const found = newLocation();
  let right = 0;
  let wrong = 0;
  let missing = 0;
  let ambiguous = 0;
  let forgotten = 0;
  try {
    const scan = view.openScan();
    for (let page = scan.nextPage(); page !== undefined; page = scan.nextPage()) {
      for (let entry = 0, start = 0; entry < page.count; start = page.keyEnds[entry]!, entry += 1) {
        const key = page.keys.subarray(start, page.keyEnds[entry]!);
        if (!tested.view.find(key, 0, key.length, found)) {
          const expiresAtMs = page.expiresAtMs[entry]!;
          if (expiresAtMs !== 0 && expiresAtMs <= clock.now()) forgotten += 1;
          else missing += 1;
          continue;
        }
        const segment = segments.get(page.segmentSlots[entry]!)!;
        const place = { offset: page.offsets[entry]!, valueBytes: page.valueBytes[entry]! };
        const sameExpiry = found.expiresAtMs === page.expiresAtMs[entry]!;
        const otherId = tested.segmentOf(found.segmentSlot);
        const samePlace = otherId === segment.segmentId && found.offset === place.offset;
        if (samePlace && sameExpiry && found.valueBytes === place.valueBytes) {
          right += 1;
          continue;
        }
        const other = otherId === undefined ? undefined : bySegment.get(otherId);
        const sequence = await sequenceAt(segment, key, { ...place, expiresAtMs: page.expiresAtMs[entry]! });
        const equallyNew =
          !samePlace && sameExpiry && other !== undefined && (await sequenceAt(other, key, found)) === sequence;
        if (equallyNew) ambiguous += 1;
        else wrong += 1;
      }
      onKeys(page.count);
      await clock.yield();
    }
  } finally {
    view.close();
  }
  return {
    wrong: wrong + missing,
    ambiguous,
    forgotten,
    extra: Math.max(0, tested.view.size - (right + ambiguous + wrong)),
  };
}

/** The sequence of the record of the key at that place; 0 if there is none. */
async function sequenceAt(
  { source }: ExaminedSegment,
  key: Uint8Array,
  { offset, valueBytes, expiresAtMs }: Readonly<Omit<RecordLocation, "segmentSlot">>,
): Promise<number> {
  const bytes = new Uint8Array(recordBytes(key.length, valueBytes, expiresAtMs !== 0));
  const got = await source.read(bytes, 0, bytes.length, offset);
  const fields = newRecordFields();
  const isThere = readRecord(bytes, 0, got, fields) && fields.end === bytes.length;
  return isThere && sameBytes(bytes.subarray(fields.keyStart, fields.keyEnd), key) ? fields.sequence : 0;
}
