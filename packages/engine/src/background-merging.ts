import {
  jittered,
  planListed,
  planMerge,
  segmentBytesFor,
  type MergeDecision,
  type MergePlan,
  type MergePolicy,
  type StoreStatistics,
} from "@hashlog/compactor";
import { FsError, type Timer } from "@hashlog/fs-io";
import type { CommitLog } from "./commit-log.ts";
import type { CompactionSettings } from "./compaction-options.ts";
import type { CompactionReport } from "./compaction-report.ts";
import { HashlogError, invalidArgument } from "./errors.ts";
import type { Maintenance } from "./maintenance.ts";
import { MergePace } from "./merge-pace.ts";
import { PauseGate } from "./pause-gate.ts";
import type { Merger } from "./merger.ts";
import type { StoreParts } from "./store-parts.ts";
import { Failures } from "./failures.ts";
import { gatherStatistics } from "./store-statistics.ts";

/**
 * Merges that nobody asks for: whenever the policy finds one worth it. It is asked when the log has grown by a part of the
 * store, and from time to time, as records expire and windows open without anybody writing.
 *
 * From the asking to the end of the merge the log is held to so many bytes in a turn of the event loop (`WritePace`). A
 * merge that fails is tried again after a while, a longer one each time.
 */
export class BackgroundMerging {
  readonly #parts: StoreParts;
  readonly #log: CommitLog;
  readonly #merger: Merger;
  readonly #maintenance: Maintenance;
  readonly #settings: CompactionSettings;
  readonly #hooks: BackgroundHooks;
  readonly #gate = new PauseGate();
  /** Merges, and looks whether there is anything to merge, that failed. */
  readonly failures: Failures = new Failures();
  #merge: { readonly plan: MergePlan; readonly controller: AbortController } | undefined;
  #timer: Timer | undefined;
  #asked = false;
  /** Whether a write was refused for want of room, and none went through since. */
  #wantsRoom = false;
  /** Whether there is more to merge, when those who wait have had their turn. */
  #goesOn = false;
  /** Whether the policy is asked at all: not before `begin`, and not after `close`. */
  #isOn = false;
  /** How many merges that were asked for have not had their turn yet. */
  #askedFor = 0;
  #bytesToNextLook: number;
  /** Before that nothing is tried again, as it has failed. */
  #notBeforeMs = 0;
  #failuresInARow = 0;
  #sweptMs = Number.NEGATIVE_INFINITY;
  #sweepTookMs = 0;

  constructor(
    parts: StoreParts,
    log: CommitLog,
    merger: Merger,
    maintenance: Maintenance,
    settings: CompactionSettings,
    hooks: BackgroundHooks,
  ) {
    this.#parts = parts;
    this.#log = log;
    this.#merger = merger;
    this.#maintenance = maintenance;
    this.#settings = settings;
    this.#hooks = hooks;
    this.#bytesToNextLook = parts.limits.compactionLookBytes;
  }

  /** The store is open: from now on the policy is asked; at once, if there seems to be something to merge. */
  begin(atOnce: boolean): void {
    this.#isOn = true;
    this.#parts.writePace.onAppended = (bytes) => this.#appended(bytes);
    this.#parts.writePace.onRefused = () => this.#refused();
    if (atOnce) this.#look();
    else this.#lookLater();
  }

  get isPaused(): boolean {
    return this.#gate.isClosed;
  }

  /** Whether a merge is under way. */
  get isMerging(): boolean {
    return this.#merge !== undefined;
  }

  /** Whether another merge follows, when those who wait have had their turn. */
  get goesOn(): boolean {
    return this.#goesOn;
  }

  /** Whether it has failed and is not tried again yet. */
  get isWaiting(): boolean {
    return this.#parts.clock.elapsedMs() < this.#notBeforeMs;
  }

