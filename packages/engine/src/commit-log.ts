import { GroupSync, IntervalSync, type SyncPolicy } from "@hashlog/fs-io";
import type { CommitLogOptions } from "./commit-log-options.ts";
import { inOwnWords, HashlogError, isNoSpace } from "./errors.ts";
import type { Group } from "./group.ts";
import { GroupQueue } from "./group-queue.ts";
import { FrameWriter } from "./frame-writer.ts";
import { GroupApplier } from "./group-applier.ts";
import type { LogSegments } from "./log-segments.ts";
import { failedState, type LogState } from "./log-state.ts";
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
 *   and a second would succeed without having written them (Rebello et al., on fsync failures, USENIX ATC 2020).
 */
export class CommitLog {
  readonly #parts: StoreParts;
  readonly #segments: LogSegments;
  readonly #policy: SyncPolicy;
  readonly #queue: GroupQueue;
  readonly #frames: FrameWriter;
  readonly #applier: GroupApplier;
  #sync: GroupSync = new GroupSync(() => this.#syncRound());
  #interval: IntervalSync | undefined;
  #state: LogState;
  /** Groups that were appended and not acknowledged yet, oldest first. */
  #waiting: Group[] = [];
  #scheduled = false;
  #preparing: Promise<void> | undefined;
  /** Whether the next append waits for its turn (`WritePace`). Nothing but appends waits for that. */
  #pausing = false;
  #acknowledged: number;
  /** Called when more was acknowledged. */
  onAcknowledged: (() => void) | undefined;
  #failures = 0;

  constructor(options: CommitLogOptions) {
    this.#parts = options.parts;
    this.#policy = options.policy;
    this.#segments = options.segments;
    this.#applier = new GroupApplier(options.parts, options.hasPassed);
    this.#queue = new GroupQueue(options.nextSequence, options.parts.limits.groupBytesMax);
    this.#acknowledged = options.acknowledged;
    this.#frames = new FrameWriter(options.acknowledged, options.floor);
    this.#state = options.noSpace === undefined ? { kind: "ready" } : { kind: "no-space", error: options.noSpace };
    this.#interval = this.#newInterval();
  }

  /** The last sequence known durable. */
  get floor(): number {
    return this.#frames.floor;
  }

  /** The last sequence that was acknowledged, hence visible. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** The sequence that the next write gets, with none waiting. */
  get nextSequence(): number {
    return this.#queue.nextSequence;
  }

  /** Whether writing works, and if not, why. */
  get state(): LogState {
    return this.#state;
  }

  /** How often writing has failed. Where this has changed, what was not durable may lie in other places than before. */
  get failures(): number {
    return this.#failures;
  }

  get segments(): LogSegments {
    return this.#segments;
  }

  /** Whether nothing waits to be acknowledged. */
  get isIdle(): boolean {
    return this.#queue.length === 0 && this.#waiting.length === 0;
  }

