import { SEGMENT_BYTES_MAX, SEGMENT_HEADER_BYTES, type Manifest, type SealedSegment } from "@hashlog/format";
import { FsError, type SegmentWriter } from "@hashlog/fs-io";
import { corrupt } from "./errors.ts";
import { installRescue } from "./install-rescue.ts";
import { readRun, type LogRun, type RunSource } from "./log-run.ts";
import { makeSegment } from "./new-files.ts";
import { Segment } from "./segment.ts";
import { removeFile, type StoreParts } from "./store-parts.ts";
import { rescueTail } from "./tail-rescue.ts";
import { TRACES } from "./tracing.ts";

/**
 * The unsealed segments, oldest first: the active one, which takes frames, and those before it that were ended and wait
 * to be sealed.
 *
 * - A segment is listed in the durable manifest before any write in it can be acknowledged.
 * - It is sealed only after a sync of all of it, and never before an older one.
 * - A sync covers every unsynced byte of all of them, fences included, oldest first.
 */
export class LogSegments {
  readonly #parts: StoreParts;
  readonly #onSealed: (segment: Segment) => void;
  #unsealed: LogSegment[];
  #active: LogSegment | undefined;
  #sealing: Promise<void> | undefined;
  #rescuing: Promise<void> | undefined;

  constructor(options: {
    parts: StoreParts;
    /** The unsealed segments that were found, oldest first. */
    unsealed: readonly LogSegment[];
    /** Whether the last of them goes on being written. */
    continued: boolean;
    onSealed: (segment: Segment) => void;
  }) {
    this.#parts = options.parts;
    this.#onSealed = options.onSealed;
    this.#unsealed = [...options.unsealed];
    this.#active = options.continued ? this.#unsealed.at(-1) : undefined;
  }

  /** The segment that takes frames. */
  get active(): Segment | undefined {
    return this.#active?.segment;
  }

  /** The newest unsealed segment, where a fence may go. */
  get last(): Segment | undefined {
    return this.#unsealed.at(-1)?.segment;
  }

  /**
   * Behind the last record: zeros, which no segment has for an id, where there is no unsealed segment. Not behind a fence,
   * which no sync need have covered though it has every record.
   */
  get recordsEnd(): { segmentId: number; offset: number } {
    const last = this.#unsealed.at(-1);
    return last === undefined
      ? { segmentId: 0, offset: 0 }
      : { segmentId: last.segment.segmentId, offset: last.recordsEnd };
  }

  get hasUnsynced(): boolean {
    return this.#unsealed.some(isUnsynced);
  }

  /** Whether a frame of `frameBytes` goes into the active segment. One that is too long for any gets one of its own. */
  takes(frameBytes: number): boolean {
    if (this.#active === undefined) return false;
    const { segment, lastSequence } = this.#active;
    const limit = lastSequence === 0 ? SEGMENT_BYTES_MAX : this.#parts.rotation.bytesMax;
    return segment.bytes + frameBytes <= limit;
  }

  /** The active segment now holds records up to `lastSequence`, and nothing behind them. */
  noteRecords(lastSequence: number): void {
    const active = this.#active!;
    active.lastSequence = lastSequence;
    active.recordsEnd = active.segment.bytes;
  }

  /** No more frames go into the active segment; the next write begins another. */
  endActive(): void {
    this.#active = undefined;
  }

  /** Syncs what is unsynced, oldest first. A failure is final for the segment it happens in. */
  async syncAll(): Promise<void> {
    for (const unsealed of [...this.#unsealed]) {
      if (isUnsynced(unsealed)) await unsealed.segment.writer!.sync();
    }
  }

  /** As `syncAll`, counted and told of. */
  sync(): Promise<void> {
    this.#parts.counts.syncs += 1;
    return TRACES.sync.around(
      () => ({
        directory: this.#parts.directory,
        bytes: this.#unsealed.reduce((sum, one) => sum + unsyncedBytes(one), 0),
      }),
      () => this.syncAll(),
      () => undefined,
    );
  }

  /** Begins a new active segment whose first record will be `firstSequence`, and makes sure of the sequences needed. */
  async begin(firstSequence: number, nextSequence: number): Promise<void> {
    // Unsealed segments are replayed by scanning after a crash: they must not pile up before a slow disk.
    if (this.#unsealed.length >= UNSEALED_MAX) {
      // mark: rotation/waits-for-sealing
      await this.#sealing?.catch(() => undefined);
    }
    this.#parts.table.checkLogRoom();
    const { segmentId, place, writer } = await makeSegment(this.#parts.entries.begin(), this.#parts);
    const slot = this.#parts.table.takeSlot();
    try {
      await this.#parts.manifest.edit((manifest) => ({
        ...this.#reserved(manifest, nextSequence),
        segments: [
          ...manifest.segments,
          { state: "unsealed", segmentId, identity: place.identity, firstSequence, cleanBytes: 0 },
        ],
      }));
    } catch (error) {
      // mark: rotation/segment-not-listed
      this.#parts.table.returnSlot(slot);
      await this.#discard(writer);
      throw error;
    }
    const segment = new Segment({
      slot,
      segmentId,
      place,
      path: writer.file.path,
      file: writer.file,
      writer,
      state: { kind: "unsealed", firstSequence, bytes: () => writer.position },
    });
    this.#parts.table.add(segment);
    // mark: rotation/segment-begun
    this.#active = { segment, firstSequence, lastSequence: 0, recordsEnd: SEGMENT_HEADER_BYTES };
    this.#unsealed.push(this.#active);
  }

