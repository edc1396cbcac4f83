import {
  bytesSource,
  checkpointFileName,
  hintFileName,
  parseFileName,
  readCheckpoint,
  readHint,
  segmentFileName,
} from "@hashlog/format";
import { nodeFileSystem, type FileSystem } from "@hashlog/fs-io";
import { bytes as bytesCodec, utf8, type Codec, type SegmentStats, type Store, type StoreStats } from "@hashlog/engine";
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";

import {
  isNewer,
  readFile,
  recount,
  type CountedRecord,
  type CountedSegment,
  type Recount,
  type StorePlace,
} from "./recount.ts";

/** How the store was opened, where it was not as by default. */
export interface CheckOptions {
  readonly fileSystem?: FileSystem;
  readonly keys?: Codec<never, never>;
  readonly values?: Codec<never, never>;
}

/**
 * Holds an open store against its own files, read anew: the keydir against a recount of the segments, live and dead
 * bytes, every hint against a scan of its segment, the checkpoint, and the files that are listed against those that are
 * there. Nothing may be written meanwhile. Writes a checkpoint if it can, so that the background is at rest.
 */
export async function checkInvariants(db: Store<never, never, never>, options: CheckOptions = {}): Promise<void> {
  const { isPaused } = db.compaction;
  await comeToRest(db);
  try {
    await checkAtRest(db, options);
  } finally {
    if (!isPaused) db.compaction.resume();
  }
}

async function checkAtRest(db: Store<never, never, never>, options: CheckOptions): Promise<void> {
  const place = { fileSystem: options.fileSystem ?? nodeFileSystem(), directory: db.directory };
  const stats = db.stats();
  assert.equal(stats.pendingWrites, 0);
  const counted = await recount(place, stats.sequence);
  checkSums(stats);
  checkSegments(stats, counted);
  checkSequences(stats, counted);
  await checkContents(db, place, counted, options);
  await checkHints(place, counted);
  await checkCheckpoint(place, counted);
  await checkFiles(place, counted);
  assert.deepEqual((await db.verify()).findings, []);
}

// What was ended is sealed in the background, and gets its hint there, as what a merge wrote does; a checkpoint comes after
// all that was asked for before it.
async function comeToRest(db: Store<never, never, never>): Promise<void> {
  db.compaction.pause();
  const sealing = (): boolean => {
    const { writes, segments } = db.stats();
    return writes === "ready" && segments.some(({ state }) => state === "unsealed");
  };
  for (let turn = 0; turn < 10_000 && sealing(); turn += 1) await new Promise((resolve) => setImmediate(resolve));
  for (let time = 0; time < 2; time += 1) await db.checkpoint().catch(() => undefined);
}

/** What holds of the files alone, whether or not somebody has the store open. */
export async function checkFiles({ fileSystem, directory }: StorePlace, { manifest }: Recount): Promise<void> {
  const expected = new Set(manifest.segments.map(({ segmentId }) => segmentFileName(segmentId)));
  if (manifest.checkpoint !== undefined) expected.add(checkpointFileName(manifest.checkpoint.id));
  const found = new Set<string>();
  for (const name of await fileSystem.list(directory)) {
    const file = parseFileName(name);
    if (file === undefined || file.kind === "lock") continue;
    const stat = await fileSystem.stat(fileSystem.join(directory, name));
    assert.deepEqual({ name, empty: stat?.bytes === 0 }, { name, empty: false });
    if (file.kind === "manifest" || file.kind === "reserve") continue;
    if (file.kind === "hint" && expected.has(segmentFileName(file.id))) continue;
    found.add(name);
  }
  assert.deepEqual([...found].sort(), [...expected].sort());
}

