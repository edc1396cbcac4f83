import { describeCheckpoint, readCheckpoint, type ByteSource, type CheckpointHeader } from "@hashlog/format";
import { hashKeydir, IndexError, type Keydir, type KeydirPage } from "@hashlog/index";
import { moment } from "../moments.ts";
import type { DumpItem, Emit } from "./dump-item.ts";

/**
 * A checkpoint: what it is of, and every key that it knows, with its place. A checksum covers a whole shard, so behind one that does not
 * verify nothing is shown. `hashKey` is the manifest's: without it the keys stay hidden.
 */
export async function dumpCheckpoint(source: ByteSource, hashKey: Uint8Array | undefined, emit: Emit): Promise<void> {
  const described = await describeCheckpoint(source);
  if (described.kind !== "ok") {
    const reason = described.kind === "version" ? `version ${described.version}` : described.reason;
    return emit({ offset: 0, what: "damage", checksum: "wrong", fields: { reason } });
  }
  const keydir = hashKeydir({ hashKey: hashKey ?? new Uint8Array(16) });
  let header: CheckpointHeader | undefined;
  let unfit: string | undefined;
  let shards = 0;
  let bytesOfShards = 0;
  const reading = await readCheckpoint(source, described.value, {
    header(value) {
      header = value;
      return true;
    },
    shard(index, bytes) {
      shards += 1;
      bytesOfShards += bytes.length;
      // Behind the shards of the keys lie counts of the engine's.
      if (hashKey !== undefined && isOfKeys(header!, keydir) && index < keydir.shardCount)
        unfit ??= loadShard(keydir, index, bytes);
    },
  });
  if (header === undefined) {
    const { reason } = reading as { readonly reason: string };
    return emit({ offset: 0, what: "damage", checksum: "wrong", fields: { reason } });
  }
  await emitHeader(header, emit);
  await emit({ offset: 0, what: "shards", checksum: "ok", fields: { count: shards, bytes: bytesOfShards } });
  if (reading.kind === "unusable") {
    await emit({ offset: 0, what: "damage", checksum: "wrong", fields: { reason: reading.reason } });
  }
  if (unfit !== undefined) await emit({ offset: 0, what: "damage", checksum: undefined, fields: { reason: unfit } });
  if (hashKey !== undefined) return emitKeys(keydir, header, emit);
  const reason = "its keys are hashed with a key that the manifest of the store has, and there is none beside it";
  await emit({ offset: 0, what: "note", checksum: undefined, fields: { reason } });
}

/** Loads what was checksummed when it was written; tells why it cannot be what this index wrote, if it cannot. */
function loadShard(keydir: Keydir, index: number, bytes: Uint8Array): string | undefined {
  try {
    keydir.loadShard(index, bytes);
    return undefined;
  } catch (error) {
    if (IndexError.is(error)) return `shard ${index}: ${error.message}`;
    throw error;
  }
}

/** Whether its shards are laid out as this index has them; the engine says behind a `+` what it adds. */
function isOfKeys({ layout }: CheckpointHeader, keydir: Keydir): boolean {
  return layout === keydir.layout || layout.startsWith(`${keydir.layout}+`);
}

async function emitHeader(
  { storeId, checkpointId, layout, replay, segments }: CheckpointHeader,
  emit: Emit,
): Promise<void> {
  const fields = {
    id: checkpointId,
    store: storeId.toString(16).padStart(32, "0"),
    layout,
    replayFromSequence: replay.sequence,
    replayFromSegment: replay.segmentId,
    replayFromOffset: replay.offset,
  };
  await emit({ offset: 0, what: "checkpoint", checksum: "ok", fields });
  for (const { slot, segmentId, recordCount, recordBytes, tombstoneCount } of segments) {
    const ofSegment = { id: segmentId, slot, records: recordCount, recordBytes, tombstones: tombstoneCount };
    await emit({ offset: 0, what: "segment", checksum: "ok", fields: ofSegment });
  }
}

async function emitKeys(keydir: Keydir, { segments }: CheckpointHeader, emit: Emit): Promise<void> {
  const idOf = new Map(segments.map(({ slot, segmentId }) => [slot, segmentId]));
  const view = keydir.openView();
  try {
    const scan = view.openScan();
    for (let page = scan.nextPage(); page !== undefined; page = scan.nextPage()) {
      for (const item of itemsOf(page, idOf)) await emit(item);
    }
  } finally {
    view.close();
  }
}

function* itemsOf(page: KeydirPage, idOf: ReadonlyMap<number, number>): Iterable<DumpItem> {
  for (let index = 0; index < page.count; index += 1) {
    const expiresAtMs = page.expiresAtMs[index]!;
    yield {
      offset: page.offsets[index]!,
      what: "key",
      checksum: undefined,
      fields: {
        segment: idOf.get(page.segmentSlots[index]!) ?? "unknown",
        valueBytes: page.valueBytes[index]!,
        expires: expiresAtMs === 0 ? undefined : moment(expiresAtMs),
      },
      key: page.keys.slice(page.keyEnds[index - 1] ?? 0, page.keyEnds[index]),
    };
  }
}
