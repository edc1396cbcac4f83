import {
  FRAME_HEADER_BYTES,
  newRecordFields,
  readRecord,
  recordBytes,
  sealFrame,
  type RecordFields,
} from "@hashlog/format";
import { FsError, GroupSync, IntervalSync, type SyncPolicy } from "@hashlog/fs-io";
import { fromFileSystem, HashlogError } from "./errors.ts";
import { BufferPool, Group } from "./group.ts";
import { LogSegments } from "./log-segments.ts";
import { newLocation } from "./segment-table.ts";
import type { Segment } from "./segment.ts";
import type { StoreParts } from "./store-parts.ts";

/**
 * The road that every write takes: encoded into a group, appended as one frame, synced if that was asked for, testified,
 * then visible and acknowledged, all in log order.
 *
 *     put ->  queue   ->  append  ->  waiting  ->  sync  ->  floor written down  ->  keydir, promise
 *            (groups)    (a frame)   (in order)             (next frame or a fence)
 *
 * - While a sync runs that somebody waits for, writes gather in one group: one write and one sync for all that wait.
 * - A write that needs no sync is acknowledged when its frame was appended, but never before one that precedes it.
 * - A failed append or sync ends the log where it is. Everything not yet acknowledged is rejected and was never visible.
 *   After "no space" the next write tries to resume as recovery would (log-segments.ts); after anything else writes stay
 *   disabled until the store is opened again. A sync is never tried twice: after a failed one the pages are marked clean,
 *   and a second would succeed without having written them (Rebello et al., "Can applications recover from fsync
 *   failures?", USENIX ATC 2020).
 */
export class CommitLog {
  readonly #parts: StoreParts;
  readonly #segments: LogSegments;
  readonly #policy: SyncPolicy;
  readonly #buffers = new BufferPool();
  readonly #fields: RecordFields = newRecordFields();
  readonly #location = newLocation();
  readonly #replaced = newLocation();
  readonly #expired: (expiresAtMs: number) => boolean;
  #sync: GroupSync = this.#newSync();
  #interval: IntervalSync | undefined;
  #state: LogState;
  /** Groups that were not appended yet, oldest first; the last one takes what is written now. */
  #queue: Group[] = [];
  /** Groups that were appended and not acknowledged yet, oldest first. */
  #waiting: Group[] = [];
  #scheduled = false;
  #preparing: Promise<void> | undefined;
  #nextSequence: number;
  #appended: number;
  #acknowledged: number;
  #floor: number;
  #testified: number;

  constructor(options: {
    parts: StoreParts;
    policy: SyncPolicy;
    segments: LogSegments;
    expired: (expiresAtMs: number) => boolean;
    nextSequence: number;
    /** The last sequence that is visible, and the last that is durable. */
    acknowledged: number;
    floor: number;
    /** The volume was full when the store was opened: recovery is to be finished first. */
    noSpace: HashlogError | undefined;
  }) {
    this.#parts = options.parts;
    this.#policy = options.policy;
    this.#segments = options.segments;
    this.#expired = options.expired;
    this.#nextSequence = options.nextSequence;
    this.#appended = options.acknowledged;
    this.#acknowledged = options.acknowledged;
    this.#floor = options.floor;
    this.#testified = options.floor;
    this.#state =
      options.noSpace === undefined ? { kind: "ready" } : { kind: "no-space", error: options.noSpace };
    this.#interval = this.#newInterval();
  }

  /** The last sequence known durable. */
  get floor(): number {
    return this.#floor;
  }

  /** The last sequence that was acknowledged, hence visible. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** The sequence that the next write gets, with none waiting. */
  get nextSequence(): number {
    return this.#queue.at(-1)?.nextSequence ?? this.#nextSequence;
  }

  /** Whether writing works, and if not, why. */
  get state(): LogState {
    return this.#state;
  }

  get segments(): LogSegments {
    return this.#segments;
  }