function checkSums(stats: StoreStats): void {
  const sum = (of: (segment: SegmentStats) => number): number =>
    stats.segments.reduce((total, segment) => total + of(segment), 0);
  assert.equal(
    stats.liveBytes,
    sum(({ liveBytes }) => liveBytes),
  );
  assert.equal(
    stats.deadBytes,
    sum(({ deadBytes }) => deadBytes),
  );
  assert.equal(stats.totalBytes, stats.liveBytes + stats.deadBytes);
  assert.equal(
    stats.expiredBytes,
    sum(({ expiredBytes }) => expiredBytes),
  );
  assert.equal(
    stats.fileBytes,
    sum(({ fileBytes }) => fileBytes),
  );
  assert.equal(
    stats.tombstones,
    sum(({ tombstones }) => tombstones),
  );
  assert.equal(
    stats.tombstoneBytes,
    sum(({ tombstoneBytes }) => tombstoneBytes),
  );
  assert.equal(
    stats.keys,
    sum(({ liveRecords }) => liveRecords),
  );
}

function checkSegments(stats: StoreStats, counted: Recount): void {
  const live = [...counted.newest.values()].filter(([record]) => !record!.tombstone);
  const ambiguous = live.some((records) => records.length > 1);
  assert.equal(stats.keys, live.length);
  assert.equal(stats.liveBytes, bytesOf(live.map(([record]) => record!)));
  const places = new Set(live.map(([record]) => record));
  const fields = (segment: SegmentStats): object => (ambiguous ? withoutLive(segment) : segment);
  const found = stats.segments.map((segment) => ({ ...segment, state: sealedOrNot(segment.state) }));
  const expected = counted.segments.map((segment) => expectedStats(segment, places, stats.expiredAsOfMs));
  assert.deepEqual(found.sort(byId).map(fields), expected.sort(byId).map(fields));
  assert.ok(stats.segments.filter(({ state }) => state === "active").length <= 1);
}

function expectedStats(
  { listed, bytes, records }: CountedSegment,
  live: ReadonlySet<unknown>,
  asOfMs: number,
): SegmentStats {
  const tombstones = records.filter(({ tombstone }) => tombstone);
  const alive = records.filter((record) => live.has(record));
  const expired = alive.filter(({ expiresAtMs }) => expiresAtMs !== 0 && expiresAtMs <= asOfMs);
  return {
    segmentId: listed.segmentId,
    state: listed.state,
    fileBytes: bytes,
    records: records.length,
    liveRecords: alive.length,
    liveBytes: bytesOf(alive),
    expiredRecords: expired.length,
    expiredBytes: bytesOf(expired),
    deadBytes: bytesOf(records) - bytesOf(alive),
    tombstones: tombstones.length,
    tombstoneBytes: bytesOf(tombstones),
  };
}

function byId(left: SegmentStats, right: SegmentStats): number {
  return left.segmentId - right.segmentId;
}

function withoutLive(segment: SegmentStats): object {
  const {
    liveRecords: _,
    liveBytes: _live,
    deadBytes: _dead,
    expiredRecords: _expired,
    expiredBytes: _bytes,
    ...rest
  } = segment;
  return rest;
}

function sealedOrNot(state: SegmentStats["state"]): "sealed" | "unsealed" {
  return state === "sealed" ? "sealed" : "unsealed";
}

function bytesOf(records: readonly CountedRecord[]): number {
  return records.reduce((sum, { bytes }) => sum + bytes, 0);
}

function checkSequences(stats: StoreStats, { manifest, segments }: Recount): void {
  assert.ok(manifest.floor <= stats.floor);
  assert.ok(stats.floor <= stats.sequence);
  assert.ok(stats.sequence < manifest.nextSequence);
  for (const { listed, records } of segments) {
    assert.ok(listed.segmentId < manifest.nextFileId);
    const sequences = records.map(({ sequence }) => sequence);
    const [lowest, highest] = [
      sequences.reduce((a, b) => Math.min(a, b), Infinity),
      Math.max(0, sequences.at(-1) ?? 0),
    ];
    if (listed.state === "unsealed") continue;
    assert.ok(listed.lowestSequence <= lowest);
    assert.ok(listed.highestSequence >= highest);
    if (!listed.merged) assert.deepEqual([lowest, highest], [listed.lowestSequence, listed.highestSequence]);
  }
}

