import type { MoveBatch, RecordBatch } from "@hashlog/compactor";
import type { SentMoves, SentRecords } from "./messages.ts";

/**
 * Batches as they are sent: of the bytes in which they lie only the keys, side by side, and of the arrays only what counts.
 * All of it belongs to the message, and goes over without being copied again.
 */
export function packRecords({ input, count, ...batch }: RecordBatch): SentRecords {
  return {
    segmentId: input.segmentId,
    count,
    ...packKeys(count, batch),
    offsets: batch.offsets.slice(0, count),
    absenceMatters: batch.absenceMatters.slice(0, count),
  };
}

/** As `packRecords`. */
export function packMoves({ output, count, ...batch }: MoveBatch): SentMoves {
  return {
    segmentId: output.segmentId,
    count,
    ...packKeys(count, batch),
    sourceIds: batch.sourceIds.slice(0, count),
    sourceOffsets: batch.sourceOffsets.slice(0, count),
    targetOffsets: batch.targetOffsets.slice(0, count),
    valueBytes: batch.valueBytes.slice(0, count),
    expiresAtMs: batch.expiresAtMs.slice(0, count),
  };
}

/** The memory of a message's arrays, to go over with it. */
export function buffersOf(message: object): ArrayBuffer[] {
  return Object.values(message).flatMap((value: unknown) =>
    ArrayBuffer.isView(value) && value.buffer instanceof ArrayBuffer ? [value.buffer] : [],
  );
}

type Keys = Pick<RecordBatch, "bytes" | "keyStarts" | "keyEnds">;

function packKeys(count: number, { bytes, keyStarts, keyEnds }: Keys): Keys {
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  let end = 0;
  for (let index = 0; index < count; index += 1) {
    starts[index] = end;
    end += keyEnds[index]! - keyStarts[index]!;
    ends[index] = end;
  }
  const packed = new Uint8Array(end);
  for (let index = 0; index < count; index += 1) {
    packed.set(bytes.subarray(keyStarts[index], keyEnds[index]), starts[index]);
  }
  return { bytes: packed, keyStarts: starts, keyEnds: ends };
}
