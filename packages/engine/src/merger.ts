import { MergeError, type LeftOut, type MergePlan, type MergeProgress, type MergeReport } from "@hashlog/compactor";
import type { CommitLog } from "./commit-log.ts";
import type { CompactionEvents } from "./compaction-options.ts";
import type { CompactionReport } from "./compaction-report.ts";
import { fileSource } from "./files.ts";
import { inOwnWords, HashlogError } from "./errors.ts";
import type { ExecutorInput } from "./merge-executor.ts";
import type { MergePace } from "./merge-pace.ts";
import { StoreOfMerge } from "./merge-store.ts";
import type { Segment } from "./segment.ts";
import { removeFilesInUse, type StoreParts } from "./store-parts.ts";
import { TRACES } from "./tracing.ts";

/**
 * Carries out a plan: merges chosen segments of an open store, and tells whoever wants to know. The order of the steps and
 * the rules for what may go are the compactor's. One merge at a time (`Maintenance`).
 */
export class Merger {
  readonly #parts: StoreParts;
  readonly #log: CommitLog;
  readonly #now: () => number;
  readonly #onSealed: (segment: Segment) => void;
  readonly #events: CompactionEvents;
  /** What all merges since the store was opened did. */
  readonly totals: MergeTotals = {
    merges: 0,
    bytesRead: 0,
    bytesWritten: 0,
    bytesFreed: 0,
    tombstonesDropped: 0,
    durationMs: 0,
  };
  /** Where segments are damaged, of those that a merge had to leave out. */
  readonly damaged: Map<number, LeftOut> = new Map();
  #running: RunningMerge | undefined;
  /** The failure that was told last. */
  #told: unknown;
  #last: CompactionReport | undefined;

  constructor(
    parts: StoreParts,
    log: CommitLog,
    hooks: {
      readonly now: () => number;
      readonly onSealed: (segment: Segment) => void;
      readonly events: CompactionEvents;
    },
  ) {
    this.#parts = parts;
    this.#log = log;
    this.#now = hooks.now;
    this.#onSealed = hooks.onSealed;
    this.#events = hooks.events;
  }

  /** The merge under way. */
  get running(): RunningMerge | undefined {
    return this.#running;
  }

  /** What the last one did. */
  get last(): CompactionReport | undefined {
    return this.#last;
  }

  /**
   * Why no merge may begin, if so. What lies above the floor was acknowledged and is not durable: it must not make anything
   * dead while it cannot be synced.
   */
  get refusal(): HashlogError | undefined {
    const { state, acknowledged, floor } = this.#log;
    if (state.kind === "disabled") {
      // mark: merge/refused-while-disabled
      return state.error;
    }
    if (state.kind === "no-space" && acknowledged > floor) {
      // mark: merge/refused-while-full
      return state.error;
    }
    return undefined;
  }

