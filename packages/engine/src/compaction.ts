import {
  planListed,
  segmentBytesFor,
  type LeftOut,
  type MergeDecision,
  type MergeProgress,
  type StoreStatistics,
} from "@hashlog/compactor";
import { BackgroundMerging, type BackgroundHooks } from "./background-merging.ts";
import type { CommitLog } from "./commit-log.ts";
import type { CompactOptions } from "./compact-options.ts";
import type { CompactionSettings } from "./compaction-options.ts";
import { joinReports, type CompactionReport } from "./compaction-report.ts";
import { HashlogError, inOwnWords, invalidArgument, isNoSpace } from "./errors.ts";
import type { Maintenance } from "./maintenance.ts";
import { MergePace } from "./merge-pace.ts";
import type { Merger, MergeRunOptions } from "./merger.ts";
import { gatherStatistics, roomForMerging } from "./store-statistics.ts";
import { removeFilesInUse, type StoreParts } from "./store-parts.ts";

/** What a store has to say of the merging in its background: `Store.compaction`. */
export interface StoreCompaction {
  /** Whether `pause` was called, and not `resume` since. */
  readonly isPaused: boolean;

  /**
   * No merge in the background begins any more, and one that is under way stops where it is, unless it is about to publish
   * what it wrote, until `resume`. `compact()` is not concerned. Nothing is lost meanwhile but space; but hints and checkpoints
   * that nobody asked for wait behind a merge that has stopped. Calls are not counted: one `resume` undoes them all.
   */
  pause(): void;

  resume(): void;

  /**
   * What would be merged now, and why, or why nothing would. Changes nothing.
   * @throws HashlogError `HASHLOG_CLOSED` | `HASHLOG_IO`
   */
  plan(): Promise<MergeDecision>;
}

/** All merging of a store: in the background, whenever the policy finds one worth it, and when somebody asks. */
export class Compaction implements StoreCompaction {
  readonly #parts: StoreParts;
  readonly #log: CommitLog;
  readonly #merger: Merger;
  readonly #maintenance: Maintenance;
  readonly #settings: CompactionSettings;
  readonly #hooks: CompactionHooks;
  readonly #background: BackgroundMerging;
  #callsSeen = -1;
  #idleSinceMs = 0;

