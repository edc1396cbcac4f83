import { decodeHintHeader, readHint, type ByteSource } from "@hashlog/format";
import { moment } from "../moments.ts";
import type { DumpItem, Emit } from "./dump-item.ts";
import { identityText } from "./dump-segment.ts";
import { readPart } from "./file-source.ts";

/** Every entry of a hint file: where a segment has the newest record of each of its keys. Ends at the first block that does not verify. */
export async function dumpHint(source: ByteSource, emit: Emit): Promise<void> {
  const header = decodeHintHeader(await readPart(source, 0, HEADER_BYTES_MOST));
  if (header.kind === "version") {
    return emit({ offset: 0, what: "hint", checksum: undefined, fields: { version: header.version, known: false } });
  }
  if (header.kind === "damaged") {
    return emit({ offset: 0, what: "damage", checksum: "wrong", fields: { reason: header.reason } });
  }
  const { segmentId, identity, sealedBytes } = header.value;
  const ofSegment = { ofSegment: segmentId, identity: identityText(identity), sealedBytes };
  await emit({ offset: 0, what: "hint", checksum: "ok", fields: ofSegment });
  const entries: DumpItem[] = [];
  const reading = await readHint(source, header.value, ({ bytes, keyStart, keyEnd, ...entry }) => {
    const { sequence, offset, valueBytes, tombstone, expiresAtMs } = entry;
    entries.push({
      offset,
      what: tombstone ? "tombstone" : "put",
      // Its block's, which is checked before any of it is given.
      checksum: "ok",
      fields: {
        sequence,
        valueBytes: tombstone ? undefined : valueBytes,
        expires: expiresAtMs === 0 ? undefined : moment(expiresAtMs),
      },
      key: bytes.slice(keyStart, keyEnd),
    });
  });
  for (const entry of entries) await emit(entry);
  if (reading.kind === "unusable") {
    return emit({ offset: source.bytes, what: "damage", checksum: "wrong", fields: { reason: reading.reason } });
  }
  const { entryCount, recordCount, recordBytes, tombstoneCount, lowestSequence, highestSequence } = reading.totals;
  const fields = {
    entries: entryCount,
    records: recordCount,
    recordBytes,
    tombstones: tombstoneCount,
    lowestSequence,
    highestSequence,
  };
  await emit({ offset: source.bytes - FOOTER_BYTES, what: "totals", checksum: "ok", fields });
}

const HEADER_BYTES_MOST = 64;
/** FORMAT.md, "Hint file". */
const FOOTER_BYTES = 48;