  get #isIdle(): boolean {
    return this.#queue.length === 0 && this.#waiting.length === 0;
  }

  /** Writes that were not acknowledged yet. */
  get pending(): number {
    const count = (groups: readonly Group[]): number => groups.reduce((sum, group) => sum + group.recordCount, 0);
    return count(this.#queue) + count(this.#waiting);
  }

  /** Resolves when the put is acknowledged. `sync` asks for more than the policy may. */
  put(key: Uint8Array, value: Uint8Array, expiresAtMs: number, sync: boolean): Promise<void> {
    const group = this.#group(recordBytes(key.length, value.length, expiresAtMs !== 0), sync);
    group.addPut(key, value, expiresAtMs);
    return group.settled;
  }

  /** Resolves, when the delete is acknowledged, to whether the key was there at its place in the log. */
  delete(key: Uint8Array, sync: boolean): Promise<boolean> {
    if (this.#isIdle && !this.#parts.keydir.find(key, 0, key.length, this.#location)) {
      // Nothing to delete, and nothing on its way that could change that: the answer rests on acknowledged writes alone.
      return Promise.resolve(false);
    }
    return this.#group(recordBytes(key.length, 0, false), sync).addDelete(key);
  }

  /** Resolves when all of the operations, which are one commit, are acknowledged. */
  batch(operations: readonly EncodedOperation[], sync: boolean): Promise<void> {
    const group = this.#group(operationsBytes(operations), sync);
    for (const { key, value, expiresAtMs } of operations) {
      if (value === undefined) group.addTombstone(key);
      else group.addPut(key, value, expiresAtMs);
    }
    return group.settled;
  }

  /** Resolves when every write of before the call is durable. */
  sync(): Promise<void> {
    const last = this.#queue.at(-1);
    if (last !== undefined) {
      last.needsSync = true;
      this.#schedule();
      return last.settled;
    }
    if (this.#state.kind !== "ready") return Promise.reject(this.#state.error);
    if (this.#floor >= this.#appended) return Promise.resolve();
    return this.#requestSync();
  }

  /** Resolves when nothing waits any more, whatever became of it. */
  async settle(): Promise<void> {
    while (!this.#isIdle || this.#preparing !== undefined) {
      this.#pump();
      const last = this.#queue.at(-1) ?? this.#waiting.at(-1);
      await (last?.settled ?? this.#preparing)?.catch(() => undefined);
    }
  }

  /**
   * Ends the active segment and resolves when it, and all before it, are sealed.
   * @throws HashlogError what the sync or the edit failed of
   */
  async sealAll(): Promise<void> {
    await this.#preparing;
    this.#segments.endActive();
    await this.#seal();
  }

  /** Where a replay has to begin that shall see every write that is not visible yet. */
  replayPosition(): { segmentId: number; offset: number; sequence: number } {
    const first = this.#waiting[0];
    if (first !== undefined) {
      const { segmentId } = this.#parts.table.at(first.slot);
      return { segmentId, offset: first.fileOffset, sequence: first.firstSequence };
    }
    const last = this.#segments.last;
    const sequence = this.#acknowledged + 1;
    return last === undefined
      ? { segmentId: 0, offset: 0, sequence }
      : { segmentId: last.segmentId, offset: last.bytes, sequence };
  }

  /**
   * Brings the log to a state in which the next writer may go on in the same segment: everything synced, the last fence
   * included. Nothing may be written any more.
   */
  async finish(): Promise<void> {
    this.#interval?.stop();
    await this.settle();
    if (this.#state.kind !== "ready") return;
    // The first sync may leave a fence behind, which the second covers.
    await this.#requestSync();
    if (this.#segments.hasUnsynced) await this.#requestSync();
    await this.#segments.settle();
  }

  /** No timer fires any more. */
  stop(): void {
    this.#interval?.stop();
  }

  /** After "no space": goes on as recovery would, if there is room by now; if not, nothing is changed. */
  async tryResume(): Promise<void> {
    await this.#preparing;
    if (this.#state.kind !== "no-space" || this.#preparing !== undefined) return;
    this.#preparing = this.#resume()
      .catch(() => undefined)
      .finally(() => {
        this.#preparing = undefined;
        this.#schedule();
      });
    await this.#preparing;
  }

  #group(bytes: number, sync: boolean): Group {
    const { failure } = this.#parts.manifest;
    if (failure !== undefined) this.#fail(failure);
    if (this.#state.kind === "disabled") throw this.#state.error;
    let group = this.#queue.at(-1);
    if (group === undefined || group.length + bytes > GROUP_BYTES_MAX) {
      group = new Group(this.nextSequence, this.#buffers.take());
      this.#queue.push(group);
    }
    if (sync || this.#policy === "always") group.needsSync = true;
    this.#schedule();
    return group;
  }

  // One microtask later everything that the caller writes in the same run of code is in the group.
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#queue.length > 0 && this.#preparing === undefined && !this.#gathers()) {
      const group = this.#queue[0]!;
      if (!this.#isPrepared(group)) {
        this.#preparing = this.#prepare(group);
        return;
      }
      if (!this.#append(group)) return;
    }
  }

  // Whether what is queued had better wait for the sync that runs, to share the next one.
  #gathers(): boolean {
    return this.#sync.running && this.#waiting.length > 0 && this.#queue.length === 1;
  }

  #isPrepared(group: Group): boolean {
    return (
      this.#state.kind === "ready" &&
      this.#parts.manifest.failure === undefined &&
      this.#segments.takes(group.length) &&
      group.nextSequence <= this.#parts.manifest.current.nextSequence
    );
  }

  async #prepare(group: Group): Promise<void> {
    try {
      if (this.#state.kind === "no-space") await this.#resume();
      if (!this.#segments.takes(group.length)) await this.#segments.begin(group.firstSequence, group.nextSequence);
      else await this.#segments.reserve(group.nextSequence);
    } catch (error) {
      this.#refuse(error);
    } finally {
      this.#preparing = undefined;
      void this.#seal().catch((error: unknown) => this.#parts.failures.note(error));
      this.#schedule();
    }
  }

  // What could not even be begun: nothing was appended, so the log is as good as it was.
  #refuse(error: unknown): void {
    const disabling = this.#parts.manifest.failure;
    if (disabling !== undefined) {
      this.#fail(disabling);
      return;
    }
    const reason = fromFileSystem(error, "preparing the log for a write failed");
    const refused = this.#queue;
    this.#queue = [];
    for (const group of refused) group.reject(reason);
  }

  #append(group: Group): boolean {
    const segment = this.#segments.active!;
    try {
      this.#writeFrame(segment, group.buffer, group.length, group.recordCount, group.firstSequence, group.needsSync);
    } catch (error) {
      this.#fail(error);
      return false;
    }
    this.#queue.shift();
    group.slot = segment.slot;
    group.fileOffset = segment.writer!.position - group.length;
    this.#segments.noteRecords(group.lastSequence);
    this.#appended = group.lastSequence;
    this.#nextSequence = group.nextSequence;
    this.#waiting.push(group);
    if (group.needsSync) this.#requestSync().catch(() => undefined);
    else this.#interval?.wrote();
    this.#acknowledge();
    return true;
  }

  #writeFrame(
    segment: Segment,
    buffer: Uint8Array,
    length: number,
    recordCount: number,
    firstSequence: number,
    acknowledgedWhenSynced: boolean,
  ): void {
    const writer = segment.writer!;
    const floor = this.#floor;
    const header = { recordCount, firstSequence, floor, acknowledgedWhenSynced, sparse: false };
    sealFrame(buffer, 0, length, header, segment.place, writer.position);
    writer.append(buffer, 0, length);
    this.#testified = floor;
  }

  async #seal(): Promise<void> {
    // After a failure nothing is sealed where it happens to end; resuming does that, at the testified end.
    if (this.#state.kind !== "ready") return;
    await this.#segments.sealEnded({
      requestSync: () => this.#requestSync(),
      acknowledged: () => this.#acknowledged,
    });
  }

  #requestSync(): Promise<void> {
    return this.#sync.request();
  }

  #newSync(): GroupSync {
    return new GroupSync(() => this.#syncRound());
  }

  #newInterval(): IntervalSync | undefined {
    if (typeof this.#policy === "string") return undefined;
    return new IntervalSync(this.#parts.clock, this.#policy.intervalMs, () => this.#requestSync());
  }

  // Makes everything appended so far durable and writes that down, before anybody is told.
  async #syncRound(): Promise<void> {
    const target = this.#appended;
    const round = this.#sync;
    this.#checkRound(round);
    await this.#segments.syncAll().catch((error: unknown) => {
      if (round === this.#sync) this.#fail(error);
    });
    // Besides this sync an append may have failed meanwhile, and what it refused is not acknowledged by a sync that was
    // under way, even if the log has resumed since.
    this.#checkRound(round);
    this.#floor = Math.max(this.#floor, target);
    this.#testify();
    this.#checkRound(round);
  }

  #checkRound(round: GroupSync): void {
    if (this.#state.kind !== "ready") throw this.#state.error;
    if (round !== this.#sync) throw new HashlogError("HASHLOG_NO_SPACE", "the volume was full while this was synced");
  }

  #testify(): void {
    if (this.#testified < this.#floor) {
      const group = this.#queue[0];
      if (group !== undefined && this.#preparing === undefined && this.#isPrepared(group)) this.#append(group);
      else this.#appendFence();
    }
    this.#acknowledge();
    this.#schedule();
  }

  #appendFence(): void {
    const segment = this.#segments.last;
    if (segment === undefined) return;
    try {
      const fence = new Uint8Array(FRAME_HEADER_BYTES);
      this.#writeFrame(segment, fence, fence.length, 0, this.#appended + 1, false);
    } catch (error) {
      this.#fail(error);
    }
  }

  #acknowledge(): void {
    while (this.#waiting.length > 0) {
      const group = this.#waiting[0]!;
      if (group.needsSync && group.lastSequence > this.#testified) return;
      this.#waiting.shift();
      try {
        this.#apply(group);
      } catch (error) {
        this.#waiting.unshift(group);
        this.#fail(error);
        return;
      }
      this.#acknowledged = group.lastSequence;
      group.resolve();
      this.#buffers.give(group.buffer);
    }
  }

  // Makes the group's writes visible, by walking over the frame as it was written.
  #apply(group: Group): void {
    const { buffer, length } = group;
    const fields = this.#fields;
    const totals = this.#parts.table.at(group.slot).totals;
    const deletes = group.deletes;
    let nextDelete = 0;
    this.#location.segmentSlot = group.slot;
    for (let at = FRAME_HEADER_BYTES; at < length; at = fields.end) {
      readRecord(buffer, at, length, fields);
      totals.recordCount += 1;
      totals.recordBytes += fields.end - at;
      if (fields.tombstone) {
        totals.tombstoneCount += 1;
        totals.tombstoneBytes += fields.end - at;
        const existed = this.#applyTombstone(buffer, fields);
        if (deletes[nextDelete]?.at === at) deletes[nextDelete++]!.resolve(existed);
      } else {
        if (fields.expiresAtMs !== 0) totals.expiringCount += 1;
        this.#applyPut(buffer, fields, group.fileOffset + at);
      }
    }
  }

  #applyPut(buffer: Uint8Array, fields: RecordFields, offset: number): void {
    const { table, keydir } = this.#parts;
    const location = this.#location;
    location.offset = offset;
    location.valueBytes = fields.valueEnd - fields.valueStart;
    location.expiresAtMs = fields.expiresAtMs;
    const keyBytes = fields.keyEnd - fields.keyStart;
    if (keydir.put(buffer, fields.keyStart, fields.keyEnd, location, this.#replaced)) {
      table.countDead(this.#replaced, keyBytes);
    }
    table.countLive(location, keyBytes);
  }

  #applyTombstone(buffer: Uint8Array, fields: RecordFields): boolean {
    const { table, keydir } = this.#parts;
    if (!keydir.delete(buffer, fields.keyStart, fields.keyEnd, this.#replaced)) return false;
    table.countDead(this.#replaced, fields.keyEnd - fields.keyStart);
    return !this.#expired(this.#replaced.expiresAtMs);
  }

  #fail(error: unknown): void {
    if (this.#state.kind === "disabled") return;
    const failed = failedState(error);
    this.#state = failed;
    this.#interval?.stop();
    const refused = [...this.#waiting, ...this.#queue];
    this.#waiting = [];
    this.#queue = [];
    this.#segments.endActive();
    this.#sync = this.#newSync();
    // Refused writes may be read back after a crash, so their sequences are not given out again.
    this.#nextSequence = this.#parts.manifest.current.nextSequence;
    for (const group of refused) group.reject(failed.error);
  }

  async #resume(): Promise<void> {
    try {
      await this.#segments.resume(this.#acknowledged);
    } catch (error) {
      const reason = fromFileSystem(error, "resuming after the volume was full failed");
      if (!(HashlogError.is(reason) && reason.code === "HASHLOG_NO_SPACE")) this.#fail(reason);
      throw reason;
    }
    this.#appended = this.#acknowledged;
    this.#floor = this.#acknowledged;
    this.#testified = this.#acknowledged;
    this.#state = { kind: "ready" };
    this.#interval = this.#newInterval();
  }
}

export type LogState = { readonly kind: "ready" } | FailedState;

type FailedState =
  /** The volume was full; the next write tries again. */
  | { readonly kind: "no-space"; readonly error: HashlogError }
  | { readonly kind: "disabled"; readonly error: HashlogError };

/** One operation of a batch, its key and value as bytes; a delete has no value. */
export interface EncodedOperation {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
  readonly expiresAtMs: number;
}

/** The bytes that the operations take in a frame. */
export function operationsBytes(operations: readonly EncodedOperation[]): number {
  return operations.reduce(
    (sum, { key, value, expiresAtMs }) => sum + recordBytes(key.length, value?.length ?? 0, expiresAtMs !== 0),
    0,
  );
}

function failedState(error: unknown): FailedState {
  if (HashlogError.is(error) && error.code === "HASHLOG_WRITES_DISABLED") return { kind: "disabled", error };
  if (FsError.is(error) && error.code === "FS_NO_SPACE") {
    const message = `the volume is full (${error.path}); what was acknowledged is safe, and a write goes through once there is room`;
    return {
      kind: "no-space",
      error: new HashlogError("HASHLOG_NO_SPACE", message, { path: error.path, cause: error }),
    };
  }
  const message = `writing failed (${(error as Error).message}); what was acknowledged is safe, and the store must be opened again to write`;
  return { kind: "disabled", error: new HashlogError("HASHLOG_WRITES_DISABLED", message, { cause: error }) };
}

// From here on a second group is begun, and what is queued does not wait to share a sync.
const GROUP_BYTES_MAX = 1024 * 1024;
