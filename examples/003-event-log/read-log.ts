/** Reading an event log: from the first event on to the end, or to the first place that is not what was written. */
import {
  type ByteSource,
  decodeSegmentHeader,
  findTestimony,
  newRecordFields,
  type Place,
  placeOf,
  readRecord,
  scanFrames,
  SEGMENT_HEADER_BYTES,
} from "@hashlog/format";

export interface LoggedEvent {
  readonly topic: string;
  readonly message: string;
}

export interface Reading {
  /** Everything before `end`, in order. */
  readonly events: LoggedEvent[];
  /** Where the last whole frame ends. */
  readonly end: number;
  /**
   * `"whole"`: there is nothing behind `end`. `"torn"`: what is there was never acknowledged, a crash has cut it off.
   * `"damaged"`: what lay there had been safe on the disk, so that no crash can have taken it.
   */
  readonly ending: "whole" | "torn" | "damaged";
  readonly reason: string;
  /** What every checksum of this log is bound to, if the log's header could be read. */
  readonly place: Place | undefined;
}

const text = new TextDecoder();

export async function readLog(source: ByteSource): Promise<Reading> {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  const header = decodeSegmentHeader(bytes.subarray(0, await source.read(bytes, 0, bytes.length, 0)));
  if (header.kind !== "ok") {
    const reason = header.kind === "version" ? `of a later version, ${header.version}` : header.reason;
    return { events: [], end: 0, ending: "damaged", reason, place: undefined };
  }
  const place = placeOf(header.value.identity);
  const events: LoggedEvent[] = [];
  const scan = await scanFrames(source, {
    place,
    from: SEGMENT_HEADER_BYTES,
    expectedSequence: 1,
    onFrame: ({ bytes, payloadStart, payloadEnd }) => void events.push(...eventsOf(bytes, payloadStart, payloadEnd)),
  });
  if (scan.kind === "end") return { events, end: scan.offset, ending: "whole", reason: "", place };

  // Every frame says which events were on the disk when it was written. Does one behind this place speak of the missing?
  let testified = 0;
  await findTestimony(source, {
    place,
    from: scan.offset,
    onTestimony: ({ floor }) => void (testified = Math.max(testified, floor)),
  });
  const ending = testified > events.length ? "damaged" : "torn";
  return { events, end: scan.offset, ending, reason: scan.reason, place };
}

function eventsOf(bytes: Uint8Array, start: number, end: number): LoggedEvent[] {
  const events: LoggedEvent[] = [];
  const record = newRecordFields();
  for (let at = start; at < end; at = record.end) {
    readRecord(bytes, at, end, record);
    events.push({
      topic: text.decode(bytes.subarray(record.keyStart, record.keyEnd)),
      message: text.decode(bytes.subarray(record.valueStart, record.valueEnd)),
    });
  }
  return events;
}
