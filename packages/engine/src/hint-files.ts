import {
  hintFileName,
  newRecordFields,
  readHint,
  readRecord,
  scanFrames,
  SEGMENT_HEADER_BYTES,
  type HintSegment,
} from "@hashlog/format";
import { FsError, type Clock } from "@hashlog/fs-io";
import { HintBuilder } from "@hashlog/index";
import { HashlogError } from "./errors.ts";
import { countingSource, fileSource } from "./files.ts";
import type { RecordSink } from "./record-sink.ts";
import { newLocation } from "./segment-table.ts";
import type { Segment } from "./segment.ts";
import { pathOf, type StoreParts } from "./store-parts.ts";

/**
 * Hands the segment's hint to the sink and fills in the segment's totals; resolves to `false` if there is no usable one:
 * any doubt about one means a scan. What an unusable one gave before that was noticed does no harm: a scan gives the same
 * again, with the same sequences.
 */
export async function readHintInto(
  segment: Segment,
  sink: RecordSink,
  { fileSystem, directory }: Pick<StoreParts, "fileSystem" | "directory">,
  onRead: (bytes: number) => void,
): Promise<boolean> {
  const sealedBytes = segment.bytes;
  const location = newLocation();
  location.segmentSlot = segment.slot;
  const file = await fileSystem.openRead(fileSystem.join(directory, hintFileName(segment.segmentId))).catch(noFile);
  if (file === undefined) {
    // mark: load/hint-not-opened
    return false;
  }
  try {
    const { segmentId, place } = segment;
    const read = await readHint(
      countingSource(file, file.size(), onRead),
      { segmentId, identity: place.identity, sealedBytes },
      (entry) => {
        if (entry.tombstone) {
          sink.delete(entry.bytes, entry.keyStart, entry.keyEnd, entry.sequence);
          return;
        }
        location.offset = entry.offset;
        location.valueBytes = entry.valueBytes;
        location.expiresAtMs = entry.expiresAtMs;
        sink.put(entry.bytes, entry.keyStart, entry.keyEnd, entry.sequence, location);
      },
    );
    if (read.kind === "unusable") {
      // mark: load/hint-unusable
      return false;
    }
    const { recordCount, recordBytes, tombstoneCount, tombstoneBytes, expiringCount } = read.totals;
    Object.assign(segment.totals, { recordCount, recordBytes, tombstoneCount, tombstoneBytes, expiringCount });
    return true;
  } catch (error) {
    if (FsError.is(error)) {
      // mark: load/hint-not-readable
      return false;
    }
    throw error;
  } finally {
    await file.close();
  }
}

/**
 * Writes the hint file of a sealed segment, over an unusable one if need be: all that recovery needs of it but the values.
 * Made from the segment alone, never from the keydir: what is dead today may be alive again after a power cut. A cache: no
 * sync, and no manifest entry. Rejects with what failed; nothing is lost.
 */
export async function writeHint(segment: Segment, parts: StoreParts): Promise<void> {
  const { fileSystem, clock } = parts;
  const builder = await collect(segment, parts);
  const path = pathOf(parts, hintFileName(segment.segmentId));
  // If an unusable one is still open somewhere there will be none, and it stays until the store is opened again.
  parts.filesInUse.delete(path);
  await fileSystem.remove(path).catch(noFile);
  const file = await fileSystem.create(path);
  try {
    const { segmentId, place } = segment;
    const of = { segmentId, identity: place.identity, sealedBytes: segment.bytes };
    await encodeHint(builder, of, clock, (block) => file.append(block, 0, block.length));
  } catch (error) {
    // mark: hint/writing-failed
    await file.close();
    await fileSystem.remove(path).catch(noFile);
    throw error;
  }
  await file.close();
}

/** Hands the sink the hint that was built, in blocks that are good during the call. Others have a turn after each slice. */
export async function encodeHint(
  builder: HintBuilder,
  of: HintSegment,
  clock: Pick<Clock, "yield">,
  sink: (block: Uint8Array) => void,
): Promise<void> {
  const steps = builder.encodeInSteps(of, sink);
  const stepsPerSlice = Math.max(1, Math.floor((SLICE_BYTES * STEPS) / builder.memoryBytes));
  for (let step = 1; steps.next().done !== true; step += 1) {
    if (step % stepsPerSlice === 0) await clock.yield();
  }
}

async function collect(segment: Segment, { manifest, limits }: StoreParts): Promise<HintBuilder> {
  const builder = new HintBuilder({ hashKey: manifest.current.hashKey });
  const fields = newRecordFields();
  const end = await scanFrames(fileSource(segment.file, segment.bytes), {
    place: segment.place,
    // Whoever uses the store has a turn after each.
    chunkBytes: Math.min(limits.scanBytes, SLICE_BYTES),
    from: SEGMENT_HEADER_BYTES,
    onFrame(frame) {
      const shift = frame.end - frame.payloadEnd;
      for (let at = frame.payloadStart; at < frame.payloadEnd; at = fields.end) {
        readRecord(frame.bytes, at, frame.payloadEnd, fields);
        const { keyStart, keyEnd, sequence, valueStart, valueEnd, expiresAtMs } = fields;
        if (fields.tombstone) builder.delete(frame.bytes, keyStart, keyEnd, sequence, at + shift);
        else builder.put(frame.bytes, keyStart, keyEnd, sequence, at + shift, valueEnd - valueStart, expiresAtMs);
      }
    },
  });
  if (end.kind === "unreadable") {
    // mark: hint/segment-damaged
    const { path, segmentId } = segment;
    throw new HashlogError("HASHLOG_CORRUPT", `no hint of ${path}: ${end.reason} at offset ${end.offset}`, {
      ...{ path, segmentId, offset: end.offset },
    });
  }
  return builder;
}

function noFile(error: unknown): undefined {
  if (!FsError.is(error)) throw error;
  return undefined;
}

// Of the segment that is read, and of the index that is then encoded in so many steps: about a millisecond's work.
const SLICE_BYTES = 128 * 1024;
const STEPS = 256;