  pause(): void {
    this.#gate.close();
    if (this.#maintenance.isWanted || !this.#isOn) this.#giveUp();
    this.#parts.writePace.release();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.#gate.open();
    if (this.#merge !== undefined) this.#parts.writePace.hold(this.#roomBesides(0));
    this.#look();
  }

  /** Gives up what is under way, and begins nothing, until what is returned is called: somebody merges everything. */
  standAside(): () => void {
    this.#askedFor += 1;
    this.#giveUp();
    return () => {
      this.#askedFor -= 1;
    };
  }

  /** Gives up what is paused, or slowed down: somebody waits for their turn. */
  makeWay(): void {
    if (this.isPaused || this.#settings.bytesPerSecondMax !== undefined) this.#giveUp();
  }

  /** No merge begins any more. One that is under way ends, soon in any case: a long one, or a slow one, is given up. */
  close(): void {
    this.#isOn = false;
    this.#timer?.cancel();
    this.#parts.writePace.onAppended = () => undefined;
    this.#parts.writePace.onRefused = () => undefined;
    const bytes = this.#merge?.plan.bytesRead ?? 0;
    const isSlow = this.isPaused || this.#settings.bytesPerSecondMax !== undefined;
    if (isSlow || bytes > this.#parts.limits.closingMergeBytesMost) this.#giveUp();
  }

  #refused(): void {
    this.#wantsRoom = true;
    this.#look();
  }

  #appended(bytes: number): void {
    this.#wantsRoom = false;
    if (this.#timer === undefined && !this.#asked && !this.isPaused) this.#setTimer();
    this.#bytesToNextLook -= bytes;
    if (this.#bytesToNextLook <= 0 || this.#parts.reserve.isLent) this.#look();
  }

  // Asks the policy, when it is its turn, and no second time until that was done.
  #look(): void {
    if (this.#asked || !this.#isOn || this.isPaused) return;
    this.#asked = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#parts.writePace.hold();
    void this.#lookInTurns();
  }

  // One merge after another. Where others wait for their turn they have it first, unless the log waits for merges.
  async #lookInTurns(): Promise<void> {
    const goesOn = await this.#maintenance.runNext(() => this.#tendOrNote());
    this.#goesOn = goesOn ?? false;
    while (this.#goesOn) {
      const again = await this.#maintenance.runInBackground(() => this.#tendOrNote());
      this.#goesOn = again ?? false;
    }
    this.#parts.writePace.release();
    this.#asked = false;
    this.#lookLater();
  }

  async #tendOrNote(): Promise<boolean> {
    try {
      return await this.#tend();
    } catch (error) {
      this.#noteFailure(error);
      return false;
    }
  }

  // The next look: when enough was written, or some time has passed.
  #lookLater(): void {
    const { policy } = this.#settings;
    const random = this.#hooks.random();
    const { total, live } = this.#bytes();
    this.#parts.rotation.bytesMax = this.#rotationBytes(total - live, live);
    const bytes = Math.max(this.#parts.limits.compactionLookBytes, Math.min(total / LOOKS_PER_STORE, LOOK_BYTES_MOST));
    this.#bytesToNextLook = jittered(bytes, policy.jitter, random);
    // Where there is nothing, nothing will be to do until something is written.
    if (total > 0) this.#setTimer();
  }

  #setTimer(): void {
    if (!this.#isOn) return;
    const { checkIntervalMs, jitter } = this.#settings.policy;
    const delayMs = this.isWaiting
      ? this.#notBeforeMs - this.#parts.clock.elapsedMs()
      : jittered(checkIntervalMs, jitter, this.#hooks.random());
    this.#timer = this.#parts.clock.setTimer(() => this.#look(), Math.min(delayMs, TIMER_MS_MOST));
  }

  // Resolves to whether there may be more to do, when others had their turn: hints, or a checkpoint.
  async #tend(): Promise<boolean> {
    if (this.isWaiting) {
      // mark: compaction/not-again-so-soon
      return false;
    }
    // On a full volume there may be room by now; a merge can make some as long as nothing visible lies above the floor.
    if (this.#log.state.kind === "no-space") await this.#log.tryResume();
    if (this.#merger.refusal !== undefined) return false;
    if (this.#mayLookWhatExpired) await this.sweep();
    while (this.#mayBegin) {
      const decision = this.decide(await this.#hooks.statistics());
      // While that was found out, a pause may have begun, somebody asked for a merge, or the store may be closing.
      if (decision.kind === "none" || !this.#mayBegin) break;
      if (!(await this.#mergeInBackground(decision))) break;
      this.#failuresInARow = 0;
      if (this.#maintenance.isBusy && this.#roomBesides(0) > ROOM_LEAST) return true;
    }
    this.#failuresInARow = 0;
    return false;
  }

  get #mayBegin(): boolean {
    return this.#isOn && !this.isPaused && this.#askedFor === 0;
  }

  #giveUp(): void {
    this.#merge?.controller.abort();
  }

  /**
   * What is to be merged now. A full volume is a trigger of its own: whatever can be freed is wanted.
   * @throws HashlogError `HASHLOG_INVALID_ARGUMENT` if the strategy throws, or breaks its contract
   */
  decide(statistics: StoreStatistics): MergeDecision {
    const { policy } = this.#settings;
    const isFull = this.#wantsRoom || this.#log.state.kind === "no-space" || this.#parts.reserve.isLent;
    if (!isFull) return planned(statistics, policy);
    // mark: compaction/wanted-by-a-full-volume
    const segmentIds = statistics.segments
      .filter(({ state, recordBytes, liveBytes, expiredBytes, tombstoneBytes }) => {
        return state === "sealed" && recordBytes - liveBytes + expiredBytes - tombstoneBytes > 0;
      })
      .map(({ segmentId }) => segmentId);
    return segmentIds.length === 0
      ? { kind: "none", reason: "nothing-to-gain" }
      : planListed(statistics, policy, segmentIds);
  }

  // Resolves to whether it is worth to look for another one.
  async #mergeInBackground(plan: MergePlan): Promise<boolean> {
    const controller = new AbortController();
    const { signal } = controller;
    const { bytesPerSecondMax } = this.#settings;
    this.#merge = { plan, controller };
    this.#parts.writePace.hold(this.#roomBesides(plan.bytesWritten));
    try {
      const { clock, writePace } = this.#parts;
      const onProgress = (bytes: number): void => writePace.progressed(bytes);
      const pace = new MergePace({ clock, bytesPerSecondMax, signal, gate: this.#gate, onProgress });
      const report = await this.#hooks.inReserve(() => this.#merger.run(plan, { signal, pace }));
      // mark: compaction/merged-in-the-background
      this.#hooks.merged(report);
      return report.bytesFreed > 0 || report.inputs.length > report.outputs.length;
    } catch (error) {
      if (signal.aborted) {
        // mark: compaction/background-merge-given-up
        return false;
      }
      this.#leaveOut(plan, error);
      throw error;
    } finally {
      this.#merge = undefined;
      this.#parts.writePace.hold();
    }
  }

  // A segment that the disk does not give any more is as good as a damaged one: with it no merge would ever go through.
  #leaveOut({ segments }: MergePlan, error: unknown): void {
    if (!HashlogError.is(error) || !FsError.is(error.cause) || error.cause.operation !== "read") return;
    for (const { segmentId } of segments) {
      if (this.#parts.table.byId(segmentId)?.path !== error.path) continue;
      // mark: compaction/unreadable-segment-left-out
      this.#merger.damaged.set(segmentId, { segmentId, offset: 0, reason: error.message });
    }
  }

  // How far the log may grow before it has to wait for the merge. One that was slowed down on purpose is not waited for.
  #roomBesides(bytesWritten: number): number {
    if (this.#settings.bytesPerSecondMax !== undefined) return Number.POSITIVE_INFINITY;
    const { total, live } = this.#bytes();
    return Math.max(ROOM_LEAST, live * AMPLIFICATION_MOST + ROOM_BESIDES - total - bytesWritten);
  }

  // A segment is merged as a whole: where much is overwritten, the segments of the log are as small as those that merges
  // write, so that one of them can go without all of the store beside it. Where nearly all is new they are large.
  #rotationBytes(garbage: number, live: number): number {
    const { segmentBytesMax } = this.#parts;
    if (garbage < GARBAGE_SHARE_OF_CHURN * live) {
      return Math.min(Math.max(LOADING_BYTES_LEAST, live / SEGMENTS_OF_A_LOAD), segmentBytesMax);
    }
    // mark: compaction/segments-as-small-as-the-store-needs
    return segmentBytesFor(gatherStatistics(this.#parts, this.#log));
  }

  // Of files, and of records that count.
  #bytes(): { readonly total: number; readonly live: number } {
    let total = 0;
    let live = 0;
    for (const segment of this.#parts.table.all()) {
      total += segment.bytes;
      live += segment.liveBytes - segment.expiredBytes;
    }
    return { total, live };
  }

  #noteFailure(error: unknown): void {
    // mark: compaction/failed-in-the-background
    this.failures.note(error);
    this.#merger.tellFailure(error);
    const delayMs = Math.min(RETRY_LEAST_MS * 2 ** this.#failuresInARow, RETRY_MOST_MS);
    this.#failuresInARow += 1;
    this.#notBeforeMs = this.#parts.clock.elapsedMs() + delayMs;
  }

  // Not so often that it would be felt.
  get #mayLookWhatExpired(): boolean {
    const pauseMs = Math.max(SWEEP_PAUSE_LEAST_MS, SWEEP_PAUSE_TIMES * this.#sweepTookMs);
    return this.#parts.clock.elapsedMs() - this.#sweptMs >= pauseMs;
  }

  /** Looks what has expired, if anything can. */
  async sweep(): Promise<void> {
    const { clock, table } = this.#parts;
    if (![...table.all()].some(({ totals }) => totals.expiringCount > 0)) return;
    const began = clock.elapsedMs();
    await table.expiry.sweep(this.#parts, Math.max(0, this.#hooks.wholeMs() - this.#settings.policy.expiryGraceMs));
    this.#sweptMs = clock.elapsedMs();
    this.#sweepTookMs = this.#sweptMs - began;
  }
}

function planned(statistics: StoreStatistics, policy: MergePolicy): MergeDecision {
  try {
    return planMerge(statistics, policy);
  } catch (error) {
    const message = `the merge strategy "${policy.strategy.name}" failed: ${(error as Error).message}`;
    throw invalidArgument(message, { cause: error });
  }
}

/** What it needs of the store around it. */
export interface BackgroundHooks {
  readonly statistics: () => Promise<StoreStatistics>;
  /** The time for expiry, in whole milliseconds. */
  readonly wholeMs: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Does the work, on a full volume in the reserve's room. */
  readonly inReserve: <T>(work: () => Promise<T>) => Promise<T>;
  /** A merge is done. */
  readonly merged: (report: CompactionReport) => void;
}

/** The policy is asked whenever a 64th of the store was written, at most so many bytes. */
const LOOKS_PER_STORE = 64;
const LOOK_BYTES_MOST = 64 * 1024 * 1024;
/** Writes wait for merges when segments take so many times as much as what is live, and so many bytes more. */
const AMPLIFICATION_MOST = 1.3;
const ROOM_BESIDES = 8 * 1024 * 1024;
/** Where so much of what is live is beside it as garbage, keys are overwritten. */
const GARBAGE_SHARE_OF_CHURN = 0.1;
const LOADING_BYTES_LEAST = 64 * 1024 * 1024;
const SEGMENTS_OF_A_LOAD = 4;
const ROOM_LEAST = 256 * 1024;
const RETRY_LEAST_MS = 1000;
const RETRY_MOST_MS = 300_000;
/** What a timer takes. */
const TIMER_MS_MOST = 2_147_483_647;
/** A sweep takes at most a fiftieth of the time. */
const SWEEP_PAUSE_LEAST_MS = 1000;
const SWEEP_PAUSE_TIMES = 50;