  constructor(
    parts: StoreParts,
    log: CommitLog,
    merger: Merger,
    maintenance: Maintenance,
    settings: CompactionSettings,
    hooks: CompactionHooks,
  ) {
    this.#parts = parts;
    this.#log = log;
    this.#merger = merger;
    this.#maintenance = maintenance;
    this.#settings = settings;
    this.#hooks = hooks;
    this.#background = new BackgroundMerging(parts, log, merger, maintenance, settings, {
      statistics: () => this.#statistics(),
      inReserve: (work) => this.#inReserve(work),
      ...hooks,
    });
  }

  /**
   * The store is open: from now on the policy is asked. Resolves at once, but where many openings have left a crumb each: those
   * are joined first, as a process that writes a little and dies soon has no time for it afterwards, and neither has the next.
   */
  async begin(signal: AbortSignal = new AbortController().signal): Promise<void> {
    if (!this.#settings.inBackground) return;
    const crumbs = this.#crumbs();
    if (crumbs.length >= this.#parts.limits.crumbsMost) await this.#join(crumbs, signal);
    this.#background.begin(this.#seemsDue());
  }

  #crumbs(): readonly number[] {
    const most = Math.min(CRUMB_BYTES_MOST, this.#parts.segmentBytesMax / 4);
    return [...this.#parts.table.all()]
      .filter(({ state, bytes }) => state.kind === "sealed" && bytes <= most)
      .map(({ segmentId }) => segmentId);
  }

  async #join(segmentIds: readonly number[], signal: AbortSignal): Promise<void> {
    // mark: compaction/crumbs-joined-by-an-opening
    const run = { signal, pace: new MergePace({ clock: this.#parts.clock, signal }) };
    try {
      await this.#inReserve(() => this.#mergeListed(segmentIds, run));
    } catch (error) {
      // It is a convenience: the background tries again.
      this.#background.failures.note(error);
    }
  }

  get isPaused(): boolean {
    return this.#background.isPaused;
  }

  pause(): void {
    this.#background.pause();
  }

  resume(): void {
    this.#background.resume();
  }

  async plan(): Promise<MergeDecision> {
    this.#hooks.checkOpen();
    try {
      return this.#background.decide(await this.#statistics());
    } catch (error) {
      throw inOwnWords(error, "planning a merge failed");
    }
  }

  /**
   * Merges the given segments, or all, in place of what is under way in the background.
   * @throws HashlogError `HASHLOG_INVALID_ARGUMENT` for a segment that is not there
   */
  compact(options: CompactOptions): Promise<CompactionReport> {
    const unknown = options.segments?.filter((segmentId) => this.#parts.table.byId(segmentId) === undefined) ?? [];
    if (unknown.length > 0) throw invalidArgument(`there is no segment ${unknown.join(", ")}`, { actual: unknown });
    const begin = this.#background.standAside();
    return this.#maintenance.run(async () => {
      begin();
      const report = await this.#compact(options).catch((error: unknown) => {
        throw inOwnWords(error, "compacting failed");
      });
      await this.#hooks.checkpoint();
      return report;
    });
  }

  /** Somebody else waits for their turn, and a merge that is paused would keep them waiting. */
  makeWay(): void {
    this.#background.makeWay();
  }

  /** No merge begins any more in the background, and one that is under way ends. */
  close(): void {
    this.#background.close();
  }

  stats(): CompactionStats {
    const { totals, running, last, damaged } = this.#merger;
    const { failures } = this.#background;
    return {
      state: this.#state,
      trigger: running?.trigger,
      progress: running?.progress,
      ...totals,
      last,
      failures: { count: failures.count, last: failures.last },
      damaged: [...damaged.values()],
    };
  }

  // A strategy that throws is not to keep the store from being opened: whoever asks it next notes that.
  #seemsDue(): boolean {
    const { damaged } = this.#merger;
    const statistics = gatherStatistics(this.#parts, this.#log, { damaged });
    try {
      return this.#background.decide(statistics).kind === "merge";
    } catch {
      return true;
    }
  }

  get #state(): CompactionStats["state"] {
    const { isPaused, isMerging, isWaiting, goesOn } = this.#background;
    if (this.#merger.running !== undefined && !(isPaused && isMerging)) return "merging";
    if (!this.#settings.inBackground) return "off";
    if (isPaused) return "paused";
    if (goesOn) return "merging";
    return isWaiting ? "waiting" : "idle";
  }

  async #compact(options: CompactOptions): Promise<CompactionReport> {
    const signal = options.signal ?? new AbortController().signal;
    const run = { signal, pace: new MergePace({ clock: this.#parts.clock, signal }), onProgress: options.onProgress };
    return this.#inReserve(async () => {
      await this.#log.tryResume();
      const { refusal } = this.#merger;
      if (refusal !== undefined) throw refusal;
      if (this.#log.state.kind === "ready") await this.#log.sealAll();
      await this.#background.sweep();
      await removeFilesInUse(this.#parts);
      const report = await this.#mergeListed(options.segments ?? this.#worthMerging(), run);
      const { state } = this.#log;
      // Where the log cannot be ended, what is in its last segment cannot be merged.
      if (report.inputs.length === 0 && state.kind !== "ready") throw state.error;
      return report;
    });
  }

  // All that are sealed; but where nothing in them is dead or a tombstone or may have expired, and there is but one, or they are
  // what a merge has written and would not be fewer, they would only be written again.
  #worthMerging(): readonly number[] {
    const sealed = [...this.#parts.table.all()].filter(({ state }) => state.kind === "sealed");
    const isClean = sealed.every(
      ({ totals, liveRecords }) => totals.recordCount === liveRecords && totals.expiringCount === 0,
    );
    const isDone = isClean && (sealed.length === 1 || sealed.every(({ sealed: { merged } }) => merged));
    if (!isDone) return sealed.map(({ segmentId }) => segmentId);
    const outputBytes = segmentBytesFor(gatherStatistics(this.#parts, this.#log));
    const bytes = sealed.reduce((sum, segment) => sum + segment.bytes, 0);
    return sealed.length <= Math.ceil(bytes / outputBytes) ? [] : sealed.map(({ segmentId }) => segmentId);
  }

  /** All at once where there is room for that, else as many at a time as there is room for. */
  async #mergeListed(segmentIds: readonly number[], options: MergeRunOptions): Promise<CompactionReport> {
    // What a merge in the background has taken out by now is merged.
    const isThere = (segmentId: number): boolean => this.#parts.table.byId(segmentId)?.state.kind === "sealed";
    let left = segmentIds.filter(isThere);
    let report = EMPTY_REPORT;
    let most = left.length;
    while (left.length > 0) {
      // Damage is looked at again.
      const statistics = await this.#statistics(new Map());
      const decision = planListed(statistics, this.#settings.policy, left.slice(0, most));
      if (decision.kind === "none") {
        if (decision.reason !== "no-room") break;
        if (report.inputs.length === 0) throw noRoom(this.#parts.directory);
        // mark: compaction/no-room-for-the-rest
        const rest = left.map((segmentId) => ({ segmentId, offset: 0, reason: NO_ROOM }));
        return { ...report, leftOut: [...report.leftOut, ...rest] };
      }
      try {
        report = joinReports(report, await this.#merger.run(decision, options));
        const done = new Set(decision.segments.map(({ segmentId }) => segmentId));
        left = left.filter((segmentId) => !done.has(segmentId));
      } catch (error) {
        // The volume has less room than it says.
        if (!isNoSpace(error) || decision.segments.length === 1) throw error;
        // mark: compaction/less-room-than-was-told
        most = Math.floor(decision.segments.length / 2);
        left = this.#cheapestFirst(left);
      }
    }
    return report;
  }

  #cheapestFirst(segmentIds: readonly number[]): number[] {
    const live = (segmentId: number): number => this.#parts.table.byId(segmentId)?.liveBytes ?? 0;
    return segmentIds.toSorted((left, right) => live(left) - live(right));
  }

  // On a full volume in the reserve's room; what was freed first makes good for what was lent.
  async #inReserve<T>(work: () => Promise<T>): Promise<T> {
    const { reserve } = this.#parts;
    const result = await reserve.lend(work);
    await reserve.ensure();
    return result;
  }

  async #statistics(damaged: ReadonlyMap<number, unknown> = this.#merger.damaged): Promise<StoreStatistics> {
    const freeBytes = await roomForMerging(this.#parts).catch((error: unknown) => {
      throw inOwnWords(error, "finding out how much room there is failed");
    });
    return gatherStatistics(this.#parts, this.#log, { damaged, idleMs: this.#idleMs(), freeBytes });
  }

  // As of the last look at which somebody had used the store since the one before.
  #idleMs(): number {
    const nowMs = this.#parts.clock.elapsedMs();
    const calls = this.#hooks.calls();
    if (calls !== this.#callsSeen) this.#idleSinceMs = nowMs;
    this.#callsSeen = calls;
    return nowMs - this.#idleSinceMs;
  }
}

/** What compaction needs of the store around it. */
export interface CompactionHooks extends Omit<BackgroundHooks, "statistics" | "inReserve"> {
  readonly checkOpen: () => void;
  /** How often the store was called. */
  readonly calls: () => number;
  /** Writes a checkpoint; never rejects. */
  readonly checkpoint: () => Promise<void>;
}

/** What `stats().compaction` says. Sums are those since the store was opened; bytes are of files. */
export interface CompactionStats {
  /**
   * `"merging"`: now. `"idle"`: when there is something worth it. `"paused"`: not until `resume`. `"waiting"`: not for a
   * while, as the last one failed. `"off"`: only `compact()`.
   */
  readonly state: "off" | "idle" | "merging" | "paused" | "waiting";
  /** Of the merge under way. */
  readonly trigger: string | undefined;
  readonly progress: MergeProgress | undefined;
  readonly merges: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly bytesFreed: number;
  readonly tombstonesDropped: number;
  /** Milliseconds that merges took. */
  readonly durationMs: number;
  /** What the last one did. */
  readonly last: CompactionReport | undefined;
  /** Merges in the background that failed. Each is tried again. */
  readonly failures: { readonly count: number; readonly last: unknown };
  /** Segments that no merge takes, as they are damaged, and where. Reading what is damaged gives `HASHLOG_CORRUPT`. */
  readonly damaged: readonly LeftOut[];
}

const EMPTY_REPORT: CompactionReport = {
  trigger: "listed",
  durationMs: 0,
  inputs: [],
  outputs: [],
  leftOut: [],
  bytesRead: 0,
  bytesWritten: 0,
  bytesFreed: 0,
  recordsKept: 0,
  recordsBuried: 0,
  recordsDropped: 0,
  tombstonesKept: 0,
  tombstonesDropped: 0,
  expiredDropped: 0,
  superseded: 0,
};

/** A segment of no more bytes is what a short life of a process leaves. */
const CRUMB_BYTES_MOST = 64 * 1024;

const NO_ROOM = "what has to be kept is more than the volume has room for";

function noRoom(directory: string): HashlogError {
  const message = `${directory}: of every segment ${NO_ROOM}; make some, or delete`;
  return new HashlogError("HASHLOG_NO_SPACE", message, { path: directory });
}