  /**
   * Makes sure that sequences below `nextSequence` may be given out, by an edit of the manifest: asked for also to learn
   * why none can be made, if that is what a write waits for.
   */
  async reserve(nextSequence: number): Promise<void> {
    await this.#parts.manifest.edit((manifest) => this.#reserved(manifest, nextSequence));
  }

  /**
   * Seals every segment that takes no more frames, once all of it is durable and visible: a merge takes what the keydir
   * does not point to for dead. One at a time; later callers share the first.
   */
  sealEnded(progress: SealProgress): Promise<void> {
    this.#sealing ??= this.#sealEnded(progress);
    return this.#sealing;
  }

  /** Resolves when no sealing is under way. */
  async settle(): Promise<void> {
    await this.#sealing?.catch(() => undefined);
  }

  /** What the manifest shall say of the log after a clean close: sealed but for the active segment, whose length stands. */
  async closeClean(nextSequence: number): Promise<void> {
    // mark: close/clean
    const active = this.#active;
    await this.#parts.manifest.edit((manifest) => ({
      ...manifest,
      nextFileId: this.#parts.fileIds.next,
      nextSequence,
      segments: manifest.segments.map((listed) =>
        listed.state === "unsealed" && listed.segmentId === active?.segment.segmentId
          ? { ...listed, cleanBytes: active.segment.bytes }
          : listed,
      ),
    }));
  }

  /**
   * Reads the unsealed segments as one log, up to the last acknowledged write, and goes on as recovery does. Up to `floor` it is
   * known to be durable; the rest is made so where it lies, unless a sync is still under way: a copy of it may find no room.
   */
  async resume(acknowledged: number, floor: number, isSyncing: () => boolean): Promise<void> {
    await this.settle();
    const isDurable = floor >= acknowledged || (!isSyncing() && (await this.#makeDurable()));
    const sources = this.#unsealed.map(runSource);
    const known = isDurable ? acknowledged : Math.max(floor, this.#parts.manifest.current.floor);
    const { limits } = this.#parts;
    const run = await readRun(sources, known, () => undefined, { limits, floorMax: acknowledged });
    if (sources.length > 0 && run.lastSequence < acknowledged) {
      // mark: resume/acknowledged-not-readable-any-more
      throw corrupt(`acknowledged writes up to ${acknowledged} are not readable any more`, {
        expected: acknowledged,
        actual: run.lastSequence,
      });
    }
    await this.rescue(run, acknowledged);
  }

  /** By a first sync of what this process has written, where no sync has failed; resolves to whether all is durable. */
  async #makeDurable(): Promise<boolean> {
    if (this.#unsealed.some(({ segment }) => segment.writer === undefined)) return false;
    try {
      await this.syncAll();
      // mark: resume/synced-in-its-place
      return true;
    } catch (error) {
      // mark: resume/not-synced
      if (FsError.is(error) && error.code === "FS_NO_SPACE") return false;
      throw error;
    }
  }

  /** Copies what the run holds above its testified floor and up to `upTo`, and seals everything in one edit. */
  rescue(run: LogRun, upTo: number): Promise<void> {
    this.#rescuing = this.#rescue(run, upTo).finally(() => {
      this.#rescuing = undefined;
    });
    return this.#rescuing;
  }

  /** What is under way that moves records: as long as it is, manifest and keydir do not speak of the same segments. */
  get rescuing(): Promise<void> | undefined {
    return this.#rescuing;
  }

  async #rescue(run: LogRun, upTo: number): Promise<void> {
    const files = this.#parts.entries.begin();
    const rescue = await rescueTail(run, upTo, {
      files,
      directory: this.#parts.directory,
      segmentBytesMax: this.#parts.segmentBytesMax,
      scanBytes: this.#parts.limits.scanBytes,
      newSegment: () => makeSegment(files, this.#parts),
    });
    await this.#parts.manifest
      .edit((manifest) => ({
        ...this.#reserved(manifest, manifest.nextSequence),
        floor: Math.max(manifest.floor, Math.min(run.lastSequence, upTo)),
        segments: [...manifest.segments.filter((listed) => listed.state === "sealed"), ...rescue.segments],
      }))
      .catch(async (error: unknown) => {
        // mark: rescue/edit-failed
        for (const copy of rescue.copies) await this.#discard(copy.writer);
        throw error;
      });
    const segments = this.#unsealed.map(({ segment }) => segment);
    this.#unsealed = [];
    this.#active = undefined;
    const sealed = await installRescue(rescue, segments, this.#parts);
    for (const segment of sealed) this.#onSealed(segment);
  }

  async #sealEnded(progress: SealProgress): Promise<void> {
    const waits = (unsealed: LogSegment): boolean =>
      isUnsynced(unsealed) || unsealed.lastSequence > progress.acknowledged();
    // Nothing is done before the caller has noted that this is under way.
    await Promise.resolve();
    try {
      for (;;) {
        const ended = this.#unsealed.filter((unsealed) => unsealed !== this.#active);
        if (ended.length === 0) return;
        while (ended.some(waits)) {
          // mark: seal/waits-for-a-sync
          await progress.requestSync();
        }
        await this.#seal(ended);
      }
    } finally {
      // In the same turn as the last look: who ends a segment from now on must not take this for what seals it.
      this.#sealing = undefined;
    }
  }

  async #seal(ended: readonly LogSegment[]): Promise<void> {
    const entries = new Map(ended.map((unsealed) => [unsealed.segment.segmentId, sealedEntry(unsealed)]));
    await this.#parts.manifest.edit((manifest) => ({
      ...manifest,
      segments: manifest.segments.flatMap((listed) => {
        const entry = entries.get(listed.segmentId);
        if (entry === undefined) return [listed];
        return isEmpty(entry) ? [] : [entry];
      }),
    }));
    this.#unsealed = this.#unsealed.filter((unsealed) => !ended.includes(unsealed));
    for (const { segment } of ended) {
      const entry = entries.get(segment.segmentId)!;
      if (isEmpty(entry)) await this.#drop(segment);
      else this.#markSealed(segment, entry);
    }
  }

  #markSealed(segment: Segment, entry: SealedSegment): void {
    const { sealedBytes, lowestSequence, highestSequence, merged } = entry;
    // mark: seal/sealed
    segment.state = { kind: "sealed", sealedBytes, lowestSequence, highestSequence, merged };
    this.#onSealed(segment);
  }

  async #drop(segment: Segment): Promise<void> {
    // mark: seal/empty-segment-dropped
    await this.#parts.table.remove(segment);
    await removeFile(this.#parts, segment.path);
  }

  #reserved(manifest: Manifest, nextSequence: number): Manifest {
    const edited = { ...manifest, nextFileId: this.#parts.fileIds.next };
    if (nextSequence < manifest.nextSequence) return edited;
    // mark: log/more-sequences-reserved
    return { ...edited, nextSequence: nextSequence + this.#parts.limits.sequencesReserved };
  }

  // A file that no durable manifest lists. While an edit's outcome is unknown it may be listed, and must stay.
  async #discard(writer: SegmentWriter): Promise<void> {
    await writer.close();
    if (this.#parts.manifest.failure !== undefined) {
      // mark: log/unlisted-file-stays
      return;
    }
    // mark: log/unlisted-file-removed
    await removeFile(this.#parts, writer.file.path);
  }
}

