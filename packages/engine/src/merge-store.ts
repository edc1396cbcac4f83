import {
  KEY_ABSENT,
  KEY_ELSEWHERE,
  KEY_HERE,
  type FinishedOutput,
  type MergeInput,
  type MergeOutput,
  type MoveBatch,
  type RecordBatch,
} from "@hashlog/compactor";
import {
  checkpointFileName,
  encodeSegmentHeader,
  hintFileName,
  segmentFileName,
  type ManifestSegment,
} from "@hashlog/format";
import type { FileSystem } from "@hashlog/fs-io";
import type { CommitLog } from "./commit-log.ts";
import { tallyInTurns } from "./count-live.ts";
import type { FileMaker } from "./directory-entries.ts";
import { surveyLivePlaces } from "./live-places.ts";
import type { ExecutorOutput, ExecutorStore } from "./merge-executor.ts";
import { OutputFile } from "./merge-output.ts";
import type { MergePace } from "./merge-pace.ts";
import { makeWithNewId, newPlace } from "./new-files.ts";
import { newLocation } from "./segment-table.ts";
import { Segment } from "./segment.ts";
import { pathOf, removeFile, type StoreParts } from "./store-parts.ts";

/** An open store as a merge sees it. */
export class StoreOfMerge implements ExecutorStore {
  readonly #parts: StoreParts;
  readonly #files: FileMaker;
  readonly #log: CommitLog;
  readonly #now: () => number;
  readonly #pace: MergePace;
  readonly #inputs: ReadonlyMap<number, Segment>;
  /** Inputs whose handles the merge keeps open: as long as it reads them. */
  readonly #pinned: Set<Segment>;
  readonly #outputs = new Map<number, Segment>();
  readonly #created = new Set<OutputFile>();
  /** Inputs that the manifest does not list any more, and that were not removed yet. */
  readonly #retired = new Set<Segment>();
  readonly #found = newLocation();
  readonly #source = newLocation();
  readonly #target = newLocation();

  constructor(
    parts: StoreParts,
    log: CommitLog,
    { now, pace }: { readonly now: () => number; readonly pace: MergePace },
    inputs: readonly Segment[],
  ) {
    this.#parts = parts;
    this.#files = parts.entries.begin();
    this.#log = log;
    this.#now = now;
    this.#pace = pace;
    this.#inputs = new Map(inputs.map((segment) => [segment.segmentId, segment]));
    this.#pinned = new Set(inputs);
    for (const segment of inputs) segment.pin();
  }

  get fileSystem(): FileSystem {
    return this.#parts.fileSystem;
  }

  /** The outputs that the manifest lists. */
  get published(): IterableIterator<Segment> {
    return this.#outputs.values();
  }