  /**
   * Merges what the plan says, as far as it is still there and sealed, or can be. Tells of the start, the progress and the
   * end, whichever it is.
   * @throws HashlogError what it failed of; the store is as it was
   */
  run(plan: MergePlan, options: MergeRunOptions): Promise<CompactionReport> {
    const { trigger, segments } = plan;
    return TRACES.merge.around(
      () => ({ directory: this.#parts.directory, trigger, segments: segments.map(({ segmentId }) => segmentId) }),
      () => this.#run(plan, options),
      (trace, report) => {
        trace.report = report;
      },
    );
  }

  async #run(plan: MergePlan, options: MergeRunOptions): Promise<CompactionReport> {
    const { clock } = this.#parts;
    const began = clock.elapsedMs();
    this.#running = { trigger: plan.trigger, progress: undefined };
    this.#tell(() => this.#events.onStart?.(plan));
    try {
      const merged = await this.#merge(plan, options);
      const report = { ...merged, trigger: plan.trigger, durationMs: clock.elapsedMs() - began };
      this.#count(report);
      this.#tell(() => this.#events.onEnd?.(report));
      return report;
    } catch (error) {
      // mark: merge/failed
      const reason = explain(error, options.signal);
      this.tellFailure(reason);
      throw reason;
    } finally {
      this.#running = undefined;
    }
  }

  /** Tells who listens of a failure, once. */
  tellFailure(error: unknown): void {
    if (this.#told === error) return;
    this.#told = error;
    const reason = inOwnWords(error, "compacting failed");
    /* v8 ignore else -- nothing else is thrown but by an error in the program */
    if (HashlogError.is(reason)) this.#tell(() => this.#events.onFailure?.(reason));
  }

  async #merge(plan: MergePlan, options: MergeRunOptions): Promise<MergeReport> {
    const chosen = new Set(plan.segments.map(({ segmentId }) => segmentId));
    const { active } = this.#log.segments;
    if (active !== undefined && chosen.has(active.segmentId) && this.#log.state.kind === "ready") {
      // mark: merge/active-segment-sealed-early
      await this.#log.sealAll();
    }
    // In the order of the plan: what is written has the oldest first then, and pins fewer tombstones of others.
    const segments = plan.segments.flatMap(({ segmentId }) => this.#sealed(segmentId) ?? []);
    const releaseSlots = this.#parts.table.holdSlots();
    const store = new StoreOfMerge(this.#parts, this.#log, { now: this.#now, pace: options.pace }, segments);
    try {
      await store.survey();
      return await this.#parts.executor.merge(segments.map(mergeInput), store, {
        outputBytesMax: plan.outputBytesMax,
        syncEveryBytes: this.#parts.limits.mergeSyncBytes,
        sliceBytes: this.#parts.limits.mergeSliceBytes,
        signal: options.signal,
        onProgress: (progress) => this.#progress(progress, options),
      });
    } finally {
      releaseSlots();
      await store.end();
      await removeFilesInUse(this.#parts);
      for (const segment of store.published) this.#onSealed(segment);
    }
  }

  #sealed(segmentId: number): Segment | undefined {
    const segment = this.#parts.table.byId(segmentId);
    return segment?.state.kind === "sealed" ? segment : undefined;
  }

  #progress(progress: MergeProgress, options: MergeRunOptions): void {
    this.#running = { ...this.#running!, progress };
    // What is published is not left half done for a pause.
    if (progress.phase === "swing") options.pace.ignorePauses();
    this.#tell(() => this.#events.onProgress?.(progress));
    options.onProgress?.(progress);
  }

  #count(report: CompactionReport): void {
    const { totals } = this;
    totals.merges += report.inputs.length > 0 ? 1 : 0;
    totals.bytesRead += report.bytesRead;
    totals.bytesWritten += report.bytesWritten;
    totals.bytesFreed += report.bytesFreed;
    totals.tombstonesDropped += report.tombstonesDropped;
    totals.durationMs += report.durationMs;
    for (const damage of report.leftOut) this.damaged.set(damage.segmentId, damage);
    for (const { segmentId } of report.inputs) this.damaged.delete(segmentId);
    this.#last = report;
  }

  #tell(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      // mark: merge/listener-failed
      this.#parts.failures.note(error);
    }
  }
}

/** How to carry out a plan. */
export interface MergeRunOptions {
  readonly signal: AbortSignal;
  readonly pace: MergePace;
  readonly onProgress?: ((progress: MergeProgress) => void) | undefined;
}

/** A merge under way: what set it off, and how far it is. */
export interface RunningMerge {
  readonly trigger: string;
  readonly progress: MergeProgress | undefined;
}

/** Sums over merges: bytes and milliseconds. */
export interface MergeTotals {
  merges: number;
  bytesRead: number;
  bytesWritten: number;
  bytesFreed: number;
  tombstonesDropped: number;
  durationMs: number;
}

function mergeInput(segment: Segment): ExecutorInput {
  const { segmentId, place, path } = segment;
  const { sealedBytes, lowestSequence, highestSequence } = segment.sealed;
  const source = fileSource(segment.file, sealedBytes);
  return { segmentId, place, path, sealedBytes, lowestSequence, highestSequence, source };
}

function explain(error: unknown, signal: AbortSignal): HashlogError {
  if (signal.aborted && error === signal.reason) {
    // mark: merge/aborted
    return new HashlogError("HASHLOG_ABORTED", "compacting was cancelled; nothing was changed", { cause: error });
  }
  const cause = inOwnWords(MergeError.is(error) ? error.cause : error, "compacting failed");
  if (HashlogError.is(cause)) return cause;
  const segmentId = MergeError.is(error) ? error.segmentId : undefined;
  return new HashlogError("HASHLOG_IO", (error as Error).message, { segmentId, cause: error });
}