async function checkContents(
  db: Store<never, never, never>,
  { fileSystem }: StorePlace,
  { newest }: Recount,
  {
    keys = utf8 as Codec<unknown> as Codec<never, never>,
    values = bytesCodec as Codec<unknown, never> as Codec<never, never>,
  }: CheckOptions,
): Promise<void> {
  const present = new Set<string>();
  for await (const key of db.keys()) present.add(Buffer.from(keys.encode(key)).toString("latin1"));
  const readSync = fileSystem.readsSynchronously;
  const wrong: object[] = [];
  for (const [latin1, [record]] of newest) {
    const { tombstone, expiresAtMs, value } = record!;
    const key = keys.decode(Uint8Array.from(Buffer.from(latin1, "latin1")));
    const there = db.has(key);
    // Whether it has expired is for the clock to say; nothing else may be missing.
    const expected = expiresAtMs === 0 ? !tombstone : there;
    const found = {
      has: there,
      iterated: present.delete(latin1),
      value: readSync ? db.getSync(key) : await db.get(key),
    };
    const right = { has: expected, iterated: expected, value: expected ? values.decode(value.slice()) : undefined };
    if (!isDeepStrictEqual(found, right)) wrong.push({ latin1, found, right });
  }
  assert.deepEqual(wrong, []);
  assert.deepEqual([...present], []);
}

async function checkHints(place: StorePlace, { segments }: Recount): Promise<void> {
  const { fileSystem, directory } = place;
  for (const { listed, records } of segments) {
    const path = fileSystem.join(directory, hintFileName(listed.segmentId));
    if ((await fileSystem.stat(path)) === undefined) continue;
    if (listed.state !== "sealed") throw new Error(`${path} is a hint of a segment that is not sealed`);
    const entries: object[] = [];
    const source = bytesSource(await readFile(fileSystem, path));
    const read = await readHint(source, listed, (entry) => {
      const { bytes, keyStart, keyEnd, sequence, offset, valueBytes, tombstone, expiresAtMs } = entry;
      const key = Buffer.from(bytes.subarray(keyStart, keyEnd)).toString("latin1");
      entries.push({ key, sequence, offset, valueBytes, tombstone, expiresAtMs });
    });
    assert.deepEqual({ path, ...read }, { path, kind: "ok", totals: totalsOf(records) });
    assert.deepEqual(
      { path, entries: sortedBySequence(entries) },
      {
        path,
        entries: sortedBySequence(newestOf(records)),
      },
    );
  }
}

function newestOf(records: readonly CountedRecord[]): object[] {
  const newest = new Map<string, CountedRecord>();
  for (const record of records) {
    const found = newest.get(record.key);
    if (found === undefined || isNewer(record, found)) newest.set(record.key, record);
  }
  return [...newest.values()].map(({ key, sequence, offset, value, tombstone, expiresAtMs }) => ({
    key,
    sequence,
    offset,
    valueBytes: value.length,
    tombstone,
    expiresAtMs,
  }));
}

function sortedBySequence(entries: object[]): object[] {
  return (entries as { sequence: number }[]).sort((left, right) => left.sequence - right.sequence);
}

function totalsOf(records: readonly CountedRecord[]): object {
  const tombstones = records.filter(({ tombstone }) => tombstone);
  const sequences = records.map(({ sequence }) => sequence);
  return {
    entryCount: newestOf(records).length,
    recordCount: records.length,
    recordBytes: bytesOf(records),
    tombstoneCount: tombstones.length,
    tombstoneBytes: bytesOf(tombstones),
    lowestSequence: sequences.reduce((a, b) => Math.min(a, b), Infinity),
    highestSequence: sequences.reduce((a, b) => Math.max(a, b), 0),
    expiringCount: records.filter(({ expiresAtMs }) => expiresAtMs !== 0).length,
  };
}

async function checkCheckpoint({ fileSystem, directory }: StorePlace, { manifest }: Recount): Promise<void> {
  const named = manifest.checkpoint;
  if (named === undefined) return;
  const bytes = await readFile(fileSystem, fileSystem.join(directory, checkpointFileName(named.id)));
  const expected = { storeId: manifest.storeId, checkpointId: named.id, bytes: named.bytes, crc: named.crc };
  const read = await readCheckpoint(bytesSource(bytes), expected, { header: () => true, shard: () => undefined });
  assert.deepEqual(read, { kind: "ok" });
}