  /** All groups that were not acknowledged yet, oldest first. */
  get unacknowledged(): readonly Group[] {
    return [...this.#waiting, ...this.#queue.groups];
  }

  /**
   * The group that takes a commit of `bytes` bytes, to be added to at once. `sync` asks for more than the policy may.
   * @throws HashlogError why nothing can be written
   */
  group(bytes: number, sync: boolean): Group {
    const { failure } = this.#parts.manifest;
    if (failure !== undefined) this.#fail(failure);
    if (this.#state.kind === "disabled") {
      // mark: commit/refused-while-disabled
      throw this.#state.error;
    }
    const group = this.#queue.groupFor(bytes);
    if (sync || this.#policy === "always") group.needsSync = true;
    this.#schedule();
    return group;
  }

  /** Resolves when every write of before the call is durable. */
  sync(): Promise<void> {
    const { last } = this.#queue;
    if (last !== undefined) {
      last.needsSync = true;
      this.#schedule();
      return last.whenSettled();
    }
    if (this.#state.kind !== "ready") return Promise.reject(this.#state.error);
    if (this.#frames.floor >= this.#frames.appended) return Promise.resolve();
    return this.#sync.request();
  }

  /** Resolves when every write that is visible by now is durable: without waiting for those that wait themselves. */
  syncVisible(): Promise<void> {
    if (this.#frames.floor >= this.#acknowledged) return Promise.resolve();
    return this.#state.kind === "ready" ? this.#sync.request() : Promise.reject(this.#state.error);
  }

  /** Resolves when nothing waits any more, whatever became of it. */
  async settle(): Promise<void> {
    while (!this.isIdle || this.#preparing !== undefined) {
      this.#pump();
      await (this.unacknowledged.at(-1)?.settled ?? this.#preparing)?.catch(() => undefined);
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
    return { ...this.#segments.recordsEnd, sequence: this.#acknowledged + 1 };
  }

  /** Syncs everything, the last fence included: the next writer may go on in the same segment. Nothing is written any more. */
  async finish(): Promise<void> {
    this.#interval?.stop();
    await this.settle();
    try {
      if (this.#state.kind !== "ready") return;
      // The first sync may leave a fence behind, which the second covers.
      await this.#sync.request();
      if (this.#segments.hasUnsynced) await this.#sync.request();
    } finally {
      // What was being sealed when the log ended is: nobody may change the manifest once the lock is released.
      await this.#segments.settle();
    }
  }

  /** No timer fires any more. */
  stop(): void {
    this.#interval?.stop();
  }

  /** After "no space": goes on as recovery would, if there is room by now; if not, nothing is changed. */
  async tryResume(): Promise<void> {
    await this.#preparing;
    if (this.#state.kind !== "no-space" || this.#preparing !== undefined) return;
    // mark: resume/tried-for-a-merge
    this.#preparing = this.#parts.reserve
      .lend(() => this.#resume())
      .catch(() => undefined)
      .finally(() => {
        this.#preparing = undefined;
        this.#schedule();
      });
    await this.#preparing;
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
    for (let group = this.#queue.first; group !== undefined; group = this.#queue.first) {
      if (this.#preparing !== undefined || this.#pausing || this.#gathers()) return;
      if (!this.#isPrepared(group)) {
        this.#preparing = this.#prepare(group);
        return;
      }
      if (this.#parts.writePace.isSpent) {
        void this.#waitForTurn();
        return;
      }
      if (!this.#append(group)) return;
    }
  }

  async #waitForTurn(): Promise<void> {
    // mark: commit/waits-for-its-turn
    this.#pausing = true;
    await this.#parts.writePace.nextTurn();
    this.#pausing = false;
    this.#schedule();
  }

  // Whether what is queued had better wait for the sync that runs, to share the next one.
  #gathers(): boolean {
    return this.#sync.running && this.#waiting.length > 0 && this.#queue.length === 1;
  }

  #isPrepared(group: Group): boolean {
    return (
      this.#state.kind === "ready" &&
      this.#parts.manifest.failure === undefined &&
      !(group.hasPuts && this.#parts.reserve.isLent) &&
      this.#segments.takes(group.length) &&
      group.nextSequence <= this.#parts.manifest.current.nextSequence
    );
  }

  async #prepare(group: Group): Promise<void> {
    try {
      if (group.hasPuts) await this.#parts.reserve.takeBack();
      await this.#parts.reserve.lendToDeletes(!group.hasPuts, () => this.#makeReady(group));
    } catch (error) {
      // mark: commit/not-prepared
      this.#refuse(error);
    } finally {
      this.#preparing = undefined;
      void this.#seal().catch((error: unknown) => this.#parts.failures.note(error));
      this.#schedule();
    }
  }

  async #makeReady(group: Group): Promise<void> {
    if (this.#state.kind === "no-space") await this.#resume();
    // Something else may have ended the log meanwhile, and the group with it: its sequences are nobody's now.
    if (this.#queue.first !== group) return;
    if (!this.#segments.takes(group.length)) await this.#segments.begin(group.firstSequence, group.nextSequence);
    else await this.#segments.reserve(group.nextSequence);
  }

  // What could not even be begun: nothing was appended, so the log is as good as it was.
  #refuse(error: unknown): void {
    const disabling = this.#parts.manifest.failure;
    if (disabling !== undefined) {
      // mark: commit/disabled-by-the-manifest
      this.#fail(disabling);
      return;
    }
    // mark: commit/refused-and-log-goes-on
    const reason = inOwnWords(error, "preparing the log for a write failed");
    for (const group of this.#queue.takeAll()) group.reject(reason);
    if (isNoSpace(reason)) this.#parts.writePace.onRefused();
  }

  #append(group: Group): boolean {
    try {
      this.#frames.append(this.#segments.active!, group);
    } catch (error) {
      // mark: commit/append-failed
      this.#fail(error);
      return false;
    }
    this.#parts.writePace.appended(group.length);
    this.#queue.shift();
    this.#segments.noteRecords(group.lastSequence);
    this.#waiting.push(group);
    if (group.needsSync) this.#sync.request().catch(() => undefined);
    else this.#interval?.wrote();
    this.#acknowledge();
    return true;
  }

  async #seal(): Promise<void> {
    // After a failure nothing is sealed where it happens to end; resuming does that, at the testified end.
    if (this.#state.kind !== "ready") return;
    await this.#segments.sealEnded({
      requestSync: () => this.#sync.request(),
      acknowledged: () => this.#acknowledged,
    });
  }

  #newInterval(): IntervalSync | undefined {
    if (typeof this.#policy === "string") return undefined;
    return new IntervalSync(this.#parts.clock, this.#policy.intervalMs, () => this.#sync.request());
  }

  // Makes everything appended so far durable and writes that down, before anybody is told.
  async #syncRound(): Promise<void> {
    const target = this.#frames.appended;
    const round = this.#sync;
    this.#checkRound(round);
    await this.#segments.sync().catch((error: unknown) => {
      // mark: sync/failed
      // If the log has resumed since, it needs nothing of what this was to cover.
      if (round === this.#sync) this.#fail(error);
    });
    // Besides this sync an append may have failed meanwhile, and what it refused is not acknowledged by a sync that was
    // under way, even if the log has resumed since.
    this.#checkRound(round);
    this.#frames.raiseFloor(target);
    this.#testify();
    this.#checkRound(round);
  }

  #checkRound(round: GroupSync): void {
    if (this.#state.kind !== "ready") throw this.#state.error;
    if (round !== this.#sync) {
      // mark: sync/outlived-by-a-failure
      throw new HashlogError("HASHLOG_NO_SPACE", "the volume was full while this was synced");
    }
  }

  #testify(): void {
    const group = this.#queue.first;
    const mayAppend = this.#preparing === undefined && !this.#parts.writePace.isSpent;
    if (group !== undefined && mayAppend && this.#isPrepared(group)) this.#append(group);
    else this.#appendFence();
    this.#acknowledge();
    this.#schedule();
  }

  #appendFence(): void {
    const segment = this.#segments.last;
    if (segment === undefined) return;
    try {
      this.#frames.appendFence(segment);
    } catch (error) {
      // mark: sync/fence-failed
      this.#fail(error);
    }
  }

  #acknowledge(): void {
    for (let group = this.#waiting[0]; group !== undefined; group = this.#waiting[0]) {
      if (group.needsSync && group.lastSequence > this.#frames.testified) return;
      try {
        this.#applier.apply(group);
      } catch (error) {
        // mark: commit/not-applied
        this.#fail(error);
        return;
      }
      this.#waiting.shift();
      this.#acknowledged = group.lastSequence;
      group.resolve();
      this.#queue.recycle(group);
      this.onAcknowledged?.();
    }
  }

  #fail(error: unknown): void {
    if (this.#state.kind === "disabled") return;
    // mark: commit/log-ended-by-a-failure
    const failed = failedState(error);
    this.#state = failed;
    this.#failures += 1;
    this.#interval?.stop();
    this.#segments.endActive();
    // What is refused may be durable, where only writing down the floor failed: no edit may testify it.
    this.#frames.lowerFloor(this.#acknowledged);
    // Refused writes may be read back after a crash, so their sequences are not given out again.
    const refused = [...this.#waiting, ...this.#queue.restart(this.#parts.manifest.current.nextSequence)];
    this.#waiting = [];
    for (const group of refused) group.reject(failed.error);
    if (failed.kind === "no-space") this.#parts.writePace.onRefused();
  }

  async #resume(): Promise<void> {
    try {
      await this.#segments.resume(this.#acknowledged, this.#frames.floor, () => this.#sync.running);
    } catch (error) {
      // mark: resume/failed
      const reason = inOwnWords(error, "resuming after the volume was full failed");
      if (!isNoSpace(reason)) this.#fail(reason);
      throw reason;
    }
    if (this.#state.kind === "disabled") {
      // mark: resume/log-failed-meanwhile
      throw this.#state.error;
    }
    // mark: resume/resumed
    this.#frames.restart(this.#acknowledged);
    // Whoever asked the old one meanwhile was refused, and so would be everybody after them. It may be under way yet.
    this.#sync = new GroupSync(() => this.#syncRound());
    this.#state = { kind: "ready" };
    this.#interval?.stop();
    this.#interval = this.#newInterval();
  }
}