  /** To be awaited before the merge begins: makes its lookups cheap where most keys would be looked up. */
  survey(): Promise<void> {
    return surveyLivePlaces(this.#parts.keydir, [...this.#inputs.values()], () => this.#pace.next(0));
  }

  /**
   * Lets go of the inputs. Closes the files of outputs that did not become segments, and removes them if certainly no
   * manifest lists them: on a full volume each attempt would leave its own. Those that were published stay open.
   */
  async end(): Promise<void> {
    const { manifest } = this.#parts;
    for (const segment of this.#inputs.values()) segment.livePlaces = undefined;
    for (const segment of this.#pinned) this.#unpin(segment);
    for (const output of this.#created) {
      if (this.#outputs.has(output.segmentId)) continue;
      await output.file.close();
      const listed = manifest.current.segments.some(({ segmentId }) => segmentId === output.segmentId);
      if (listed || manifest.failure !== undefined) {
        // mark: merge/publishing-unknown-and-outputs-stay
        continue;
      }
      // mark: merge/not-published-and-outputs-removed
      await this.#remove(segmentFileName(output.segmentId));
    }
  }

  lowestSequenceOutside(inputs: readonly MergeInput[]): number {
    const inside = new Set(inputs.map((input) => input.segmentId));
    let lowest = Number.POSITIVE_INFINITY;
    for (const { segmentId, state } of this.#parts.table.all()) {
      if (inside.has(segmentId)) continue;
      lowest = Math.min(lowest, state.kind === "sealed" ? state.lowestSequence : state.firstSequence);
    }
    return lowest;
  }

  lookUp(records: RecordBatch, found: Uint8Array): void {
    const { input, count, bytes, keyStarts, keyEnds, offsets, absenceMatters } = records;
    const { keydir } = this.#parts;
    const { slot, livePlaces } = this.#input(input.segmentId);
    for (let index = 0; index < count; index += 1) {
      const isLive = livePlaces?.has(offsets[index]!);
      if (isLive === true) {
        // mark: merge/record-known-to-be-live
        found[index] = KEY_HERE;
        continue;
      }
      if (isLive === false && absenceMatters[index] === 0) {
        // mark: merge/record-known-to-be-dead
        found[index] = KEY_ELSEWHERE;
        continue;
      }
      const isThere = keydir.find(bytes, keyStarts[index]!, keyEnds[index]!, this.#found);
      const isHere = isThere && this.#found.offset === offsets[index]! && this.#found.segmentSlot === slot;
      found[index] = isHere ? KEY_HERE : isThere ? KEY_ELSEWHERE : KEY_ABSENT;
    }
  }

  now(): number {
    return this.#now();
  }

  floor(): number {
    return this.#log.floor;
  }

  async createOutput(): Promise<ExecutorOutput> {
    this.#parts.table.checkRoom(this.#created.size + 1);
    const output = await makeWithNewId(this.#parts, async (segmentId) => {
      const file = await this.#files.create(pathOf(this.#parts, segmentFileName(segmentId)));
      return new OutputFile({ segmentId, place: newPlace(this.#parts), position: 0 }, file);
    });
    this.#created.add(output);
    const header = encodeSegmentHeader({ segmentId: output.segmentId, identity: output.place.identity });
    try {
      output.append(header, 0, header.length);
    } catch (error) {
      // mark: merge/output-header-not-written
      await this.abandonOutputs([output]);
      throw error;
    }
    return output;
  }

  syncDirectory(): Promise<void> {
    return this.#files.syncDirectory(this.#parts.directory);
  }

  async syncLog(): Promise<void> {
    // On a full volume, with everything visible durable already, there is nothing to sync, and the merge makes room.
    if (this.#log.acknowledged > this.#log.floor) {
      // mark: merge/log-synced-before-publishing
      await this.#log.syncVisible();
    }
  }

  async publish(outputs: readonly FinishedOutput[]): Promise<void> {
    // Once more, before the edit: what the manifest lists must find its place in the table.
    this.#parts.table.checkRoom(outputs.length);
    await this.#parts.manifest.edit((manifest) => ({
      ...manifest,
      nextFileId: this.#parts.fileIds.next,
      segments: [...outputs.map(listedOutput), ...manifest.segments],
    }));
    // mark: merge/published
    for (const finished of outputs) {
      const segment = this.#newSegment(finished);
      this.#parts.table.add(segment);
      this.#outputs.set(segment.segmentId, segment);
    }
  }

  relocate(moves: MoveBatch): number {
    this.#target.segmentSlot = this.#outputs.get(moves.output.segmentId)!.slot;
    let moved = 0;
    for (let index = 0; index < moves.count; index += 1) if (this.#relocate(moves, index)) moved += 1;
    return moved;
  }

  #relocate(moves: MoveBatch, index: number): boolean {
    const { keydir, table } = this.#parts;
    const keyStart = moves.keyStarts[index]!;
    const keyEnd = moves.keyEnds[index]!;
    this.#source.segmentSlot = this.#input(moves.sourceIds[index]!).slot;
    this.#source.offset = moves.sourceOffsets[index]!;
    this.#target.offset = moves.targetOffsets[index]!;
    for (const location of [this.#source, this.#target]) {
      location.valueBytes = moves.valueBytes[index]!;
      location.expiresAtMs = moves.expiresAtMs[index]!;
    }
    if (!keydir.relocate(moves.bytes, keyStart, keyEnd, this.#source, this.#target)) return false;
    table.countDead(this.#source, moves.bytes, keyStart, keyEnd);
    table.countLive(this.#target, moves.bytes, keyStart, keyEnd);
    return true;
  }

  dropExpired(records: RecordBatch): number {
    const { slot } = this.#input(records.input.segmentId);
    let dropped = 0;
    for (let index = 0; index < records.count; index += 1) {
      const keyStart = records.keyStarts[index]!;
      const keyEnd = records.keyEnds[index]!;
      if (this.#drop(records.bytes, keyStart, keyEnd, slot, records.offsets[index]!)) dropped += 1;
    }
    return dropped;
  }

  #drop(bytes: Uint8Array, keyStart: number, keyEnd: number, slot: number, offset: number): boolean {
    const { keydir, table } = this.#parts;
    this.#source.segmentSlot = slot;
    this.#source.offset = offset;
    const isThere = keydir.find(bytes, keyStart, keyEnd, this.#found);
    if (!isThere || !keydir.deleteIfAt(bytes, keyStart, keyEnd, this.#source)) {
      // mark: merge/expired-key-written-meanwhile
      return false;
    }
    table.countDead(this.#found, bytes, keyStart, keyEnd);
    return true;
  }

  async keysPointingInto(inputs: readonly MergeInput[], now: number): Promise<readonly number[]> {
    const segments = inputs.map(({ segmentId }) => this.#input(segmentId));
    if (segments.every(({ liveRecords }) => liveRecords === 0)) return segments.map(() => 0);
    // mark: merge/expired-keys-told-from-others
    const { records, expiredRecords } = await tallyInTurns(this.#parts, now, () => this.#pace.next(0));
    return segments.map(({ slot }) => records[slot]! - expiredRecords[slot]!);
  }

  async retire(inputs: readonly MergeInput[]): Promise<void> {
    const retired = new Set(inputs.map((input) => input.segmentId));
    const highest = inputs.reduce((most, input) => Math.max(most, input.highestSequence), 0);
    const old = this.#parts.manifest.current.checkpoint;
    await this.#parts.manifest.edit((manifest) => ({
      ...manifest,
      segments: manifest.segments.filter(({ segmentId }) => !retired.has(segmentId)),
      // It may point into what goes.
      checkpoint: undefined,
      logCompleteFrom: Math.max(manifest.logCompleteFrom, highest + 1),
    }));
    // mark: merge/retired
    for (const input of inputs) this.#retired.add(this.#input(input.segmentId));
    if (old !== undefined) {
      // mark: merge/checkpoint-dropped-with-the-inputs
      await this.#remove(checkpointFileName(old.id));
    }
  }

  async removeInputs(inputs: readonly MergeInput[]): Promise<void> {
    const left = inputs.map(({ segmentId }) => this.#input(segmentId)).filter((input) => this.#retired.delete(input));
    if (left.some(({ liveRecords }) => liveRecords > 0)) {
      // mark: merge/expired-keys-dropped-by-a-walk
      await this.#dropAllIn(new Set(left.map(({ slot }) => slot))).catch((error: unknown) => {
        // mark: merge/expired-keys-not-dropped
        this.#parts.failures.note(error);
      });
    }
    // Into one of which not all keys were dropped, for want of memory, they still point: another merge takes it.
    const unused = left.filter(({ liveRecords }) => liveRecords === 0);
    await Promise.all(unused.map((segment) => this.#letGo(segment)));
    for (const { segmentId } of unused) {
      await this.#remove(segmentFileName(segmentId));
      await this.#remove(hintFileName(segmentId));
    }
  }

  // What the merge would have dropped by reading its keys, had it not failed. It is in no listed segment any more.
  async #dropAllIn(slots: ReadonlySet<number>): Promise<void> {
    const view = this.#parts.keydir.openView();
    try {
      const scan = view.openScan();
      for (let page = scan.nextPage(); page !== undefined; page = scan.nextPage()) {
        const { count, keys, keyEnds, segmentSlots, offsets } = page;
        for (let index = 0; index < count; index += 1) {
          const slot = segmentSlots[index]!;
          if (slots.has(slot)) this.#drop(keys, keyEnds[index - 1] ?? 0, keyEnds[index]!, slot, offsets[index]!);
        }
        await this.#pace.next(0);
      }
    } finally {
      view.close();
    }
  }

  async abandonOutputs(outputs: readonly MergeOutput[]): Promise<void> {
    for (const output of outputs as readonly OutputFile[]) {
      // mark: merge/output-abandoned
      this.#created.delete(output);
      await output.file.close();
      await this.#remove(segmentFileName(output.segmentId));
    }
  }

  yield(bytes: number): Promise<void> {
    return this.#pace.next(bytes);
  }

  #input(segmentId: number): Segment {
    return this.#inputs.get(segmentId)!;
  }

  // Where open files cannot be removed, a handle of the merge's own would keep each input until the merge has ended.
  #letGo(input: Segment): Promise<void> {
    this.#unpin(input);
    return this.#parts.table.remove(input);
  }

  #unpin(segment: Segment): void {
    this.#pinned.delete(segment);
    segment.unpin();
  }

  #newSegment(finished: FinishedOutput): Segment {
    const { segmentId, place, file } = finished.output as OutputFile;
    const { sealedBytes, lowestSequence, highestSequence } = finished;
    const { recordCount, recordBytes, tombstoneCount, tombstoneBytes, expiringCount } = finished;
    return new Segment({
      slot: this.#parts.table.takeSlot(),
      segmentId,
      place,
      path: file.path,
      file,
      state: { kind: "sealed", sealedBytes, lowestSequence, highestSequence, merged: true },
      totals: { recordCount, recordBytes, tombstoneCount, tombstoneBytes, expiringCount },
    });
  }

  #remove(name: string): Promise<void> {
    return removeFile(this.#parts, pathOf(this.#parts, name));
  }
}

function listedOutput(finished: FinishedOutput): ManifestSegment {
  const { output, sealedBytes, lowestSequence, highestSequence } = finished;
  return {
    state: "sealed",
    segmentId: output.segmentId,
    identity: output.place.identity,
    sealedBytes,
    lowestSequence,
    highestSequence,
    merged: true,
  };
}