/** How the log makes what is unsealed durable and visible. */
export interface SealProgress {
  readonly requestSync: () => Promise<void>;
  readonly acknowledged: () => number;
}

/** An unsealed segment; `lastSequence` is 0 as long as it holds no record. */
export interface LogSegment {
  readonly segment: Segment;
  readonly firstSequence: number;
  lastSequence: number;
  /** Where its last record ends, or the first will begin. */
  recordsEnd: number;
}

/** The segment as `readRun` takes it: all of its file. */
export function runSource({ segment, firstSequence }: LogSegment): RunSource {
  const { segmentId, place, path, file } = segment;
  return { segmentId, place, path, file, bytes: file.size(), firstSequence };
}

function isUnsynced({ segment }: LogSegment): boolean {
  return segment.writer !== undefined && segment.writer.position > segment.writer.syncedPosition;
}

function unsyncedBytes({ segment: { writer } }: LogSegment): number {
  return writer === undefined ? 0 : writer.position - writer.syncedPosition;
}

// What is synced is sealed; a fence that was written since testifies beyond the sealed length as well as inside.
function sealedEntry({ segment, firstSequence, lastSequence }: LogSegment): SealedSegment {
  return {
    state: "sealed",
    segmentId: segment.segmentId,
    identity: segment.place.identity,
    sealedBytes: segment.writer!.syncedPosition,
    lowestSequence: firstSequence,
    highestSequence: lastSequence,
    merged: false,
  };
}

function isEmpty({ highestSequence }: SealedSegment): boolean {
  return highestSequence === 0;
}

const UNSEALED_MAX = 4;
