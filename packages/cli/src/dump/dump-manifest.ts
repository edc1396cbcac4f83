import { decodeManifest, segmentFileName, type ByteSource } from "@hashlog/format";
import type { Emit } from "./dump-item.ts";
import { identityText } from "./dump-segment.ts";
import { readPart } from "./file-source.ts";

/** The manifest: what it says of the store, and every file that it lists. */
export async function dumpManifest(source: ByteSource, emit: Emit): Promise<void> {
  const decoded = await readManifest(source);
  if (decoded.kind === "version") {
    return emit({
      offset: 0,
      what: "manifest",
      checksum: undefined,
      fields: { version: decoded.version, known: false },
    });
  }
  if (decoded.kind === "damaged") {
    return emit({ offset: 0, what: "damage", checksum: "wrong", fields: { reason: decoded.reason } });
  }
  const { storeId, epoch, floor, nextSequence, nextFileId, logCompleteFrom, segments, checkpoint } = decoded.value;
  const ofStore = {
    store: storeId.toString(16).padStart(32, "0"),
    epoch,
    floor,
    nextSequence,
    nextFileId,
    logCompleteFrom,
  };
  await emit({ offset: 0, what: "manifest", checksum: "ok", fields: ofStore });
  for (const segment of segments) {
    const { segmentId, identity, state } = segment;
    const shared = { file: segmentFileName(segmentId), state, identity: identityText(identity) };
    const fields =
      segment.state === "sealed"
        ? {
            ...shared,
            sealedBytes: segment.sealedBytes,
            lowestSequence: segment.lowestSequence,
            highestSequence: segment.highestSequence,
            merged: segment.merged ? true : undefined,
          }
        : { ...shared, firstSequence: segment.firstSequence, closedCleanAt: segment.cleanBytes || undefined };
    await emit({ offset: 0, what: "segment", checksum: "ok", fields });
  }
  if (checkpoint === undefined) return;
  await emit({ offset: 0, what: "checkpoint", checksum: "ok", fields: { id: checkpoint.id, bytes: checkpoint.bytes } });
}

/** The whole manifest file. What is far larger than that of the largest store is none. */
export async function readManifest(source: ByteSource): Promise<ReturnType<typeof decodeManifest>> {
  if (source.bytes > MANIFEST_BYTES_MOST) return { kind: "damaged", reason: "it is larger than any manifest" };
  return decodeManifest(await readPart(source, 0, source.bytes));
}

const MANIFEST_BYTES_MOST = 16 * 1024 * 1024;
